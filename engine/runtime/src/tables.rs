//! What lies in the store, table by table. A change to any of these types that old readers or old
//! records would stumble over raises the table's format number.
//!
//! The partner leads every key. The few things that belong to no partner lie under the empty one:
//! the list of partners and the way from a callout's token to its integration.

use model::billing::{
    AgreementChoice, BillingPolicy, Change, Decision, Measured, Plan, PlanLine, ProductMapping,
};
use model::{
    ApiToken, Customer, Exchanged, Integration, IntegrationId, Issue, Mapping, Partner, PartnerId,
    Request, RequestId, Run, Secret, State, TicketKey, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Key, Record};

use crate::restored::Restored;
use crate::work::Work;

/// What belongs to no partner.
pub(crate) const NOBODY: &str = "";

/// The tables with secrets of partners: what they pasted, what their callouts and webhooks are
/// proved by, and what they consented to.
pub const SEALED_TABLES: &[&str] = &[IntegrationRow::TABLE, PartnerRow::TABLE, ConsentRow::TABLE];

/// The most rows that one scan of the runtime asks for; longer tables are read page by page.
pub(crate) const PAGE: usize = 1_000;

macro_rules! table {
    ($(#[$doc:meta])* $row:ident($of:ty), $table:literal, $format:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $row(pub(crate) $of);

        impl Record for $row {
            const TABLE: &'static str = $table;
            const FORMAT: u16 = $format;
        }
    };
}

table!(
    /// The partner itself, under no further part.
    PartnerRow(Partner), "partner", 1
);
table!(
    /// By partner id, under [`NOBODY`]: the list of partners.
    PartnerListRow(PartnerId), "partners", 1
);
table!(
    /// By customer id.
    CustomerRow(Customer), "customer", 1
);
table!(
    /// By request id.
    RequestRow(Request), "request", 1
);
table!(
    /// By when it was accepted (newest first) and request id: the order in which people look.
    RequestTimeRow(RequestId), "request_time", 1
);
table!(
    /// By request id: what was sent to the PSA for it and what it answered, masked.
    ExchangesRow(Vec<Exchanged>), "exchanges", 1
);
table!(
    /// By integration id.
    IntegrationRow(Integration), "integration", 1
);
table!(
    /// By integration id and company id: the directory.
    CompanyRow(Kept), "company", 1
);
table!(
    /// By integration id and the hash of what makes requests alike: whose turn it is to open or
    /// re-open a ticket for them, or whose it was last.
    TurnRow(Turn), "turn", 1
);
table!(
    /// By integration id and request id: the ticket that the request is about to open again, until
    /// it is linked to it.
    RevivalRow(TicketKey), "revival", 1
);
table!(
    /// By issue id.
    IssueRow(Issue), "issue", 1
);
table!(
    /// By issue id and job id: the work that waits behind an issue.
    BehindRow(Behind), "behind", 1
);
table!(
    /// By integration id, operation and key: what is known about an effect.
    EffectRow(Effect), "effect", 1
);
table!(
    /// By integration id, pipeline and operation: how far a repeated read has come.
    CursorRow(Cursor), "cursor", 1
);
table!(
    /// By integration id and name: what setting up has found out, such as an address.
    SetupRow(Found), "setup", 1
);
table!(
    /// By integration id, operation, when the read began, and page: the companies on it that were
    /// known already as they are.
    SeenRow(Vec<String>), "seen", 1
);
table!(
    /// By integration id, operation and digest of its input: a long job whose result is awaited.
    JobRow(LongJob), "job", 1
);
table!(
    /// By integration id, start (newest first) and run id.
    RunRow(Run), "run", 1
);
table!(
    /// Under no further part: written whenever it changes where requests may go, so that whoever
    /// decides about that can tell that nothing changed meanwhile.
    RoutingRow(Timestamp), "routing", 1
);
table!(
    /// Under [`NOBODY`]: when it was last tried out whether writing works.
    ReadyRow(Timestamp), "ready", 1
);
table!(
    /// Under [`NOBODY`]: that the state was brought back from a backup.
    RestoredRow(Restored), "restored", 1
);
table!(
    /// By the token's hash, under [`NOBODY`].
    CalloutRow(CalloutOwner), "callout", 1
);
table!(
    /// By id, under [`NOBODY`]: a sign-in link or session that is good no more, and when it would
    /// have been over anyway.
    SpentRow(Timestamp), "spent", 1
);
table!(
    /// By id; an operator's under [`NOBODY`]: an API token that is good.
    TokenRow(ApiToken), "api_token", 1
);
table!(
    /// By integration id: when a callout was last accepted.
    CalloutSeenRow(Timestamp), "callout_seen", 1
);

/// By integration id and customer id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct MappingRow(pub(crate) Mapping);

impl Record for MappingRow {
    const TABLE: &'static str = "mapping";
    const FORMAT: u16 = 2;

    /// Format 1 knew no ticks: everything was done for whoever was mapped.
    fn upgrade(_format: u16, value: Value) -> Result<Value, store::Error> {
        Ok(value)
    }
}

/// By integration id and ticket id: whose ticket it is. Every change of it is guarded by its
/// version, so that nobody joins a ticket while the last request is taken off it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct TicketRow {
    /// The requests that were linked to the ticket, in that order; the first opened it.
    pub(crate) requests: Vec<RequestId>,
    /// Those of them that keep it open no more, because the product closes them.
    #[serde(default)]
    pub(crate) left: Vec<RequestId>,
}

