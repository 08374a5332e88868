//! A pipeline file as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::{Computed, Name, Named, SpanText, Template};

/// What is done when something happens, in terms of what every connector of a family provides.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Dovetail pipeline")]
pub(crate) struct PipelineFile {
    /// The pipeline's name, unique within its family.
    pub(crate) pipeline: Name,
    /// What it does, for the people who watch it run.
    pub(crate) title: String,
    /// The family whose operations it uses.
    pub(crate) family: Name,
    /// The events that start it.
    #[serde(default)]
    pub(crate) on: Vec<EventText>,
    /// How often it is started by itself.
    pub(crate) every: Option<SpanText>,
    /// The order-keeping key: runs with the same lane follow each other, others run side by side.
    pub(crate) lane: Template,
    /// What it yields to when calls have to wait.
    pub(crate) priority: PriorityText,
    /// The section of the settings that must be switched on for it to run at all.
    pub(crate) section: Option<Name>,
    /// What is done, in this order.
    #[schemars(length(min = 1))]
    pub(crate) steps: Vec<StepText>,
}

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "Event")]
pub(crate) enum EventText {
    /// The product has a new request. Gives `request` and `customer`.
    #[serde(rename = "request.opened")]
    RequestOpened,
    /// The product closed a request that has a ticket. Gives `request`, `customer` and `ticket`.
    #[serde(rename = "request.close_asked")]
    RequestCloseAsked,
    /// A callout named a ticket. Gives `hint`.
    #[serde(rename = "ticket.hinted")]
    TicketHinted,
    /// A partner has connected.
    #[serde(rename = "integration.created")]
    IntegrationCreated,
    /// An integration works again after it could not.
    #[serde(rename = "integration.resumed")]
    IntegrationResumed,
    /// A section of the settings was saved.
    #[serde(rename = "settings.saved")]
    SettingsSaved,
    /// A person wants to see that tickets work. Gives a made-up `request`, and `customer` and
    /// `company`.
    #[serde(rename = "ticket.test_asked")]
    TestTicketAsked,
    /// What is billed may have changed: usage, what it is billed as, or where.
    #[serde(rename = "usage.changed")]
    UsageChanged,
    /// A person decided about lines of a plan, and wants that done now.
    #[serde(rename = "plan.decided")]
    PlanDecided,
    /// Customers were mapped to other companies.
    #[serde(rename = "mapping.saved")]
    MappingSaved,
    /// The address that callouts go to, or the password they bring, is another one.
    #[serde(rename = "callout.changed")]
    CalloutChanged,
}

/// What a pipeline yields to when calls have to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Priority")]
pub(crate) enum PriorityText {
    /// Somebody waits for it. First.
    Tickets,
    /// Nobody waits, but tickets need it.
    Directory,
    /// It has until the end of the month. Last.
    Billing,
}

/// One step: a map with exactly one key, which names its kind.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Step", extend("minProperties" = 1, "maxProperties" = 1))]
pub(crate) struct StepText {
    /// Finds the counterpart of something on the other side.
    #[serde(rename = "match")]
    pub(crate) matching: Option<MatchText>,
    /// Decides or composes something with a function.
    pub(crate) script: Option<ScriptText>,
    /// Calls an operation that changes nothing.
    pub(crate) call: Option<CallText>,
    /// Calls an operation that changes something, and sees to it that this happens exactly once.
    pub(crate) ensure: Option<EnsureText>,
    /// Reads a list to its proven end, page by page.
    pub(crate) pull: Option<PullText>,
    /// Holds measured usage against what the PSA bills, plans the changes, and makes those that may
    /// be made.
    pub(crate) reconcile: Option<ReconcileText>,
    /// Does its steps only under a condition.
    pub(crate) when: Option<WhenStepText>,
    /// Does its steps for each part of a list.
    pub(crate) each: Option<EachText>,
    /// Remembers for good which ticket a request has.
    pub(crate) link: Option<LinkText>,
    /// Looks for the ticket of an earlier request like this one.
    pub(crate) earlier: Option<EarlierText>,
    /// Takes a request off its ticket, and tells which others keep that open.
    pub(crate) leave: Option<LeaveText>,
    /// Adds to a request what was found out about who asked.
    pub(crate) describe: Option<DescribeText>,
    /// Holds what was found against what was expected, and notes both in the run.
    pub(crate) verify: Option<VerifyText>,
    /// Looks for what would stop tickets before it does: what is named here, and what the connector
    /// looks for itself.
    pub(crate) preflight: Option<PreflightText>,
    /// Says what has happened, to the product and to the ledger.
    pub(crate) emit: Option<EmitText>,
}

