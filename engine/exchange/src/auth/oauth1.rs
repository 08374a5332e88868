//! OAuth 1.0a (RFC 5849): each request signed with two shared secrets, over its parameters in a
//! canonical form.
//!
//! A kind of its own and not a list of parts as in `hmac`, since everything about it is fixed but
//! the hash. The parameters of the protocol go into the header `Authorization`.

use model::Secret;
use reqwest::Url;

use super::Fresh;
use super::hmac::{Algorithm, Encoding, canonical, component, host};
use crate::request::{Body, Request};

/// Who calls, and how it is signed.
#[derive(Clone, Debug)]
pub struct OAuth1 {
    /// The hash: SHA-1 or SHA-256, as the server wants it.
    pub algorithm: Algorithm,
    /// The client's key.
    pub consumer_key: String,
    /// The client's secret.
    pub consumer_secret: Secret,
    /// The token that stands for a person's consent, and its secret; none where the client calls
    /// for itself.
    pub token: Option<(String, Secret)>,
    /// What the server calls the part of it that is called, such as an account.
    pub realm: Option<String>,
}

impl OAuth1 {
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let of_token = self.token.as_ref().map(|(_, secret)| secret.clone());
        [Some(self.consumer_secret.clone()), of_token]
            .into_iter()
            .flatten()
            .collect()
    }

    pub(super) fn sign(&self, request: &mut Request, fresh: &Fresh<'_>) -> Result<(), String> {
        let url = Url::parse(&request.url).map_err(|error| format!("not an address: {error}"))?;
        let mut ours = self.parameters(fresh);
        let signature = self.signature(request, &url, &ours)?;
        ours.push(("oauth_signature", signature));
        let realm = self.realm.iter().map(|realm| ("realm", realm.clone()));
        let written: Vec<String> = realm
            .chain(ours)
            .map(|(name, value)| format!("{name}=\"{}\"", component(&value)))
            .collect();
        request.set_header("authorization", format!("OAuth {}", written.join(", ")));
        Ok(())
    }

    fn parameters(&self, fresh: &Fresh<'_>) -> Vec<(&'static str, String)> {
        let seconds = fresh.now.as_millis().div_euclid(1_000);
        let mut all = vec![
            ("oauth_consumer_key", self.consumer_key.clone()),
            ("oauth_nonce", fresh.nonce()),
            ("oauth_signature_method", self.method().to_owned()),
            ("oauth_timestamp", seconds.to_string()),
            ("oauth_version", "1.0".to_owned()),
        ];
        all.extend(
            self.token
                .iter()
                .map(|(token, _)| ("oauth_token", token.clone())),
        );
        all
    }

    const fn method(&self) -> &'static str {
        match self.algorithm {
            Algorithm::Sha1 => "HMAC-SHA1",
            Algorithm::Sha256 => "HMAC-SHA256",
            Algorithm::Sha512 => "HMAC-SHA512",
        }
    }

    /// The signature over method, address and all parameters: ours, the query's and a form's.
    fn signature(
        &self,
        request: &Request,
        url: &Url,
        ours: &[(&'static str, String)],
    ) -> Result<String, String> {
        let ours = ours
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        let query = url
            .query_pairs()
            .map(|(name, value)| (name.into_owned(), value.into_owned()));
        let form: &[(String, String)] = match &request.body {
            Body::Form(fields) => fields,
            _ => &[],
        };
        let parameters = canonical(ours.chain(query).chain(form.iter().cloned()));
        let address = format!("{}://{}{}", url.scheme(), host(url), url.path());
        let message = [request.method.as_str(), &address, &parameters]
            .map(component)
            .join("&");
        let token_secret = self
            .token
            .as_ref()
            .map_or("", |(_, secret)| secret.expose());
        let key = [self.consumer_secret.expose(), token_secret]
            .map(component)
            .join("&");
        let signature = self.algorithm.sign(key.as_bytes(), message.as_bytes())?;
        Ok(Encoding::Base64.write(&signature))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use model::Timestamp;

    use super::*;
    use crate::clock::Random;
    use crate::request::Method;

    struct Fixed;

    impl Random for Fixed {
        fn next(&self) -> u64 {
            7
        }
    }

    /// The base string is the one of RFC 5849, section 3.4.1.1, but for what is ours.
    #[test]
    fn the_parameters_of_address_form_and_protocol_are_signed() {
        let address = "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b";
        let mut request = Request::new(Method::Post, address);
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        request.body = Body::Form(vec![field("c2", ""), field("a3", "2 q")]);
        let oauth1 = OAuth1 {
            algorithm: Algorithm::Sha1,
            consumer_key: "9djdj82h48djs9d2".to_owned(),
            consumer_secret: Secret::new("j49sk3j29djd"),
            token: Some(("kkk9d7dh3k39sjv7".to_owned(), Secret::new("dh893hdasih9"))),
            realm: Some("Ex&mple".to_owned()),
        };
        let fresh = Fresh {
            now: Timestamp::from_millis(137_131_201_999),
            random: &Fixed,
        };
        oauth1.sign(&mut request, &fresh).unwrap();
        let message = "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da\
            %26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2\
            %26oauth_nonce%3D00000000000000070000000000000007%26oauth_signature_method%3DHMAC-SHA1\
            %26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7%26oauth_version%3D1.0";
        let key = b"j49sk3j29djd&dh893hdasih9";
        let wanted = Algorithm::Sha1.sign(key, message.as_bytes()).unwrap();
        let wanted = component(Encoding::Base64.write(&wanted));
        let written = request.header("authorization").unwrap();
        assert!(
            written.starts_with("OAuth realm=\"Ex%26mple\", "),
            "{written}"
        );
        assert!(
            written.ends_with(&format!("oauth_signature=\"{wanted}\"")),
            "{written}"
        );
    }
}