impl Record for TicketRow {
    const TABLE: &'static str = "ticket";
    const FORMAT: u16 = 2;

    /// Format 1 was the id of the one request that a ticket could have.
    fn upgrade(_format: u16, value: Value) -> Result<Value, store::Error> {
        Ok(json!({ "requests": [value] }))
    }
}

/// By the hash of the refresh token that a person gave: the newest that descends from it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ConsentRow {
    pub(crate) token: Secret,
    /// When it was got.
    pub(crate) at: Timestamp,
}

impl Record for ConsentRow {
    const TABLE: &'static str = "consent";
    const FORMAT: u16 = 2;

    /// Format 1 was the token alone, got at some time before.
    fn upgrade(_format: u16, value: Value) -> Result<Value, store::Error> {
        Ok(json!({ "token": value, "at": Timestamp::from_millis(0) }))
    }
}

/// Whose turn it is to open or re-open a ticket for requests that are alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Turn {
    /// The request.
    pub(crate) request: RequestId,
}

table!(
    /// By customer id, product id and subscription; a dash where there is only one subscription.
    UsageRow(Measured), "usage", 1
);
table!(
    /// By integration id: how it bills.
    PolicyRow(BillingPolicy), "billing_policy", 1
);
table!(
    /// By integration id and agreement id.
    AgreementRow(Kept), "agreement", 1
);
table!(
    /// By integration id and item id.
    ItemRow(Kept), "item", 1
);
table!(
    /// By integration id, company id and product id; a dash where it is for every product.
    AgreementChoiceRow(AgreementChoice), "agreement_choice", 1
);
table!(
    /// By integration id and product id.
    ProductRow(ProductMapping), "product_mapping", 1
);
table!(
    /// By integration id: what was found out when the plan was made.
    PlanRow(Plan), "plan", 1
);
table!(
    /// By integration id and line id.
    PlanLineRow(PlanLine), "plan_line", 1
);
table!(
    /// By integration id and line id: what a person decided about it.
    DecisionRow(Decision), "decision", 1
);
table!(
    /// By integration id, line id and change id: what was sent.
    ChangeRow(Change), "change", 1
);
table!(
    /// By integration id and line id: the change of which nobody knows yet whether it took hold.
    DoubtRow(String), "doubt", 1
);

