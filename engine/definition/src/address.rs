//! Addresses that people write into a form, brought into one form.
//!
//! The same server is pasted as `msp.example.net`, `https://msp.example.net/` or the address of one
//! of its pages. What comes out is scheme, host and what is left of the path, without a slash at
//! the end. Whether the address may be called is for `http.hosts` to say.

/// The longest address that is taken.
const ADDRESS_BYTES_MAX: usize = 2_048;

/// How an address is brought into one form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Ends that are taken off its path, each beginning with a slash.
    pub without: Vec<String>,
}

impl Address {
    /// The address that `text` means, or what is wrong with it.
    pub fn read(&self, text: &str) -> Result<String, &'static str> {
        if text.len() > ADDRESS_BYTES_MAX {
            return Err("is too long for an address");
        }
        if text.contains(|one: char| one.is_whitespace() || one.is_control() || one == '\\') {
            return Err("is not an address");
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "https" && scheme != "http" {
            return Err("does not begin with `https://`");
        }
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if host.is_empty() || host.starts_with(['.', ':']) {
            return Err("names no host");
        }
        if host.contains('@') {
            return Err("must not carry a user name or password");
        }
        let host = host.to_lowercase();
        Ok(format!("{scheme}://{host}{}", self.path(path)))
    }

    /// A path without the ends that are not wanted, in whatever order they follow each other.
    fn path<'p>(&self, path: &'p str) -> &'p str {
        let mut path = path.trim_end_matches('/');
        while let Some(shorter) = self.without.iter().find_map(|end| cut(path, end)) {
            path = shorter.trim_end_matches('/');
        }
        path
    }
}

/// The path before `end`, whatever its case.
fn cut<'p>(path: &'p str, end: &str) -> Option<&'p str> {
    let (front, back) = path.split_at_checked(path.len().checked_sub(end.len())?)?;
    (!end.is_empty() && back.eq_ignore_ascii_case(end)).then_some(front)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> Address {
        Address {
            without: ["/auth", "/token", "/api"].map(str::to_owned).to_vec(),
        }
    }

    #[test]
    fn every_way_of_writing_it_gives_one_address() {
        for text in [
            "https://msp.example.net",
            "https://MSP.example.net/",
            "msp.example.net",
            "msp.example.net/auth",
            "https://msp.example.net/auth/",
            "https://msp.example.net/auth/token",
            "https://msp.example.net/Auth/Token/?tenant=msp",
            "https://msp.example.net/token",
            "https://msp.example.net/api//",
        ] {
            let read = login().read(text);
            assert_eq!(read.as_deref(), Ok("https://msp.example.net"), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_unwanted_end_stays() {
        for (text, wanted) in [
            ("https://a.example/desk/auth", "https://a.example/desk"),
            ("https://a.example/oauth", "https://a.example/oauth"),
            ("http://127.0.0.1:8080/auth", "http://127.0.0.1:8080"),
        ] {
            assert_eq!(login().read(text).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "https://",
            "https:///auth",
            "ftp://a.example",
            "a b",
            "https://user:pw@a.example",
            "https://a.example\\b",
            "javascript://x",
            "://a",
        ] {
            assert!(login().read(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_it_again_changes_nothing(text: String) {
            if let Ok(read) = login().read(&text) {
                proptest::prop_assert_eq!(login().read(&read), Ok(read.clone()));
            }
        }
    }
}