/// Finds the counterpart of something on the other side.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Match")]
pub(crate) struct MatchText {
    /// What is looked for.
    pub(crate) entity: EntityText,
    /// What it is looked for by: the customer's id for a company, the ticket for its requests.
    #[serde(rename = "for")]
    pub(crate) by: Computed,
    /// The id of the company that takes customers whom nobody has mapped. Where this gives
    /// nothing, `otherwise` says what happens.
    pub(crate) instead: Option<Template>,
    /// What happens when there is none.
    pub(crate) otherwise: OtherwiseText,
    /// The name that it is known by from here on.
    pub(crate) into: Name,
}

/// What can be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Entity")]
pub(crate) enum EntityText {
    /// The company that a customer is mapped to.
    Company,
    /// The requests of a ticket that are not closed yet, as a list.
    Requests,
}

/// What happens when nothing matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Otherwise")]
pub(crate) enum OtherwiseText {
    /// The run waits until somebody maps it, and an issue says so.
    Park,
    /// There is nothing to do: the run, or this turn of a `pull` or `each`, ends here and is good.
    Stop,
}

/// Decides or composes something with a function.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Script")]
pub(crate) struct ScriptText {
    /// The function, as `file.rhai#function`. Its parameters are names that are known here.
    pub(crate) call: String,
    /// The name of what it returns.
    pub(crate) into: Name,
}

/// Calls an operation that changes nothing.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Call")]
pub(crate) struct CallText {
    /// The operation of the family.
    pub(crate) operation: Name,
    /// What it is given under other names than it asks for.
    #[serde(default)]
    pub(crate) with: Named<Computed>,
    /// The name of what it gives back.
    pub(crate) into: Option<Name>,
    /// What happens when it fails. Default: halt.
    pub(crate) failing: Option<FailingText>,
}

/// What happens when a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Failing")]
pub(crate) enum FailingText {
    /// The work is tried again, or waits for a person.
    Halt,
    /// The steps go on without what it would have given. For what is nice to know.
    GoOn,
}

/// Calls an operation that changes something, exactly once for its key.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Ensure")]
pub(crate) struct EnsureText {
    /// The operation of the family.
    pub(crate) operation: Name,
    /// What it is done once for, such as the request's id.
    pub(crate) key: Template,
    /// When it is looked for before it is done. Default: after_doubt.
    pub(crate) look: Option<LookText>,
    /// What it is given under other names than it asks for.
    #[serde(default)]
    pub(crate) with: Named<Computed>,
    /// The name of what it gives back.
    pub(crate) into: Option<Name>,
}

/// When an effect is looked for before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Look")]
pub(crate) enum LookText {
    /// Always. For what may be there although this engine did not make it.
    First,
    /// Only when an answer was lost. For what nobody else makes.
    AfterDoubt,
}

/// Reads a list to its proven end.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Pull")]
pub(crate) struct PullText {
    /// The operation of the family; one that gives many.
    pub(crate) operation: Name,
    /// Reads only what changed since the last time; the operation is given `since`.
    pub(crate) since: Option<SinceText>,
    /// What it is given under other names than it asks for.
    #[serde(default)]
    pub(crate) with: Named<Computed>,
    /// The name of each record.
    #[serde(rename = "as")]
    pub(crate) name: Name,
    /// Keeps the records, replacing those that were kept before.
    pub(crate) keep: Option<KeepText>,
    /// Fields of a record that has changed which other operations tell, by the operation: each is
    /// given the record, and the list of what it gives is the field. For usage alone.
    #[serde(default)]
    pub(crate) complete: Named<Name>,
    /// What is done for each record.
    #[serde(default)]
    pub(crate) each: Vec<StepText>,
}

/// Where the next read goes on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Since")]
pub(crate) struct SinceText {
    /// The moment of one record (`$`); the newest is where the next read goes on.
    pub(crate) newest: Template,
    /// How far the next read goes back before that.
    pub(crate) overlap: SpanText,
}

/// What records can be kept as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Keep")]
pub(crate) enum KeepText {
    /// Companies, for the mapping and its suggestions.
    Company,
    /// Agreements, for the plan and the choice of where a company is billed.
    Agreement,
    /// Items, for the choice of what products are billed as.
    Item,
    /// The product's customers, as if the product had handed in the whole list.
    Customer,
    /// The product's usage, as if the product had handed it in.
    Usage,
}

/// Holds measured usage against what the PSA bills, plans the changes, and makes those that may be
/// made: each once, read back, and never in a period that was billed. Its operations are given
/// `items`, `days`, `agreement`, `line`, `item` and `change`, as far as they ask for them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Reconcile")]
pub(crate) struct ReconcileText {
    /// The operation that lists the lines of agreements.
    pub(crate) lines: Name,
    /// The operation that lists the quantities of lines, by days.
    pub(crate) quantities: Name,
    /// The operation that changes the quantity of a line.
    pub(crate) change: Name,
    /// The operation that puts a line on an agreement.
    pub(crate) add: Name,
    /// The operation that makes an item.
    pub(crate) create: Name,
    /// The operation that makes whom items are bought from, before the first one is made. A
    /// connector that lacks it makes items without.
    pub(crate) supplier: Name,
}

