//! The server that is operated, and which of its integrations.

use exchange::{Body, Method, Network, NetworkOptions};
use model::Secret;
use serde_json::Value;

use crate::args::{IntegrationArgs, OutputFormat, ServerArgs};
use crate::client::Client;
use crate::error::Error;
use crate::output;

/// A partner of a running server.
pub(super) struct Server {
    client: Client,
    url: String,
    partner: String,
    pub(super) format: OutputFormat,
}

impl Server {
    pub(super) fn new(args: &ServerArgs) -> Result<Self, Error> {
        let network = Network::new(&NetworkOptions::default());
        let network = network.map_err(|source| Error::Network { source })?;
        let token = Secret::new(args.token.trim());
        Ok(Self {
            client: Client::new(network, &args.server, token),
            url: args.server.clone(),
            partner: args.partner.clone(),
            format: args.format,
        })
    }

    /// The answer to a GET about the partner.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Error> {
        self.call(Method::Get, path, Body::Empty).await
    }

    /// The answer to a POST about the partner.
    pub(super) async fn post(&self, path: &str, body: Value) -> Result<Value, Error> {
        self.call(Method::Post, path, Body::Json(body)).await
    }

    async fn call(&self, method: Method, path: &str, body: Body) -> Result<Value, Error> {
        let path = format!("/api/v1/partners/{}/{path}", self.partner);
        let answered = self.client.call(method, &path, body).await;
        let reply = answered.map_err(|source| Error::CallServer {
            url: self.url.clone(),
            source,
        })?;
        if reply.is_good() {
            return Ok(reply.body);
        }
        Err(refusal(&reply.body, reply.status))
    }

    /// Prints what was asked for: JSON as the API gave it, or what `table` makes of it.
    pub(super) fn print(
        &self,
        answer: &Value,
        table: impl FnOnce(&Value) -> String,
    ) -> Result<(), Error> {
        match self.format {
            OutputFormat::Text => output::print(&table(answer)),
            OutputFormat::Json => output::print(&format!("{answer:#}")),
        }
    }
}

/// What the server said against it, in its own words.
pub(crate) fn refusal(problem: &Value, status: u16) -> Error {
    let text = |name: &str| problem.get(name).and_then(Value::as_str).map(str::to_owned);
    let faults = problem.get("faults").and_then(Value::as_array);
    let faults = faults.into_iter().flatten().map(|fault| {
        let of = |name: &str| fault.get(name).and_then(Value::as_str).unwrap_or_default();
        format!("{} {}", of("pointer"), of("message"))
            .trim()
            .to_owned()
    });
    let said = text("detail").or_else(|| text("title"));
    let said = said.unwrap_or_else(|| format!("it answered with status {status}"));
    Error::Refused {
        said: std::iter::once(said)
            .chain(faults)
            .collect::<Vec<_>>()
            .join("\n  "),
        remedy: text("remedy"),
    }
}

/// One integration of the partner.
pub(super) struct Integration {
    pub(super) server: Server,
    id: String,
}

impl Integration {
    /// The integration that is named; without a name the only one, or the only one in which
    /// `section` is switched on.
    pub(super) async fn choose(
        args: &IntegrationArgs,
        section: Option<&str>,
    ) -> Result<Self, Error> {
        let server = Server::new(&args.server)?;
        if let Some(id) = &args.integration {
            let id = id.clone();
            return Ok(Self { server, id });
        }
        let all = server.get("integrations").await?;
        let all = all.get("integrations").and_then(Value::as_array).cloned();
        let all = all.unwrap_or_default();
        let is_on = |one: &&Value| {
            section.is_none_or(|name| {
                one.pointer(&format!("/sections/{name}")) == Some(&Value::Bool(true))
            })
        };
        let id = |one: &Value| one.get("id").and_then(Value::as_str).map(str::to_owned);
        let mut fit = all.iter().filter(is_on).filter_map(id);
        if let (Some(id), None) = (fit.next(), fit.next()) {
            return Ok(Self { server, id });
        }
        let names: Vec<String> = all.iter().filter_map(id).collect();
        Err(Error::BadSetting {
            setting: "--integration".to_owned(),
            wrong: "which integration is meant cannot be told".to_owned(),
            remedy: if names.is_empty() {
                "the partner has none; create one first".to_owned()
            } else {
                format!("name one of {}", names.join(", "))
            },
        })
    }

    /// A path of this integration.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("integrations/{}/{rest}", self.id)
    }

    /// The answer to a GET about the integration.
    pub(super) async fn get(&self, rest: &str) -> Result<Value, Error> {
        self.server.get(&self.path(rest)).await
    }

    /// The answer to a POST about the integration.
    pub(super) async fn post(&self, rest: &str, body: Value) -> Result<Value, Error> {
        self.server.post(&self.path(rest), body).await
    }
}
