//! Who may call: the three headers, the lock after wrong secrets, revoked credentials, rights.

use axum::http::HeaderMap;

use super::answer::Refusal;
use super::config::{Credentials, MissingRight};
use super::entities::{Entity, Verb};
use super::tenant::{Right, Tenant};

/// Text of the 401 that a locked user gets, right secret or not.
const LOCKED: &str = "The user account has been locked due to too many failed login attempts.";

/// State of the one API user.
#[derive(Debug, Default)]
pub(crate) struct Account {
    wrong_secrets: u32,
    locked: bool,
    revoked: bool,
    /// A second secret, beside the one that the tenant was made with.
    second: Option<String>,
    /// Whether the one that the tenant was made with is honoured no more.
    first_withdrawn: bool,
}

/// What came of checking the headers of one call.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The call may go on.
    Welcome,
    /// The credentials are not accepted.
    Rejected(Refusal),
    /// The account is locked, or was revoked: nothing will be accepted until a person acts.
    Shut(Refusal),
}

impl Account {
    /// Checks the headers. Unknown names and codes are 500 here, wrong secrets are 401.
    pub(crate) fn check(
        &mut self,
        headers: &HeaderMap,
        known: &Credentials,
        wrong_secrets_max: u32,
        unauthorized_text: Option<&str>,
    ) -> Verdict {
        let unauthorized = || Refusal::Unauthorized(unauthorized_text.map(str::to_owned));
        let given = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let code = given("apiintegrationcode");
        let (Some(code), Some(user), Some(secret)) = (code, given("username"), given("secret"))
        else {
            return Verdict::Rejected(unauthorized());
        };
        if code != known.integration_code {
            return Verdict::Rejected(Refusal::invalid("The ApiIntegrationCode is not valid."));
        }
        if !user.eq_ignore_ascii_case(&known.username) {
            return Verdict::Rejected(Refusal::invalid("The UserName is not valid."));
        }
        if self.locked {
            return Verdict::Shut(Refusal::Unauthorized(Some(LOCKED.to_owned())));
        }
        if self.revoked {
            return Verdict::Shut(unauthorized());
        }
        let is_first = secret == known.secret && !self.first_withdrawn;
        if is_first || self.second.as_deref() == Some(secret) {
            self.wrong_secrets = 0;
            return Verdict::Welcome;
        }
        self.wrong_secrets += 1;
        self.locked = self.wrong_secrets >= wrong_secrets_max;
        Verdict::Rejected(unauthorized())
    }

    pub(crate) fn is_locked(&self) -> bool {
        self.locked
    }

    /// Honours a second secret from now on.
    pub(crate) fn add_secret(&mut self, secret: &str) {
        self.second = Some(secret.to_owned());
    }

    /// Honours the secret no more that the tenant was made with.
    pub(crate) fn withdraw_first_secret(&mut self) {
        self.first_withdrawn = true;
    }

    /// Withdraws the credentials, as a person deleting the key would.
    pub(crate) fn revoke(&mut self) {
        self.revoked = true;
    }

    /// Unlocks the user and honours its credentials again.
    pub(crate) fn restore(&mut self) {
        *self = Self::default();
    }
}

/// Whether the user's rights on an entity allow a verb at all.
pub(crate) fn allowed(
    tenant: &Tenant,
    entity: &Entity,
    verb: Verb,
    missing: MissingRight,
) -> Result<(), Refusal> {
    if tenant.right(entity, verb) != Right::None {
        return Ok(());
    }
    let action = match verb {
        Verb::Query => "query",
        Verb::Create => "create",
        Verb::Update => "update",
        Verb::Delete => "delete",
    };
    let name = entity.name;
    let text = format!(
        "The logged in Resource does not have the adequate permissions to {action} this entity \
         type: {name}."
    );
    Err(match missing {
        MissingRight::Error => Refusal::Invalid(text),
        MissingRight::Forbidden => Refusal::Forbidden(text),
    })
}
