//! A transport that answers in process by a function of the request, and remembers what it saw.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use exchange::{
    About, Allowance, Broker, Classify, Credential, Defaults, Exchange, Hosts, Kind, Limit, Method,
    Priority, RawAnswer, Request, Retry, SeededRandom, Terms, TokioClock, Transport,
    TransportError,
};
use model::Timestamp;
use tokio::time::Instant;

pub(crate) type Reply = Result<RawAnswer, TransportError>;

/// What was sent, and when.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) request: Request,
    pub(crate) at: Instant,
}

type Script = dyn Fn(&Request, usize) -> Reply + Send + Sync;

pub(crate) struct Scripted {
    script: Box<Script>,
    takes: Duration,
    seen: Mutex<Vec<Seen>>,
}

impl Scripted {
    /// Answers by `script`, which is given the request and how many came before it.
    pub(crate) fn new(
        script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
    ) -> Arc<Self> {
        Self::slow(Duration::ZERO, script)
    }

    /// The same, with answers that take a while.
    pub(crate) fn slow(
        takes: Duration,
        script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(script),
            takes,
            seen: Mutex::default(),
        })
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

#[async_trait]
impl Transport for Scripted {
    async fn send(&self, request: &Request) -> Reply {
        let before = {
            let mut seen = self.seen.lock().unwrap();
            seen.push(Seen {
                request: request.clone(),
                at: Instant::now(),
            });
            seen.len() - 1
        };
        tokio::time::sleep(self.takes).await;
        (self.script)(request, before)
    }
}

pub(crate) const HOST: &str = "https://api.example.net";

pub(crate) fn start() -> Timestamp {
    Timestamp::parse("2026-07-01T12:00:00Z").unwrap()
}

pub(crate) fn exchange(transport: &Arc<Scripted>) -> Exchange {
    let transport: Arc<dyn Transport> = Arc::clone(transport) as Arc<dyn Transport>;
    let clock = Arc::new(TokioClock::new(start()));
    Exchange::new(transport, clock, Arc::new(SeededRandom::new(1)))
}

pub(crate) fn credential() -> Credential {
    let hosts = Hosts::new(["api.example.net", "other.example.net"]).unwrap();
    Credential {
        hosts,
        ..Credential::default()
    }
}

pub(crate) fn get(path: &str) -> Request {
    Request::new(Method::Get, format!("{HOST}{path}"))
}

/// Terms that a test changes where it cares.
pub(crate) struct Plan {
    pub(crate) broker: Broker,
    pub(crate) anonymous: bool,
    pub(crate) allowance: Option<Allowance>,
    pub(crate) kind: Kind,
    pub(crate) limits: Vec<Limit>,
    pub(crate) retry: Retry,
    pub(crate) patience: Duration,
    pub(crate) rules: Box<dyn Classify>,
    pub(crate) priority: Priority,
}

impl Plan {
    pub(crate) fn new(exchange: &Exchange, kind: Kind) -> Self {
        Self {
            broker: exchange.set_broker("contoso", credential()),
            anonymous: false,
            allowance: None,
            kind,
            limits: Vec::new(),
            retry: Retry::default(),
            patience: Duration::from_mins(10),
            rules: Box::new(Defaults),
            priority: Priority::Tickets,
        }
    }

    pub(crate) fn terms(&self) -> Terms<'_> {
        Terms {
            broker: &self.broker,
            anonymous: self.anonymous,
            kind: self.kind,
            limits: &self.limits,
            allowance: self.allowance.as_ref(),
            retry: &self.retry,
            patience: self.patience,
            rules: &*self.rules,
            priority: self.priority,
            about: About {
                partner: "p",
                integration: "i",
                operation: "o",
            },
        }
    }
}

pub(crate) fn status(status: u16) -> Reply {
    Ok(RawAnswer {
        status,
        ..RawAnswer::default()
    })
}

pub(crate) fn json(status: u16, value: &serde_json::Value) -> Reply {
    Ok(RawAnswer::json(status, value))
}

pub(crate) fn with_header(reply: Reply, name: &str, value: &str) -> Reply {
    reply.map(|mut raw| {
        raw.headers.push((name.to_owned(), value.to_owned()));
        raw
    })
}
