//! A pipeline, checked and compiled: what is done when something happens.

use std::fmt;
use std::time::Duration;

use expression::Expression;

/// What is done when something happens.
///
/// Its expressions see the names of its events (`request`, `customer`, `ticket`, `hint`, as far as
/// every event it is on gives them), those that steps before added, and always `settings`,
/// `partner`, `integration`, `run` and `now`.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Its name, unique within its family.
    pub name: String,
    /// What it does.
    pub title: String,
    /// The family whose operations it uses.
    pub family: String,
    /// The events that start it.
    pub on: Vec<Event>,
    /// How often it is started by itself.
    pub every: Option<Duration>,
    /// The order-keeping key.
    pub lane: Expression,
    /// What it yields to when calls have to wait.
    pub priority: Priority,
    /// The section of the settings that must be switched on for it to run.
    pub section: Option<String>,
    /// What is done, in this order.
    pub steps: Vec<Step>,
}

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Event {
    /// The product has a new request.
    RequestOpened,
    /// The product closed a request that has a ticket.
    RequestCloseAsked,
    /// A callout named a ticket.
    TicketHinted,
    /// A partner has connected.
    IntegrationCreated,
    /// An integration works again after it could not.
    IntegrationResumed,
    /// A section of the settings was saved.
    SettingsSaved,
    /// A person wants to see that tickets work.
    TestTicketAsked,
    /// What is billed may have changed.
    UsageChanged,
    /// A person decided about lines of a plan.
    PlanDecided,
    /// Customers were mapped to other companies.
    MappingSaved,
    /// The address that callouts go to, or the password they bring, is another one.
    CalloutChanged,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 11] = [
        Self::RequestOpened,
        Self::RequestCloseAsked,
        Self::TicketHinted,
        Self::IntegrationCreated,
        Self::IntegrationResumed,
        Self::SettingsSaved,
        Self::TestTicketAsked,
        Self::UsageChanged,
        Self::PlanDecided,
        Self::MappingSaved,
        Self::CalloutChanged,
    ];

    /// The name used in pipeline files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestOpened => "request.opened",
            Self::RequestCloseAsked => "request.close_asked",
            Self::TicketHinted => "ticket.hinted",
            Self::IntegrationCreated => "integration.created",
            Self::IntegrationResumed => "integration.resumed",
            Self::SettingsSaved => "settings.saved",
            Self::TestTicketAsked => "ticket.test_asked",
            Self::UsageChanged => "usage.changed",
            Self::PlanDecided => "plan.decided",
            Self::MappingSaved => "mapping.saved",
            Self::CalloutChanged => "callout.changed",
        }
    }

    /// The names that it gives, each with the name of its schema.
    pub const fn roots(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::RequestOpened => &[("request", "request"), ("customer", "customer")],
            Self::RequestCloseAsked => &[
                ("request", "request"),
                ("customer", "customer"),
                ("ticket", "ticket_key"),
            ],
            Self::TicketHinted => &[("hint", "ticket_hint")],
            Self::TestTicketAsked => &[
                ("request", "request"),
                ("customer", "customer"),
                ("company", "company"),
            ],
            Self::IntegrationCreated
            | Self::IntegrationResumed
            | Self::SettingsSaved
            | Self::UsageChanged
            | Self::PlanDecided
            | Self::MappingSaved
            | Self::CalloutChanged => &[],
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a pipeline yields to when calls have to wait; the first goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Somebody waits for it.
    Tickets,
    /// Nobody waits, but tickets need it.
    Directory,
    /// It has until the end of the month.
    Billing,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it stands in its file, such as `steps[1].when.steps[0]`. Stable as long as the file
    /// is; records and errors name a step by it.
    pub path: String,
    /// What it does.
    pub kind: StepKind,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// Finds the counterpart of something on the other side.
    Match {
        /// What is looked for.
        entity: Entity,
        /// What it is looked for by.
        by: Expression,
        /// The id of the company that takes what nobody has mapped; none where it gives nothing.
        instead: Option<Expression>,
        /// What happens when there is none.
        otherwise: Otherwise,
        /// The name of what was found.
        into: String,
    },
    /// Calls a function.
    Script {
        /// The function, as `file.rhai#function`.
        reference: String,
        /// The call, compiled.
        call: Expression,
        /// The name of what it returns.
        into: String,
    },
    /// Calls an operation that changes nothing.
    Call {
        /// The operation.
        operation: String,
        /// Inputs that are not simply the names of the scope.
        with: Vec<(String, Expression)>,
        /// The name of what it gives back.
        into: Option<String>,
        /// What happens when it fails.
        failing: Failing,
    },
    /// Calls an operation that changes something, exactly once for its key.
    Ensure {
        /// The operation.
        operation: String,
        /// What it is done once for.
        key: Expression,
        /// When it is looked for before it is done.
        look: Look,
        /// Inputs that are not simply the names of the scope.
        with: Vec<(String, Expression)>,
        /// The name of what it gives back.
        into: Option<String>,
    },
    /// Reads a list to its proven end.
    Pull {
        /// The operation.
        operation: String,
        /// Where the next read goes on; the operation gets the moment as `since`.
        since: Option<Since>,
        /// Inputs that are not simply the names of the scope.
        with: Vec<(String, Expression)>,
        /// The name of each record.
        name: String,
        /// What the records are kept as.
        keep: Option<Keep>,
        /// Fields of a record that has changed, each with the operation that lists what is in it.
        complete: Vec<(String, String)>,
        /// What is done for each record.
        each: Vec<Step>,
    },
    /// Holds usage against what the PSA bills, plans, and makes the changes that may be made.
    Reconcile(Reconcile),
    /// Does steps only under a condition.
    When {
        /// The condition: holds unless its value is false, null, zero or empty.
        condition: Expression,
        /// Whether it has to hold (`is`), or not (`not`).
        holds: bool,
        /// What is done then.
        steps: Vec<Step>,
        /// What is done otherwise.
        otherwise: Vec<Step>,
    },
    /// Does steps for each part of a list.
    Each {
        /// The list.
        list: Expression,
        /// The name of each part.
        name: String,
        /// What is done for each part.
        steps: Vec<Step>,
    },
    /// Remembers for good which ticket a request has.
    Link {
        /// The request's id.
        request: Expression,
        /// The ticket's key.
        ticket: Expression,
        /// Whether the request has opened again a ticket that was closed.
        reopened: Option<Expression>,
    },
    /// Looks for the ticket of an earlier request like this one.
    Earlier(Box<Earlier>),
    /// Takes a request off its ticket, because the product closes it.
    Leave {
        /// The request's id.
        request: Expression,
        /// The ticket's key.
        ticket: Expression,
        /// The name of the list of other requests that keep the ticket open.
        into: String,
    },
    /// Adds to a request what was found out about who asked.
    Describe {
        /// The request's id.
        request: Expression,
        /// Who asked; nothing where nobody knows.
        user: Expression,
    },
    /// Holds what was found against what was expected, and notes both in the run.
    Verify {
        /// What is held to be true, for people.
        what: String,
        /// What was found.
        found: Expression,
        /// What it has to be, or to contain; without it, anything will do but nothing.
        expected: Option<Expression>,
    },
    /// Looks for what would stop tickets before it does, the connector's own checks included.
    Preflight {
        /// The cause of a right that the credentials lack.
        rights: String,
        /// The cause of a saved choice that is no longer offered.
        choices: String,
        /// The cause of a mapped company that left the directory or is inactive.
        companies: String,
    },
    /// Says what has happened.
    Emit {
        /// What.
        event: Emitted,
        /// The request's id.
        request: Expression,
        /// Which side it began on.
        by: Side,
        /// Why or how, where that is known.
        resolution: Option<Expression>,
    },
}

