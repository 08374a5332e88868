//! What happens from outside while one seed is played: what users, technicians, intruders and
//! operators do, and what befalls the machine.

use std::time::Duration;

use serde_json::{Value, json};
use simulators::TicketView;
use simulators::callout::Mishap;
use simulators::product::API_KEY;

use crate::dice::Dice;
use crate::partner::{Partner, text};
use crate::sharing::{Sharing, ticket_id};
use crate::world::World;

/// How far the machine's clock may be off, either way, in milliseconds: less than what the product
/// takes for an event of another time.
const CLOCK_OFF_MAX: u64 = 120_000;

/// For how many days the machine is switched off, at least: longer than the engine remembers what
/// only work that is over has needed.
const DAYS_OFF: u16 = 31;

/// How long after one another things happen at most.
const BETWEEN_MAX: Duration = Duration::from_secs(2);

/// How soon after a request was reported others are closed, or the machine is switched off: while
/// its ticket is looked for.
const MEANWHILE_MAX: Duration = Duration::from_secs(1);

/// How long requests of a flood take at most to come to a ticket, where nothing goes wrong.
const JOINED_WITHIN: Duration = Duration::from_secs(20);

/// How long after one another sessions end before their time, at least. One that is refused sooner
/// than that after it was given out in place of another one cannot be told from a missing right.
const BETWEEN_ENDS: Duration = Duration::from_mins(1);

/// Something that happens from outside.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// The product reports requests, by their place among all, at the same time.
    Open(Vec<usize>),
    /// A technician closes a ticket.
    CloseInPsa,
    /// The product closes a request.
    CloseByProduct,
    /// The product closes all requests on one ticket, a shared one if there is any, at once.
    CloseTogether,
    /// Somebody sends a callout about a ticket: one that is there, or one that is not.
    Forge,
    /// Something goes wrong with the next callout.
    Mishap(Mishap),
    /// Somebody maps a customer.
    Map,
    /// A company is added to the PSA, and somebody has the directory read.
    AddCompany,
    /// The credentials are withdrawn, and some time later working ones are saved.
    Revoke(Duration),
    /// Whoever is logged in to the PSA has to log in again.
    EndSessions,
    /// Who logs in to the PSA may change no tickets for a while.
    Withhold(Duration),
    /// Somebody sends a test ticket.
    Test,
    /// Somebody sends notices that the product does not.
    ForgeNotice(u64),
    /// The product takes another key for a while, until the former one is saved again.
    RevokeKey(Duration),
    /// The machine's clock is set, to so many milliseconds after the right time or before it.
    SetClock(i64),
    /// The machine is switched off for so many days.
    SwitchOff(u16),
    /// Time passes.
    Wait(Duration),
}

impl Act {
    /// What happens in one seed, in this order; `logs_in` tells whether there are sessions.
    pub(crate) fn all(dice: &Dice, requests: usize, logs_in: bool, sharing: Sharing) -> Vec<Self> {
        let (mut acts, mut next) = (Vec::new(), 0);
        while next < requests {
            let many = if sharing.floods() || dice.percent(15) {
                3 + dice.below(5)
            } else {
                1
            };
            let until = requests.min(next + usize::try_from(many).unwrap_or(1));
            acts.push(Self::Open((next..until).collect()));
            next = until;
            if sharing.floods() {
                acts.push(Self::Wait(dice.span(JOINED_WITHIN)));
                acts.push(Self::CloseTogether);
            }
            acts.extend((0..dice.below(4)).map(|_| Self::any(dice, next)));
            if logs_in && dice.percent(30) {
                let long = dice.span(Duration::from_mins(4));
                acts.push(
                    dice.pick(&[Self::EndSessions, Self::Withhold(long)])
                        .clone(),
                );
            }
        }
        if dice.percent(15) {
            let days = DAYS_OFF + u16::try_from(dice.below(10)).unwrap_or_default();
            // Soon after something was reported: then most is under way.
            let opens = |at: &usize| matches!(acts.get(*at), Some(Self::Open(_)));
            let opens: Vec<usize> = (0..acts.len()).filter(opens).collect();
            acts.insert(dice.pick(&opens) + 1, Self::SwitchOff(days));
        }
        acts
    }

