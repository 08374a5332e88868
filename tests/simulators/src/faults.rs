//! Faults that can be switched on while a simulator runs.
//!
//! A plan is a list; each request takes at most one fault from it: the oldest one that matches
//! its method and entity, still has times left and, when it comes by chance, is drawn. The draws
//! come from a seeded generator, so the same requests in the same order meet the same faults.

pub(crate) mod strike;

use std::sync::{Arc, Mutex, MutexGuard};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

use crate::lock::lock;

/// Most faults a plan holds at once; the oldest are dropped beyond it.
pub const PLANNED_MAX: usize = 1_000;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// 429, with `Retry-After` when seconds are given. The request is not processed.
    TooManyRequests {
        /// Seconds for `Retry-After`; without it the header is absent.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// 500 with a body that is not JSON. The request is not processed.
    PlainError,
    /// 400 with an HTML page, as from something in between. The request is not processed.
    BadRequest,
    /// 503 with an HTML page. The request is not processed.
    Unavailable,
    /// 401 without a body, whatever the credentials. The request is not processed.
    Unauthorized,
    /// 403 without a body, whatever the rights. The request is not processed.
    Forbidden,
    /// 400 with a JSON text: what was sent is refused. The request is not processed.
    Refused,
    /// The request is processed, then answered with a 504 HTML page.
    GatewayTimeout,
    /// The request is processed, then the connection is closed without an answer.
    DropAnswer,
    /// The connection is closed without an answer before anything is processed.
    DropRequest,
    /// The request is not processed and never answered.
    Hang,
    /// The request is processed but never answered.
    HangAfter,
    /// The answer comes that much later than it would.
    Slow {
        /// Delay in milliseconds.
        milliseconds: u32,
    },
    /// The request is processed; the connection breaks halfway through the answer's body.
    CutBody,
}

/// Which requests a fault meets, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// What goes wrong.
    pub fault: Fault,
    /// Only requests of this method, such as `POST`.
    #[serde(default)]
    pub method: Option<String>,
    /// Only requests to this entity, by its plural name in paths, such as `Tickets`.
    #[serde(default)]
    pub entity: Option<String>,
    /// How many requests meet it.
    #[serde(default = "once")]
    pub times: u32,
    /// How likely a matching request meets it, in thousandths.
    #[serde(default = "always")]
    pub per_mille: u16,
}

fn once() -> u32 {
    1
}

fn always() -> u16 {
    1_000
}

impl Planned {
    /// `fault` for the next request, whatever it is.
    pub fn next(fault: Fault) -> Self {
        Self {
            fault,
            method: None,
            entity: None,
            times: once(),
            per_mille: always(),
        }
    }

    /// Only for requests of `method`.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only for requests to `entity`.
    #[must_use]
    pub fn entity(mut self, entity: &str) -> Self {
        self.entity = Some(entity.to_owned());
        self
    }

    /// For so many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// By chance, in thousandths.
    #[must_use]
    pub fn per_mille(mut self, per_mille: u16) -> Self {
        self.per_mille = per_mille;
        self
    }

    fn matches(&self, method: &str, entity: &str) -> bool {
        let same = |wanted: &Option<String>, given: &str| {
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(given))
        };
        self.times > 0 && same(&self.method, method) && same(&self.entity, entity)
    }
}

/// A shared list of faults to come. Clones are the same plan.
#[derive(Debug, Clone)]
pub struct Plan(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    planned: Vec<Planned>,
    dice: StdRng,
}

impl Plan {
    /// An empty plan whose draws come from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            planned: Vec::new(),
            dice: StdRng::seed_from_u64(seed),
        })))
    }

    /// Adds a fault behind those already planned.
    pub fn add(&self, planned: Planned) {
        let mut inner = self.lock();
        if inner.planned.len() >= PLANNED_MAX {
            inner.planned.remove(0);
        }
        inner.planned.push(planned);
    }

    /// Removes every fault.
    pub fn clear(&self) {
        self.lock().planned.clear();
    }

    /// What is still to come.
    pub fn planned(&self) -> Vec<Planned> {
        self.lock().planned.clone()
    }

    /// The fault this request meets, which is thereby used up once.
    pub(crate) fn take(&self, method: &str, entity: &str) -> Option<Fault> {
        let mut inner = self.lock();
        let Inner { planned, dice } = &mut *inner;
        let drawn = planned.iter_mut().find(|planned| {
            planned.matches(method, entity) && dice.random_range(0..1_000) < planned.per_mille
        })?;
        drawn.times -= 1;
        let fault = drawn.fault;
        planned.retain(|planned| planned.times > 0);
        Some(fault)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.0)
    }
}
