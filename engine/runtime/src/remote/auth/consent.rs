//! A person's consent, kept as the newest of the refresh tokens that descend from the one that the
//! person gave.
//!
//! A refresh token may be good for one use. So the newest one is kept durably before it is needed,
//! by what it descends from and not by integration: a connection that is only tried out exchanges
//! the token too, and the integration that is made afterwards has to go on with what it got.
//! It is kept for one engine; a second one with the same consent would exchange it at the same
//! time.

use std::sync::Arc;

use async_trait::async_trait;
use definition::auth::Auth;
use exchange::auth::{Grant, TokenKeeper};
use expression::Scope;
use model::{Integration, PartnerId, Secret};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use store::{Batch, Expect, Records as _};

use crate::core::{Core, hex};
use crate::halt::Failed;
use crate::remote::credential::credential_values;
use crate::remote::{Remote, lock};
use crate::tables::ConsentRow;

use super::secret;

/// One consent: whose, and the hash of the token that it was given as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Consent {
    partner: PartnerId,
    hash: String,
}

struct Keeper {
    core: Arc<Core>,
    consent: Consent,
}

impl Remote {
    /// What tokens are asked for with, when `given` is what the person gave.
    pub(super) async fn grant(&self, given: &Secret) -> Result<(Grant, Consent), Failed> {
        let consent = Consent {
            partner: self.integration.partner.clone(),
            hash: hash(given),
        };
        let store = &self.core.store;
        let newest = store
            .get_record::<ConsentRow>(consent.partner.as_str(), &[&consent.hash])
            .await?;
        let keeper = Keeper {
            core: self.core.clone(),
            consent: consent.clone(),
        };
        let grant = Grant::RefreshToken {
            token: newest.map_or_else(|| given.clone(), |row| row.value.token),
            keeper: Arc::new(keeper),
        };
        Ok((grant, consent))
    }
}

/// By what the consent is known that was given as this token.
fn hash(given: &Secret) -> String {
    hex(&Sha256::digest(given.expose()))
}

/// What the consent of an integration is known by, with either of its credentials; `None` where
/// that cannot be told.
pub(crate) fn hashes(core: &Core, integration: &Integration) -> Option<Vec<String>> {
    let connector = core.library.connectors.get(&integration.connector)?;
    let Some(Auth::RefreshToken { token, .. }) = &connector.http.auth else {
        return Some(Vec::new());
    };
    let vendor = json!(core.config.vendor.get(&connector.name));
    let spare = integration.spare.as_ref().map(|spare| Integration {
        credentials: spare.credentials.clone(),
        ..integration.clone()
    });
    let each = [Some(integration), spare.as_ref()].into_iter().flatten();
    let known = each.map(|one| {
        let credentials = credential_values(connector, one);
        let scope = Scope::new().with("credentials", &credentials);
        let given = secret(token, &scope.with("vendor", &vendor)).ok()?;
        Some(hash(&given))
    });
    known.collect()
}

#[async_trait]
impl TokenKeeper for Keeper {
    async fn keep(&self, name: &str, refresh_token: &Secret) -> Result<(), String> {
        let mut batch = Batch::new();
        batch.put_record(
            self.consent.partner.as_str(),
            &[&self.consent.hash],
            &ConsentRow {
                token: refresh_token.clone(),
                at: self.core.now(),
            },
            Expect::Any,
        );
        let kept = self.core.store.commit(batch).await;
        kept.map_err(|error| crate::error::chain(&error))?;
        // Whoever else calls by this consent holds a token that has just been exchanged; told
        // anew, it begins with the newest.
        lock(&self.core.introduced)
            .retain(|other, consent| other == name || consent.as_ref() != Some(&self.consent));
        Ok(())
    }
}