/// Where the ticket of an earlier request is looked for, and what for.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// The id of the request at hand.
    pub request: Expression,
    /// What makes two requests alike; nothing for a request that is like no other.
    pub like: Expression,
    /// The operation that makes a ticket: a request for which it was begun is given no other.
    pub begun: String,
    /// The operation that reads a ticket.
    pub read: String,
    /// How long a ticket that is open takes in more requests, and the operation that adds them.
    pub open: Sharing,
    /// How long a ticket that was closed can come back, and the operation that opens it.
    pub closed: Sharing,
    /// The name of `{ ticket, revived }`, or of nothing.
    pub into: String,
}

/// How long a ticket is shared with later requests.
#[derive(Clone, Debug)]
pub struct Sharing {
    /// The span; nothing or an empty text where it is not.
    pub within: Expression,
    /// The operation it takes. A connector that lacks it does not share its tickets.
    pub by: String,
}

/// What happens when a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    /// The work waits or is tried again, as the failure demands.
    Halts,
    /// The steps go on without what it would have given.
    GoesOn,
}

/// The operations that a reconcile uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconcile {
    /// Lists the lines of agreements.
    pub lines: String,
    /// Lists the quantities of lines, by days.
    pub quantities: String,
    /// Changes the quantity of a line.
    pub change: String,
    /// Puts a line on an agreement.
    pub add: String,
    /// Makes an item.
    pub create: String,
    /// Makes whom items are bought from.
    pub supplier: String,
}

/// What the records of a list are kept as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Companies.
    Company,
    /// Agreements.
    Agreement,
    /// Items that usage can be billed as.
    Item,
    /// The product's customers.
    Customer,
    /// The product's usage.
    Usage,
}

impl Keep {
    /// The schema of the records that can be kept so.
    pub const fn schema(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Agreement => "agreement",
            Self::Item => "item",
            Self::Customer => "customer",
            Self::Usage => "usage_record",
        }
    }
}

/// What can be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    /// A company; looked for by the customer it is mapped to.
    Company,
    /// The requests of a ticket that are not closed; looked for by the ticket.
    Requests,
}

impl Entity {
    /// The schema of what is found; what is found more than once has none as a whole.
    pub const fn schema(self) -> Option<&'static str> {
        match self {
            Self::Company => Some("company"),
            Self::Requests => None,
        }
    }
}

/// What happens when nothing matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// The run waits until somebody maps it.
    Park,
    /// The run, or this turn of a `pull` or `each`, ends here and is good.
    Stop,
}

/// When an effect is looked for before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Always.
    First,
    /// Only when an answer was lost.
    AfterDoubt,
}

/// Where the next read goes on.
#[derive(Clone, Debug)]
pub struct Since {
    /// The moment of one record, which is `$`.
    pub newest: Expression,
    /// How far the next read goes back before the newest.
    pub overlap: Duration,
}

/// What a pipeline can say has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emitted {
    /// A request and its ticket are both closed.
    RequestClosed,
}

/// A side of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The vendor's product.
    Product,
    /// The other system.
    Psa,
}