    /// Adds what happens only where the product notifies.
    pub(crate) fn add_to_notices(dice: &Dice, acts: &mut Vec<Self>) {
        for _ in 0..=dice.below(3) {
            let act = if dice.percent(70) {
                Self::ForgeNotice(dice.below(1_000))
            } else {
                Self::RevokeKey(dice.span(Duration::from_mins(2)))
            };
            acts.insert(dice.index(acts.len()), act);
        }
    }

    fn any(dice: &Dice, opened: usize) -> Self {
        match dice.below(100) {
            0..=21 => Self::CloseInPsa,
            22..=37 => Self::CloseByProduct,
            38..=43 => Self::CloseTogether,
            44..=51 => Self::Forge,
            52..=63 => {
                let mishaps = [
                    Mishap::Lost,
                    Mishap::Lost,
                    Mishap::Doubled,
                    Mishap::HeldBack,
                ];
                Self::Mishap(*dice.pick(&mishaps))
            }
            64..=69 => Self::Map,
            70..=72 => Self::AddCompany,
            73..=74 => Self::Revoke(dice.span(Duration::from_mins(2))),
            75..=80 => {
                let by = dice.below(2 * CLOCK_OFF_MAX).cast_signed();
                Self::SetClock(by - CLOCK_OFF_MAX.cast_signed())
            }
            // The same request again.
            81..=86 => Self::Open(vec![dice.index(opened)]),
            87..=90 => Self::Wait(dice.span(Duration::from_mins(8))),
            91..=93 => Self::Test,
            _ => Self::Wait(dice.span(Duration::from_secs(20))),
        }
    }
}

/// Where acts take place.
pub(crate) struct Stage<'a> {
    pub(crate) world: &'a World,
    pub(crate) partner: &'a Partner,
    pub(crate) dice: &'a Dice,
    pub(crate) sharing: Sharing,
    /// What the product may report.
    pub(crate) requests: &'a [Value],
}

