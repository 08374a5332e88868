//! A simulated tenant on a port of its own, and a client with a token for it.

use reqwest::Method;
use serde_json::{Value, json};
use simulators::Running;
use simulators::halopsa::{Config, HaloPsa, Quirks};

use crate::client::{Answer, answer, any_port, http, still, with_body};

/// A served tenant and its client.
pub(crate) struct Api {
    pub(crate) halo: HaloPsa,
    pub(crate) running: Running,
    pub(crate) token: String,
    http: reqwest::Client,
}

pub(crate) fn config() -> Config {
    Config {
        clock: still(),
        ..Config::seeded(7)
    }
}

impl Api {
    pub(crate) async fn start() -> Self {
        Self::start_with(config()).await
    }

    pub(crate) async fn start_with_quirks(change: impl FnOnce(&mut Quirks)) -> Self {
        let mut config = config();
        change(&mut config.quirks);
        Self::start_with(config).await
    }

    pub(crate) async fn start_with(config: Config) -> Self {
        let halo = HaloPsa::new(config);
        let running = halo.serve(any_port()).await.unwrap();
        let mut api = Self {
            halo,
            running,
            token: String::new(),
            http: http(),
        };
        api.renew_token().await;
        api
    }

    pub(crate) async fn renew_token(&mut self) {
        let answer = self.ask_token(&self.form()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["access_token"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.token);
    }

    /// The right fields of a token request.
    pub(crate) fn form(&self) -> Vec<(&'static str, String)> {
        let known = self.halo.credentials();
        vec![
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", known.client_id),
            ("client_secret", known.client_secret),
            ("scope", "all".to_owned()),
        ]
    }

    pub(crate) async fn ask_token(&self, form: &[(&str, String)]) -> Answer {
        self.ask_token_at("/auth/token", form).await
    }

    pub(crate) async fn ask_token_at(&self, path: &str, form: &[(&str, String)]) -> Answer {
        let pairs = form.iter().map(|(name, value)| format!("{name}={value}"));
        let body = pairs.collect::<Vec<_>>().join("&").replace(' ', "+");
        let request = self.bare(Method::POST, path).body(body);
        answer(request.header("content-type", "application/x-www-form-urlencoded")).await
    }

    /// A request without a token.
    pub(crate) fn bare(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.running.url);
        self.http.request(method, url)
    }

    /// A request with the token to a path under `/api`.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let bearer = format!("Bearer {}", self.token);
        self.bare(method, &format!("/api{path}"))
            .header("authorization", bearer)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(with_body(self.request(Method::POST, path), body)).await
    }

    /// Writes one record and gives what came back.
    pub(crate) async fn write(&self, path: &str, fields: Value) -> Value {
        let answer = self.post(path, &json!([fields])).await;
        assert!([200, 201].contains(&answer.status), "{}", answer.text);
        answer.json()
    }

    /// Rows of a list under its key.
    pub(crate) async fn rows(&self, path: &str, key: &str) -> Vec<Value> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()[key].as_array().cloned().unwrap()
    }

    /// Rows of a list that is a bare array.
    pub(crate) async fn bare_rows(&self, path: &str) -> Vec<Value> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json().as_array().cloned().unwrap()
    }

    /// The simulator's own controls.
    pub(crate) async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.bare(method, &format!("/__simulator{path}"));
        answer(match body {
            Some(body) => with_body(request, &body),
            None => request,
        })
        .await
    }

    /// An active client that is not the MSP itself.
    pub(crate) fn client(&self) -> i64 {
        let clients = self.halo.clients();
        clients.get(1).filter(|client| client.active).unwrap().id
    }

    /// The first site of that client.
    pub(crate) fn site(&self) -> i64 {
        self.halo.clients().get(1).unwrap().main_site_id
    }

    pub(crate) fn ticket_type(&self) -> i64 {
        self.halo.id_of("TicketType", "Service Request").unwrap()
    }

    /// Everything a ticket needs, and nothing more.
    pub(crate) fn ticket(&self) -> Value {
        json!({
            "summary": "Blocked site",
            "tickettype_id": self.ticket_type(),
            "client_id": self.client(),
        })
    }

    /// A ticket's fields with one more, or another value.
    pub(crate) fn ticket_with(&self, field: &str, value: Value) -> Value {
        let mut ticket = self.ticket();
        ticket
            .as_object_mut()
            .unwrap()
            .insert(field.to_owned(), value);
        ticket
    }

    pub(crate) async fn open_ticket(&self) -> i64 {
        self.write("/Tickets", self.ticket()).await["id"]
            .as_i64()
            .unwrap()
    }

    /// The message of a refusal with the given fields of one record.
    pub(crate) async fn refused(&self, path: &str, fields: Value) -> String {
        let answer = self.post(path, &json!([fields])).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        let body = answer.json();
        body["Message"].as_str().unwrap_or(&answer.text).to_owned()
    }
}