/// Does its steps only under a condition: one of `is` and `not`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WhenStep")]
pub(crate) struct WhenStepText {
    /// Holds unless this is false, null, zero or empty.
    pub(crate) is: Option<Computed>,
    /// Holds if this is false, null, zero or empty.
    pub(crate) not: Option<Computed>,
    /// What is done when it holds.
    #[schemars(length(min = 1))]
    pub(crate) steps: Vec<StepText>,
    /// What is done when it does not.
    #[serde(default)]
    pub(crate) otherwise: Vec<StepText>,
}

/// Does its steps for each part of a list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Each")]
pub(crate) struct EachText {
    /// The list.
    #[serde(rename = "in")]
    pub(crate) list: Template,
    /// The name of each part.
    #[serde(rename = "as")]
    pub(crate) name: Name,
    /// What is done for each part.
    #[schemars(length(min = 1))]
    pub(crate) steps: Vec<StepText>,
}

/// Remembers for good which ticket a request has.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Link")]
pub(crate) struct LinkText {
    /// The request's id.
    pub(crate) request: Template,
    /// The ticket's key.
    pub(crate) ticket: Template,
    /// Whether the request has opened again a ticket that was closed. Without this, a request
    /// joins others on a ticket only while one of them keeps it open.
    pub(crate) reopened: Option<Template>,
}

/// Looks for the ticket of an earlier request like this one. Of requests that are alike, one at a
/// time opens or re-opens a ticket; the others wait for it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Earlier")]
pub(crate) struct EarlierText {
    /// The id of the request at hand.
    pub(crate) request: Template,
    /// What makes two requests alike. Nothing for a request that is like no other.
    pub(crate) like: Computed,
    /// The operation that makes a ticket: a request for which it was begun is given no other.
    pub(crate) begun: Name,
    /// The operation that reads a ticket.
    pub(crate) read: Name,
    /// How long a ticket that is open takes in more requests, from its first one.
    pub(crate) open: SharingText,
    /// How long a ticket can come back after it was closed.
    pub(crate) closed: SharingText,
    /// The name of what is found: `ticket`, and whether it was `revived`. Nothing where there is
    /// none.
    pub(crate) into: Name,
}

/// How long a ticket is shared with later requests.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Sharing")]
pub(crate) struct SharingText {
    /// The span, such as a setting. Nothing or blank: it is not shared.
    pub(crate) within: Template,
    /// The operation it takes. A connector that lacks it does not share its tickets.
    pub(crate) by: Name,
}

/// Takes a request off its ticket, because the product closes it. Once this is done the request
/// keeps the ticket open no more, and no later one joins it for its sake.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Leave")]
pub(crate) struct LeaveText {
    /// The request's id.
    pub(crate) request: Template,
    /// The ticket's key.
    pub(crate) ticket: Template,
    /// The name of the list of other requests that keep the ticket open.
    pub(crate) into: Name,
}

/// Adds to a request what was found out about who asked, for all that is said about the request
/// from then on. What the product said itself is never changed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Describe")]
pub(crate) struct DescribeText {
    /// The request's id.
    pub(crate) request: Template,
    /// Who asked; nothing where nobody knows.
    pub(crate) user: Template,
}

/// Holds what was found against what was expected, and notes both in the run. A run in which
/// something does not hold goes on to its end, and has failed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Verify")]
pub(crate) struct VerifyText {
    /// What is held to be true, as a sentence for people.
    pub(crate) what: String,
    /// What was found.
    pub(crate) found: Template,
    /// What it has to be, or, if it is a list, to contain. Where this gives nothing, nothing is
    /// verified; without it, anything will do but nothing.
    pub(crate) expected: Option<Computed>,
}

/// Looks for what would stop tickets before it does. Each key names the cause, of the family's,
/// under which what is found is told.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Preflight")]
pub(crate) struct PreflightText {
    /// The cause of a right that the credentials lack.
    pub(crate) rights: Name,
    /// The cause of a saved choice that is no longer offered.
    pub(crate) choices: Name,
    /// The cause of a mapped company that left the directory or is inactive.
    pub(crate) companies: Name,
}

/// Says what has happened.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Emit")]
pub(crate) struct EmitText {
    /// What has happened.
    pub(crate) event: EmittedText,
    /// The request's id.
    pub(crate) request: Template,
    /// Which side it began on. The other side is told, and this one is not told again.
    pub(crate) by: SideText,
    /// Why or how, in somebody's words, where they are known.
    pub(crate) resolution: Option<Template>,
}

/// What a pipeline can say has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "Emitted")]
pub(crate) enum EmittedText {
    /// A request and its ticket are both closed.
    #[serde(rename = "request.closed")]
    RequestClosed,
}

/// A side of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Side")]
pub(crate) enum SideText {
    /// The vendor's product.
    Product,
    /// The PSA.
    Psa,
}