impl Stage<'_> {
    /// Does one thing from outside. Gives the ids of requests that were acknowledged by it.
    pub(crate) async fn perform(&self, act: &Act) -> Vec<String> {
        let most = match act {
            Act::SwitchOff(_) => MEANWHILE_MAX,
            _ => BETWEEN_MAX,
        };
        tokio::time::sleep(self.dice.span(most)).await;
        let Self { world, dice, .. } = self;
        match act {
            Act::Open(which) => return self.open(which).await,
            Act::CloseInPsa => {
                let open = |ticket: &TicketView| !ticket.closed;
                if let Some(ticket) = self.ticket(open) {
                    let closed = world.psa.close_ticket(&ticket.reference);
                    closed.expect("a ticket that can be closed");
                    let mut there = world.closed_there.lock().expect("no player panics with it");
                    there.insert(ticket.id);
                }
            }
            Act::CloseByProduct => self.close().await,
            Act::CloseTogether => self.close_together().await,
            Act::Forge => {
                let stray = dice.below(40_000);
                let stray = TicketView {
                    id: stray.to_string(),
                    number: format!("T20260701.{stray:04}"),
                    ..nothing()
                };
                let there = self.ticket(|_| dice.percent(80));
                world.psa.forge_callout(&there.unwrap_or(stray));
            }
            Act::Mishap(mishap) => world.psa.add_mishap(*mishap),
            Act::Map => self.map().await,
            Act::AddCompany => {
                let name = format!("Company {}", dice.below(1_000_000));
                world.psa.add_company(&name);
                self.partner.read_directory(world).await;
            }
            Act::Revoke(span) => {
                world.psa.honour_credentials(false);
                tokio::time::sleep(*span).await;
                world.psa.honour_credentials(true);
                self.partner.save_credentials(world).await;
            }
            Act::EndSessions => {
                if let Some(sessions) = world.psa.sessions() {
                    sessions.end_all();
                    tokio::time::sleep(BETWEEN_ENDS).await;
                }
            }
            Act::Withhold(span) => {
                if let Some(sessions) = world.psa.sessions() {
                    sessions.allow_tickets(false);
                    tokio::time::sleep(*span).await;
                    sessions.allow_tickets(true);
                }
            }
            Act::ForgeNotice(number) => {
                if let Some(notices) = self.partner.notices() {
                    notices.forge(world, *number).await;
                }
            }
            Act::RevokeKey(span) => {
                world.product.set_key("another");
                tokio::time::sleep(*span).await;
                world.product.set_key(API_KEY);
                if let Some(notices) = self.partner.notices() {
                    notices.save_key(world).await;
                }
            }
            Act::Test => self.partner.send_test_ticket(world).await,
            Act::SetClock(off) => world.set_clock(*off),
            // That is the end of this life; whoever plays it sees to the next one.
            Act::SwitchOff(_) => {}
            Act::Wait(span) => tokio::time::sleep(*span).await,
        }
        Vec::new()
    }

    async fn open(&self, which: &[usize]) -> Vec<String> {
        let requests: Vec<&Value> = which
            .iter()
            .filter_map(|at| self.requests.get(*at))
            .collect();
        let reports = requests
            .iter()
            .map(|request| self.partner.report(self.world, request));
        futures::future::join_all(reports).await;
        // Now and then the answer gets lost on its way, and the product tries again.
        if let Some(request) = requests.first().filter(|_| self.dice.percent(10)) {
            self.partner.report(self.world, request).await;
        }
        // What it is like may be closed while it joins that one's ticket.
        if self.dice.percent(self.sharing.closes_meanwhile()) {
            tokio::time::sleep(self.dice.span(MEANWHILE_MAX)).await;
            self.close_together().await;
        }
        requests
            .iter()
            .map(|request| text(&request["id"]))
            .collect()
    }

    async fn close(&self) {
        let known = self.partner.requests(self.world).await;
        if known.is_empty() {
            return;
        }
        let id = text(&self.dice.pick(&known)["id"]);
        let why = self.dice.percent(50).then_some("not needed any more");
        self.partner.close(self.world, &id, why).await;
    }

    async fn close_together(&self) {
        let mut known = self.partner.requests(self.world).await;
        known.retain(|request| request["state"] == "ticketed");
        if known.is_empty() {
            return;
        }
        let sharers = |ticket: &Option<String>| {
            let of = |request: &&Value| ticket_id(request) == *ticket;
            known.iter().filter(of).count()
        };
        let tickets: Vec<Option<String>> = known.iter().map(ticket_id).collect();
        let shared: Vec<_> = tickets.iter().filter(|one| sharers(one) > 1).collect();
        let ticket = match shared.as_slice() {
            [] => self.dice.pick(&tickets).clone(),
            shared => (*self.dice.pick(shared)).clone(),
        };
        known.retain(|request| ticket_id(request) == ticket);
        let ids: Vec<String> = known.iter().map(|request| text(&request["id"])).collect();
        let closes = ids
            .iter()
            .map(|id| self.partner.close(self.world, id, None));
        futures::future::join_all(closes).await;
    }

    async fn map(&self) {
        let open = self.partner.unmapped(self.world).await;
        let companies = self.partner.companies(self.world).await;
        if let (Some(customer), false) = (open.first(), companies.is_empty()) {
            let company = &self.dice.pick(&companies)["id"];
            self.partner.map(self.world, customer, company).await;
        }
    }

    /// Any of the tickets that are so.
    fn ticket(&self, is_so: impl Fn(&TicketView) -> bool) -> Option<TicketView> {
        let mut tickets = self.world.psa.tickets();
        tickets.retain(|ticket| !ticket.reference.is_empty() && is_so(ticket));
        (!tickets.is_empty()).then(|| self.dice.pick(&tickets).clone())
    }
}

fn nothing() -> TicketView {
    TicketView {
        id: String::new(),
        number: String::new(),
        reference: String::new(),
        title: String::new(),
        company: String::new(),
        queue: String::new(),
        status: String::new(),
        marked: false,
        closed: false,
    }
}

/// What the product may report in one seed.
pub(crate) fn requests(world: &World, dice: &Dice) -> Vec<Value> {
    let count = u32::try_from(3 + dice.below(18)).unwrap_or_default();
    let mut all: Vec<Value> = world
        .product
        .generated_requests(count)
        .iter()
        .map(crate::partner::reported)
        .collect();
    // Some come from a customer that nobody has mapped.
    let stray = world.product.customers().pop().map(|customer| customer.id);
    for request in &mut all {
        if dice.percent(10) {
            request["customer_id"] = json!(stray);
        }
    }
    all
}