/// A record that is kept as the connector gave it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// What the connector gave, valid by its schema in `schemas/psa`.
    pub(crate) record: Value,
    /// When the read began that last found it new or changed. Reads that find it as it is note
    /// that elsewhere; a complete one drops what it did not see.
    pub(crate) seen: Timestamp,
}

/// Work that waits behind an issue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Behind {
    pub(crate) lane: String,
    pub(crate) priority: u8,
    pub(crate) work: Work,
}

/// What is known about an effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    /// It was about to be sent; whether it happened must be asked.
    Intended {
        /// When.
        at: Timestamp,
    },
    /// It happened.
    Done {
        /// What it gave.
        result: Value,
        /// When that was known.
        at: Timestamp,
        /// The request that it was for. Without one it is remembered for good.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<RequestId>,
    },
}

/// How far a repeated read has come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// The newest value seen by reads that ended: the next one begins there.
    pub(crate) newest: Option<Timestamp>,
    /// A read that has not ended.
    pub(crate) open: Option<OpenRead>,
}

/// A read that has not ended: after a crash it goes on here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OpenRead {
    /// When it began.
    pub(crate) began: Timestamp,
    /// The moment it reads from.
    pub(crate) since: Option<Timestamp>,
    /// The newest value seen so far.
    pub(crate) newest: Option<Timestamp>,
    /// The pager's place behind the last committed page.
    pub(crate) position: Value,
    /// How many pages were committed.
    #[serde(default)]
    pub(crate) pages: u64,
}

/// A job at the remote side that makes what an operation then fetches.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LongJob {
    /// The record of the operation that started it.
    pub(crate) start: Value,
    /// The record of the question that was answered with "done".
    pub(crate) ask: Option<Value>,
    /// When it was started. Tells it from other jobs of the same operation.
    pub(crate) at: Timestamp,
    /// When it was last asked after.
    pub(crate) asked: Timestamp,
}

/// What setting up has found out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) value: Value,
    pub(crate) at: Timestamp,
}

/// Whose callouts come with a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CalloutOwner {
    pub(crate) partner: PartnerId,
    pub(crate) integration: IntegrationId,
}

/// The counter of requests that were accepted and are still kept.
pub(crate) fn accepted_count(partner: &PartnerId) -> Key {
    Key::new(partner.as_str(), "count", &["accepted"])
}

/// The counter of requests in `state`.
pub(crate) fn state_count(partner: &PartnerId, state: State) -> Key {
    Key::new(partner.as_str(), "count", &["state", state.name()])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use store::{Batch, Expect, Memory, Records, Store};

    use super::*;

    #[tokio::test]
    async fn a_ticket_that_was_stored_with_its_one_request_is_read_as_the_first_of_many() {
        let store = Memory::new();
        let mut batch = Batch::new();
        let key = TicketRow::key("northwind", &["i-1", "128926"]);
        batch.put(key, "1 \"r-1\"", Expect::Absent);
        store.commit(batch).await.unwrap();
        let row = store.get_record::<TicketRow>("northwind", &["i-1", "128926"]);
        let row = row.await.unwrap().unwrap().value;
        assert_eq!(row.requests, [RequestId::new("r-1").unwrap()]);
        assert!(row.left.is_empty());
    }

    #[tokio::test]
    async fn a_mapping_that_was_stored_without_ticks_has_them_all() {
        let store = Memory::new();
        let mut batch = Batch::new();
        let key = MappingRow::key("northwind", &["i-1", "c-1"]);
        let row = r#"1 {"customer":"c-1","company":7,"saved_at":"2026-01-01T00:00:00Z"}"#;
        batch.put(key, row, Expect::Absent);
        store.commit(batch).await.unwrap();
        let row = store.get_record::<MappingRow>("northwind", &["i-1", "c-1"]);
        let mapping = row.await.unwrap().unwrap().value.0;
        assert!(mapping.takes_tickets() && mapping.takes_billing());
    }
}
