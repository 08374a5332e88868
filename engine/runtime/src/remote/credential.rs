//! What calls are made with: the secrets to hide, and the only hosts that may be called.
//!
//! Hosts come from three sides that are believed differently: the connector names some, the
//! operator trusts some, and a partner may give one, which has to be public.

use std::collections::BTreeMap;

use definition::Connector;
use exchange::{Credential, Hosts};
use expression::Scope;
use model::{Integration, Secret};
use serde_json::{Value, json};

use crate::core::Core;
use crate::error::Error;

/// What the broker needs to know of an integration's credentials.
pub(crate) fn credential(
    core: &Core,
    connector: &Connector,
    integration: &Integration,
) -> Result<Credential, Error> {
    let given = core.config.vendor.get(&connector.name);
    let vendor_secrets = connector
        .vendor
        .iter()
        .filter(|field| field.secret)
        .filter_map(|field| {
            given
                .and_then(|given| given.get(&field.name))
                .map(|value| Secret::new(value.clone()))
        });
    let own_secrets = connector
        .credentials
        .iter()
        .filter(|field| field.secret)
        .filter_map(|field| integration.credentials.get(&field.name).cloned());
    // Where the system is told our address over its API, its answers may repeat it.
    let told = [
        Some(&integration.callout_token),
        integration.callout_basic.as_ref().map(|it| &it.1),
    ];
    let told = told.into_iter().flatten().cloned();
    let wrong = |error: exchange::Error| Error::invalid("/hosts", crate::error::chain(&error));
    let mut hosts = Hosts::new(&connector.http.hosts)
        .map_err(wrong)?
        .give(given_hosts(connector, integration)?);
    // An address that the operator gives is one that the operator trusts.
    let of_vendor = given
        .into_iter()
        .flat_map(BTreeMap::values)
        .filter_map(|value| origin(value));
    let named = core.config.trusted_origins.iter().map(String::as_str);
    for origin in of_vendor.chain(named) {
        hosts = hosts.trust(origin).map_err(wrong)?;
    }
    Ok(Credential {
        auth: exchange::Auth::None,
        secrets: vendor_secrets.chain(own_secrets).chain(told).collect(),
        hosts,
    })
}

/// The hosts that the partner's own credentials name.
fn given_hosts(connector: &Connector, integration: &Integration) -> Result<Vec<String>, Error> {
    let credentials = credential_values(connector, integration);
    let scope = Scope::new().with("credentials", &credentials);
    let printed = connector.http.given_hosts.iter().map(|host| {
        let host = host.evaluate(&scope);
        host.map(|host| model::request::id_text(&host))
            .map_err(|error| Error::invalid("/credentials", error.to_string()))
    });
    printed.collect()
}

/// What the partner gave, as expressions see it.
pub(super) fn credential_values(connector: &Connector, integration: &Integration) -> Value {
    let values = connector.credentials.iter().map(|field| {
        let given = integration.credentials.get(&field.name);
        let value = given.map(Secret::expose).or(field.default.as_deref());
        (field.name.clone(), json!(value))
    });
    Value::Object(values.collect())
}

/// The origin of an address: scheme, host and port.
fn origin(address: &str) -> Option<&str> {
    let scheme = ["http://", "https://"]
        .into_iter()
        .find(|scheme| address.starts_with(scheme))?;
    let end = address
        .get(scheme.len()..)?
        .find('/')
        .map_or(address.len(), |at| scheme.len() + at);
    address.get(..end)
}
