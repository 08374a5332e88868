//! Who may come in as what: rules over the claims of an identity that was verified.

use model::PartnerId;
use serde_json::{Map, Value};

use super::ProviderSettings;
use crate::Scope;

/// What somebody who has a value in a claim may do.
#[derive(Clone, Debug)]
pub struct SignInRule {
    /// The claim, by its whole name at the top of the token: a text, a list of texts, or a yes.
    pub claim: String,
    /// The value that it is, or that is among them; compared to the letter.
    pub value: String,
    /// What whoever has it may do.
    pub role: Role,
}

/// What somebody may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything, for every partner.
    Operator,
    /// What a partner's administrator may do.
    Administrator(ForPartner),
    /// What a partner may see.
    Reader(ForPartner),
}

/// Which partner somebody belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForPartner {
    /// This one.
    Named(PartnerId),
    /// The one whose id is the text in this claim.
    InClaim(String),
}

impl ProviderSettings {
    /// What the claims of a verified identity allow, by the first rule that holds; nothing where
    /// none does, or where that one asks for a partner's id and the identity has none.
    pub fn scope_of(&self, claims: &Map<String, Value>) -> Option<Scope> {
        let rule = self.rules.iter().find(|rule| rule.holds(claims))?;
        match &rule.role {
            Role::Operator => Some(Scope::Operator),
            Role::Administrator(partner) => partner.id(claims).map(Scope::Partner),
            Role::Reader(partner) => partner.id(claims).map(Scope::Reader),
        }
    }
}

impl SignInRule {
    fn holds(&self, claims: &Map<String, Value>) -> bool {
        let is_meant = |value: &Value| match value {
            Value::String(text) => *text == self.value,
            Value::Bool(yes) => yes.to_string() == self.value,
            _ => false,
        };
        match claims.get(&self.claim) {
            Some(Value::Array(all)) => all.iter().any(is_meant),
            Some(one) => is_meant(one),
            None => false,
        }
    }
}

impl ForPartner {
    fn id(&self, claims: &Map<String, Value>) -> Option<PartnerId> {
        match self {
            Self::Named(id) => Some(id.clone()),
            Self::InClaim(claim) => PartnerId::new(claims.get(claim)?.as_str()?).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use serde_json::json;

    use super::*;

    fn settings() -> ProviderSettings {
        let rule = |claim: &str, value: &str, role| SignInRule {
            claim: claim.to_owned(),
            value: value.to_owned(),
            role,
        };
        let north = ForPartner::Named(PartnerId::new("north").unwrap());
        let theirs = ForPartner::InClaim("msp".to_owned());
        ProviderSettings {
            title: "Company account".to_owned(),
            issuer: "https://id.example".to_owned(),
            client_id: "dovetail".to_owned(),
            client_secret: None,
            scope: "openid".to_owned(),
            session: std::time::Duration::from_hours(4),
            rules: vec![
                rule("groups", "ops", Role::Operator),
                rule("groups", "north-admins", Role::Administrator(north)),
                rule("groups", "readers", Role::Reader(theirs.clone())),
                rule("is_auditor", "true", Role::Reader(theirs)),
            ],
        }
    }

    #[test]
    fn claims_allow_what_the_first_rule_says() {
        let scope = |claims: Value| settings().scope_of(claims.as_object().unwrap());
        let north = PartnerId::new("north").unwrap();
        for (claims, allowed) in [
            (json!({ "groups": ["readers", "ops"] }), Scope::Operator),
            (
                json!({ "groups": "north-admins", "msp": "x" }),
                Scope::Partner(north.clone()),
            ),
            (
                json!({ "groups": ["readers"], "msp": "north" }),
                Scope::Reader(north.clone()),
            ),
            (
                json!({ "is_auditor": true, "msp": "north" }),
                Scope::Reader(north),
            ),
        ] {
            assert_eq!(scope(claims.clone()), Some(allowed), "{claims}");
        }
    }

    #[test]
    fn nobody_comes_in_without_a_rule() {
        for claims in [
            json!({}),
            json!({ "groups": [] }),
            json!({ "groups": ["others", "OPS", " ops"] }),
            json!({ "groups": { "ops": true } }),
            json!({ "Groups": ["ops"] }),
            json!({ "is_auditor": false, "msp": "north" }),
            // The rule that holds asks for the id of a partner.
            json!({ "groups": ["readers"] }),
            json!({ "groups": ["readers"], "msp": "a/b" }),
            json!({ "groups": ["readers"], "msp": ["north"] }),
        ] {
            let scope = settings().scope_of(claims.as_object().unwrap());
            assert_eq!(scope, None, "{claims}");
        }
    }
}
