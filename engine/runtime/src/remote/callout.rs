//! What a PSA has to know to send us its notices, where it can be told over its API.

use serde_json::{Value, json};

use super::Remote;
use crate::integrations::token_hash;

/// How much of a digest tells one setting of a callout from another.
const VERSION_CHARS: usize = 8;

impl Remote {
    /// The address of this integration's callouts with all that goes with it; null where the
    /// connector has none, or nobody has said under which address others reach this server.
    /// `name` is this integration's alone, and `version` another one whenever any of it is.
    pub(crate) fn callout(&self) -> Value {
        let base = self.core.config.public_url.as_ref();
        let Some((base, callout)) = base.zip(self.connector.callout.as_ref()) else {
            return Value::Null;
        };
        let integration = &self.saved;
        let url = format!("{base}/callouts/{}", integration.callout_token.expose());
        let basic = integration.callout_basic.as_ref();
        let username = basic.map(|(name, _)| name.as_str());
        let password = basic.map(|(_, password)| password.expose());
        let all = json!([url, username, password]).to_string();
        let version: String = token_hash(&all).chars().take(VERSION_CHARS).collect();
        json!({
            "name": format!("Dovetail {}", integration.id),
            "version": version,
            "url": url,
            "username": username,
            "password": password,
            "events": callout.events,
        })
    }
}
