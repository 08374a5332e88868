//! A login that gives a token, for systems with a scheme of their own.

use std::fmt;
use std::sync::Arc;

use model::{Class, Secret};

use super::{Fresh, Jwt, Placement, Token, unusable};
use crate::answer::Answer;
use crate::classify::{Kind, default_class};
use crate::failure::Failure;
use crate::request::Request;

/// Finds the token in the answer to a login, or says what it found instead.
pub type PickToken = Arc<dyn Fn(&Answer) -> Result<Token, String> + Send + Sync>;

/// How a session is begun and shown.
#[derive(Clone)]
pub struct Session {
    /// The login. Its host must be among the credential's hosts, its secrets among the
    /// credential's secrets.
    pub login: Request,
    /// The token of our own that the login is made with, as Bearer; none where it shows who calls
    /// in another way.
    pub jwt: Option<Jwt>,
    /// Reads the answer to it.
    pub pick: PickToken,
    /// Where the token goes.
    pub placement: Placement,
    /// The statuses that say a session is over, usually 401 only.
    pub renew_on: Vec<u16>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("login", &self.login)
            .field("jwt", &self.jwt)
            .field("placement", &self.placement)
            .field("renew_on", &self.renew_on)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// The login, and the secrets in it that were made for it.
    pub(super) fn request(&self, fresh: &Fresh<'_>) -> Result<(Request, Vec<Secret>), Failure> {
        let mut login = self.login.clone();
        let Some(jwt) = &self.jwt else {
            return Ok((login, Vec::new()));
        };
        let token = jwt.make(fresh)?.text;
        login.set_header("authorization", format!("Bearer {}", token.expose()));
        Ok((login, vec![token]))
    }

    pub(super) fn read(&self, answer: &Answer) -> Result<Token, Failure> {
        let refused = |class, message| {
            let mut failure = Failure::unsent(class, message);
            failure.status = Some(answer.status);
            failure
        };
        match default_class(answer.status, Kind::Read) {
            None if answer.flaw.is_some() => Err(refused(Class::Unavailable, unusable(answer))),
            // A complete answer without a token is a refusal; taking it for anything milder would
            // try the login again and again, and lock the account.
            None => (self.pick)(answer).map_err(|wrong| refused(Class::CredentialsRejected, wrong)),
            // Nobody is forbidden to log in whose name and password are right.
            Some(Class::Forbidden) => Err(refused(Class::CredentialsRejected, unusable(answer))),
            Some(class) => Err(refused(class, unusable(answer))),
        }
    }
}
