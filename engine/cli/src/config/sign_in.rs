//! The provider that people sign in with, made of what the configuration file says of it, with its
//! secret read from where it is kept.

use std::fs;
use std::time::Duration;

use access::{ForPartner, ProviderSettings, Role, SignInRule};
use definition::{RoleText, SignInRuleText, SignInText};
use model::{PartnerId, Secret, span};

use crate::error::Error;

/// What the button says unless something else is given.
const TITLE_DEFAULT: &str = "Sign in with your account";

/// What is asked for unless something else is given: who it is, and no more.
const SCOPE_DEFAULT: &str = "openid";

/// How long somebody stays signed in unless something else is given: coming in again is one click,
/// and what was withdrawn meanwhile is over.
const SESSION_DEFAULT: Duration = Duration::from_hours(4);

/// The provider. It sends people back to `public_url`, and a code with them that lets somebody in.
pub(super) fn provider(
    text: SignInText,
    public_url: Option<&str>,
) -> Result<ProviderSettings, Error> {
    let wrong = match public_url {
        None => Some("the provider has to know where to send people back to".to_owned()),
        Some(url) if !access::is_private(url) => Some(format!(
            "the provider would send people back to `{url}`, where others can listen in"
        )),
        Some(_) => None,
    };
    if let Some(wrong) = wrong {
        return Err(Error::BadSetting {
            setting: "sign_in".to_owned(),
            wrong,
            remedy: "give this server's own address as `public_url`, with https://".to_owned(),
        });
    }
    Ok(ProviderSettings {
        title: text.title.unwrap_or_else(|| TITLE_DEFAULT.to_owned()),
        issuer: text.issuer,
        client_id: text.client_id,
        client_secret: text.client_secret_file.as_deref().map(secret).transpose()?,
        scope: text.scope.unwrap_or_else(|| SCOPE_DEFAULT.to_owned()),
        session: text
            .session
            .as_deref()
            .and_then(span::parse)
            .unwrap_or(SESSION_DEFAULT),
        rules: text.rules.into_iter().map(rule).collect::<Result<_, _>>()?,
    })
}

fn rule(text: SignInRuleText) -> Result<SignInRule, Error> {
    let named = text.partner.map(PartnerId::new).transpose();
    let named = named.map_err(|error| no_partner(&error.to_string()))?;
    let partner = named.map(ForPartner::Named);
    let partner = partner.or(text.partner_claim.map(ForPartner::InClaim));
    let partner = partner.ok_or_else(|| no_partner("none is named"));
    Ok(SignInRule {
        claim: text.claim,
        value: text.value,
        role: match text.role {
            RoleText::Operator => Role::Operator,
            RoleText::Administrator => Role::Administrator(partner?),
            RoleText::Reader => Role::Reader(partner?),
        },
    })
}

/// The file was checked for this when it was read.
fn no_partner(wrong: &str) -> Error {
    Error::BadSetting {
        setting: "sign_in.rules".to_owned(),
        wrong: format!("a rule is for no partner: {wrong}"),
        remedy: "give its `partner`, or a `partner_claim`".to_owned(),
    }
}

fn secret(path: &str) -> Result<Secret, Error> {
    let wrong = |wrong: String| Error::BadSetting {
        setting: "sign_in.client_secret_file".to_owned(),
        wrong,
        remedy: "give a file that holds the secret and that this user may read".to_owned(),
    };
    let text = fs::read_to_string(path);
    let text = text.map_err(|error| wrong(format!("cannot read {path}: {error}")))?;
    match text.trim() {
        "" => Err(wrong(format!("{path} holds nothing"))),
        text => Ok(Secret::new(text)),
    }
}
