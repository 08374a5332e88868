//! How a simulated PSA tells others that something happened to a ticket: in the background, with
//! repeats, and with mishaps on purpose.
//!
//! What is told, when, and in which form is each PSA's own business.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::http_sender::HttpSender;
use crate::lock::lock;

/// Most deliveries kept; the oldest are forgotten first.
pub const DELIVERIES_MAX: usize = 10_000;

/// Most mishaps waiting to happen; more are not taken.
pub const MISHAPS_MAX: usize = 1_000;

/// What goes wrong with the next callout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mishap {
    /// It is never sent.
    Lost,
    /// It is sent twice.
    Doubled,
    /// It is sent after the one that follows it.
    HeldBack,
}

/// One HTTP request of a callout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callout {
    /// POST, or GET when all of it travels in the query string.
    pub method: Method,
    /// Where it goes, query string included.
    pub url: String,
    /// Type of the body, if there is one.
    pub content_type: Option<&'static str>,
    /// Value of the `Authorization` header.
    pub authorization: Option<String>,
    /// The body; empty for GET.
    pub body: String,
}

/// What became of one attempt to deliver a callout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// The ticket it was about; none for a forged one, or one about several.
    pub ticket_id: Option<i64>,
    /// 1 for the first.
    pub attempt: u32,
    /// Status the receiver answered with.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub failure: Option<String>,
}

impl Delivery {
    /// Whether the receiver took it.
    pub fn accepted(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }
}

/// Sends the HTTP request of a callout: over the network, or in process in a simulation.
#[async_trait]
pub trait Sender: Send + Sync + 'static {
    /// Sends it and gives the status of the answer, or the reason why there was none.
    async fn send(&self, callout: &Callout) -> Result<u16, String>;
}

/// The value of an `Authorization` header for HTTP Basic.
pub(crate) fn basic(username: &str, password: &str) -> String {
    let pair = STANDARD.encode(format!("{username}:{password}"));
    format!("Basic {pair}")
}

/// When a callout is sent, and how long and how often a slow receiver is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) delay: Duration,
    pub(crate) timeout: Duration,
    pub(crate) attempts: u32,
    pub(crate) retry_wait: Duration,
}

/// Where callouts leave a simulated PSA. Clones are the same outbox.
#[derive(Clone)]
pub(crate) struct Outbox(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// Goes up with every delivery.
    changes: watch::Sender<u64>,
}

struct State {
    sender: Arc<dyn Sender>,
    mishaps: VecDeque<Mishap>,
    held_back: Vec<Sent>,
    deliveries: VecDeque<Delivery>,
}

/// A callout and the ticket it is about.
type Sent = (Option<i64>, Callout);

impl fmt::Debug for Outbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Outbox").finish_non_exhaustive()
    }
}

impl Outbox {
    /// An outbox that sends over the network until it is given another sender.
    pub(crate) fn new(changes: watch::Sender<u64>) -> Self {
        let state = Mutex::new(State {
            sender: Arc::new(HttpSender::default()),
            mishaps: VecDeque::new(),
            held_back: Vec::new(),
            deliveries: VecDeque::new(),
        });
        Self(Arc::new(Inner { state, changes }))
    }

    /// Replaces what sends callouts.
    pub(crate) fn set_sender(&self, sender: Arc<dyn Sender>) {
        self.lock().sender = sender;
    }

    /// Lets something go wrong with the next callout, behind mishaps already waiting.
    pub(crate) fn add_mishap(&self, mishap: Mishap) {
        let mut state = self.lock();
        if state.mishaps.len() < MISHAPS_MAX {
            state.mishaps.push_back(mishap);
        }
    }

    /// Every attempt to deliver a callout, oldest first.
    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.lock().deliveries.iter().cloned().collect()
    }

    /// Sends a callout, unless the next mishap has it otherwise.
    pub(crate) fn send(&self, ticket: Option<i64>, callout: Callout, pace: Pace) {
        let due = self.due((ticket, callout));
        self.dispatch(due, pace);
    }

    /// Sends a callout that meets no mishap and is about no ticket, as an intruder could.
    pub(crate) fn forge(&self, callout: Callout, pace: Pace) {
        self.dispatch(vec![(None, callout)], pace);
    }

    /// Applies the next mishap: what is to be sent now, in this order.
    fn due(&self, sent: Sent) -> Vec<Sent> {
        let mut state = self.lock();
        let mut due = match state.mishaps.pop_front() {
            Some(Mishap::Lost) => return Vec::new(),
            Some(Mishap::HeldBack) => {
                state.held_back.push(sent);
                return Vec::new();
            }
            Some(Mishap::Doubled) => vec![sent.clone(), sent],
            None => vec![sent],
        };
        due.append(&mut state.held_back);
        due
    }

    fn dispatch(&self, due: Vec<Sent>, pace: Pace) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            for (ticket, _) in due {
                self.keep(
                    ticket,
                    1,
                    Err("there is no runtime to send it from".to_owned()),
                );
            }
            return;
        };
        let outbox = self.clone();
        runtime.spawn(async move {
            if !pace.delay.is_zero() {
                tokio::time::sleep(pace.delay).await;
            }
            for (ticket, callout) in due {
                outbox.deliver(ticket, &callout, pace).await;
            }
        });
    }

    async fn deliver(&self, ticket: Option<i64>, callout: &Callout, pace: Pace) {
        for attempt in 1..=pace.attempts.max(1) {
            let sender = self.lock().sender.clone();
            let outcome = tokio::time::timeout(pace.timeout, sender.send(callout)).await;
            let timed_out = |_| Err("The operation has timed out".to_owned());
            if self.keep(ticket, attempt, outcome.unwrap_or_else(timed_out)) {
                return;
            }
            if attempt < pace.attempts {
                tokio::time::sleep(pace.retry_wait).await;
            }
        }
    }

    /// Records an attempt and says whether the receiver took the callout.
    fn keep(&self, ticket_id: Option<i64>, attempt: u32, outcome: Result<u16, String>) -> bool {
        let delivery = Delivery {
            ticket_id,
            attempt,
            status: outcome.as_ref().ok().copied(),
            failure: outcome.err(),
        };
        let accepted = delivery.accepted();
        let mut state = self.lock();
        if state.deliveries.len() >= DELIVERIES_MAX {
            state.deliveries.pop_front();
        }
        state.deliveries.push_back(delivery);
        drop(state);
        let count = |changes: &mut u64| *changes = changes.wrapping_add(1);
        self.0.changes.send_modify(count);
        accepted
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }
}
