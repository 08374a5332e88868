//! API tokens that people made and can take back.
//!
//! A token proves itself by its seal. One that is listed carries an id besides, and is good only
//! while its record is here: a revoked one is refused from the moment at which that is durable, by
//! every copy of the program's state, and nothing grows with what was revoked.

use model::{ApiToken, PartnerId, Timestamp, span};
use store::{Batch, Expect, Record, Records, Versioned};

use crate::Runtime;
use crate::core::hex;
use crate::error::{Error, chain};
use crate::tables::{NOBODY, TokenRow};

/// The most tokens of one partner, or of the operators: more than anyone can keep track of.
pub const TOKENS_MAX: usize = 100;

/// The longest name of a token, in characters.
pub const TOKEN_NAME_MAX: usize = 100;

/// The bytes of chance in an id.
const ID_BYTES: usize = 12;

/// The milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What people call it.
    pub name: String,
    /// The one partner that it reaches; an operator's reaches all.
    pub partner: Option<PartnerId>,
    /// Whether it may look and change nothing.
    pub read_only: bool,
    /// For how long it is good, such as `90d`; without end where nothing is said.
    pub expires: Option<String>,
}

impl Runtime {
    /// Lists a token, which is good from now on. Sealing it is the caller's business.
    pub async fn add_token(&self, new: NewToken, by: &str) -> Result<ApiToken, Error> {
        let core = &self.core;
        let whose = new.partner.as_ref();
        if let Some(partner) = whose {
            core.partner(partner).await?;
        }
        let name = new.name.trim();
        if name.is_empty() || name.chars().count() > TOKEN_NAME_MAX {
            let message = format!("a name has 1 to {TOKEN_NAME_MAX} characters");
            return Err(Error::invalid("/name", message));
        }
        let now = core.now();
        let token = ApiToken {
            id: hex(&core.random_bytes(ID_BYTES)),
            name: name.to_owned(),
            read_only: new.read_only,
            entered: core.entered(by),
            expires_at: new
                .expires
                .as_deref()
                .map(|text| end(text, now))
                .transpose()?,
            used_on: None,
            partner: new.partner.clone(),
        };
        let mut batch = Batch::new();
        let mut good = 0;
        for known in self.tokens(whose).await? {
            if known.expires_at.is_some_and(|at| at <= now) {
                batch.delete(TokenRow::key(owner(whose), &[&known.id]), Expect::Any);
            } else {
                good += 1;
            }
        }
        if good >= TOKENS_MAX {
            let message = format!("there are {good} tokens already; revoke what nobody uses");
            return Err(Error::invalid("", message));
        }
        let row = TokenRow(token.clone());
        batch.put_record(owner(whose), &[&token.id], &row, Expect::Absent);
        self.commit(batch, "the list of tokens").await?;
        Ok(token)
    }

    /// The listed tokens of a partner, or those of operators, newest first.
    pub async fn tokens(&self, whose: Option<&PartnerId>) -> Result<Vec<ApiToken>, Error> {
        let rows: Vec<TokenRow> = self.core.all(owner(whose), &[]).await?;
        let mut tokens: Vec<ApiToken> = rows.into_iter().map(|row| row.0).collect();
        tokens.sort_by(|a, b| (b.entered.at, &b.id).cmp(&(a.entered.at, &a.id)));
        Ok(tokens)
    }

    /// Takes a token back: it is refused from now on.
    pub async fn revoke_token(&self, whose: Option<&PartnerId>, id: &str) -> Result<(), Error> {
        if self.listed(whose, id).await?.is_none() {
            return Err(Error::not_found("token", id));
        }
        let mut batch = Batch::new();
        batch.delete(TokenRow::key(owner(whose), &[id]), Expect::Any);
        self.commit(batch, "the list of tokens").await
    }

    /// The listed token `id`, if it is good still, and takes note of the day on which it is used.
    pub async fn use_token(
        &self,
        whose: Option<&PartnerId>,
        id: &str,
    ) -> Result<Option<ApiToken>, Error> {
        let core = &self.core;
        let Some(row) = self.listed(whose, id).await? else {
            return Ok(None);
        };
        let token = row.value.0;
        let today = core.now().as_millis().div_euclid(DAY_MS) * DAY_MS;
        let used_on = Some(Timestamp::from_millis(today));
        if token.used_on == used_on {
            return Ok(Some(token));
        }
        let token = ApiToken { used_on, ..token };
        let mut batch = Batch::new();
        let noted = TokenRow(token.clone());
        batch.put_record(owner(whose), &[id], &noted, Expect::Version(row.version));
        match core.store.commit(batch).await {
            Ok(_) => Ok(Some(token)),
            // Another call took note of it, or somebody has just revoked it.
            Err(error) if error.is_conflict() => {
                Ok(self.listed(whose, id).await?.map(|row| row.value.0))
            }
            Err(error) => {
                tracing::warn!("the last use of a token is not noted: {}", chain(&error));
                Ok(Some(token))
            }
        }
    }

    async fn listed(
        &self,
        whose: Option<&PartnerId>,
        id: &str,
    ) -> Result<Option<Versioned<TokenRow>>, Error> {
        let store = &self.core.store;
        Ok(store.get_record::<TokenRow>(owner(whose), &[id]).await?)
    }
}

/// Under whom a token's record lies.
fn owner(whose: Option<&PartnerId>) -> &str {
    whose.map_or(NOBODY, PartnerId::as_str)
}

fn end(text: &str, now: Timestamp) -> Result<Timestamp, Error> {
    let span = span::parse(text).filter(|span| !span.is_zero());
    span.map(|span| now.after(span)).ok_or_else(|| {
        Error::invalid(
            "/expires",
            format!("`{text}` is not a span of time such as 90d"),
        )
    })
}
