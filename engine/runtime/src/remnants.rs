//! Remnants: what only work that is over has needed, removed a while after its end.
//!
//! Three tables would grow for ever otherwise. That an effect is done matters until the request
//! that it was for is closed; whose turn it was, as long as requests like that one may share its
//! ticket; what descends from a consent, as long as somebody calls by it. Promised: nothing is
//! removed that work which may still come would ask for. The time after the end is there for what
//! was under way at that moment, and for people who look into what has happened.
//!
//! An intent is never removed here: what became of it must be asked. Nor is an effect that was for
//! no request, such as an item that was made for a product: nothing says when that is over, and
//! there are only as many as somebody has set up.

use std::collections::BTreeSet;
use std::time::Duration;

use model::sabotage::{Bug, sabotaged};
use model::{PartnerId, RequestId, Timestamp};
use store::{Batch, Expect, Key, Record, Records, Versioned};

use crate::core::Core;
use crate::error::{Error, chain};
use crate::remote::consents;
use crate::step::earlier::SHARED_WITHIN_MAX;
use crate::tables::{ConsentRow, Effect, EffectRow, NOBODY, PAGE, PartnerListRow, TurnRow};

/// How often what is left over is looked for, beginning with each start. A row is read for it.
const LOOKED_FOR_EVERY: Duration = Duration::from_hours(24);

/// How long what is known of an effect outlives the request that it was for: longer than any job
/// holds on, and than anybody takes to ask what was sent for it.
const EFFECTS_KEPT: Duration = Duration::from_hours(24 * 30);

/// How long it is remembered whose turn it was, after the end of that request. One that was
/// accepted while tickets were still shared with it may wait for a person for another month; one
/// that waits longer gets a ticket of its own.
const TURNS_KEPT: Duration = SHARED_WITHIN_MAX.saturating_add(Duration::from_hours(24 * 30));

/// How long a consent is kept that no integration calls by any more: a connection that was tried
/// out exchanges a token before the integration exists.
const CONSENTS_KEPT: Duration = Duration::from_hours(24 * 30);

/// A row that work on a request needs.
trait Remnant: Record {
    /// How long after the request's end it is kept.
    const KEPT: Duration;

    /// The request, unless the row is kept for good.
    fn request(&self) -> Option<&RequestId>;

    /// When it was written, where it says so.
    fn written_at(&self) -> Option<Timestamp>;
}

impl Remnant for EffectRow {
    const KEPT: Duration = EFFECTS_KEPT;

    fn request(&self) -> Option<&RequestId> {
        match &self.0 {
            Effect::Done { request, .. } => request.as_ref(),
            Effect::Intended { .. } => None,
        }
    }

    fn written_at(&self) -> Option<Timestamp> {
        match &self.0 {
            Effect::Done { at, .. } | Effect::Intended { at } => Some(*at),
        }
    }
}

impl Remnant for TurnRow {
    const KEPT: Duration = TURNS_KEPT;

    fn request(&self) -> Option<&RequestId> {
        Some(&self.0.request)
    }

    fn written_at(&self) -> Option<Timestamp> {
        None
    }
}

impl Core {
    /// Removes what is left over, now and again and again.
    pub(crate) async fn forget_remnants(&self) {
        loop {
            if let Err(error) = self.forget_all().await {
                tracing::error!("looking for what is left over failed: {}", chain(&error));
            }
            tokio::time::sleep(LOOKED_FOR_EVERY).await;
        }
    }

    async fn forget_all(&self) -> Result<(), Error> {
        for PartnerListRow(partner) in self.all::<PartnerListRow>(NOBODY, &[]).await? {
            self.forget::<EffectRow>(&partner).await?;
            self.forget::<TurnRow>(&partner).await?;
            self.forget_consents(&partner).await?;
        }
        Ok(())
    }

    async fn forget<T: Remnant>(&self, partner: &PartnerId) -> Result<(), Error> {
        let mut pages = self.store.pages::<T>(partner.as_str(), &[], PAGE);
        while let Some(page) = pages.next().await? {
            let mut batch = Batch::new();
            for (key, row) in page {
                if self.is_left_over(partner, &row.value).await? {
                    batch.delete(key, Expect::Version(row.version));
                }
            }
            self.remove(batch).await?;
        }
        Ok(())
    }

    /// Whether nothing will ask for the row any more.
    async fn is_left_over<T: Remnant>(&self, partner: &PartnerId, row: &T) -> Result<bool, Error> {
        let (now, written_at) = (self.now(), row.written_at());
        if written_at.is_some_and(|at| now.since(at) <= T::KEPT) {
            return Ok(false);
        }
        if sabotaged(Bug::ForgetsTooSoon) {
            return Ok(written_at.is_some());
        }
        let Some(id) = row.request() else {
            return Ok(false);
        };
        match self.request(partner, id).await {
            Ok(Versioned { value, .. }) => {
                let closed_at = value.0.closed_at();
                Ok(closed_at.is_some_and(|at| now.since(at) > T::KEPT))
            }
            // Requests are removed only long after their end.
            Err(Error::NotFound { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    async fn forget_consents(&self, partner: &PartnerId) -> Result<(), Error> {
        let rows = self
            .store
            .scan_records::<ConsentRow>(partner.as_str(), &[], None, PAGE)
            .await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut used = BTreeSet::new();
        for integration in self.integrations(partner).await? {
            match consents(self, &integration) {
                Some(hashes) => used.extend(hashes),
                // It may be any of them.
                None => return Ok(()),
            }
        }
        let used: BTreeSet<Key> = used
            .iter()
            .map(|hash| ConsentRow::key(partner.as_str(), &[hash]))
            .collect();
        let mut batch = Batch::new();
        for (key, row) in rows {
            let is_old = self.now().since(row.value.at) > CONSENTS_KEPT;
            if is_old && !used.contains(&key) {
                batch.delete(key, Expect::Version(row.version));
            }
        }
        self.remove(batch).await
    }

    /// Commits the removals of one page. Where somebody has written one of the rows meanwhile, all
    /// of them wait for the next time.
    async fn remove(&self, batch: Batch) -> Result<(), Error> {
        if batch.is_empty() {
            return Ok(());
        }
        match self.store.commit(batch).await {
            Err(error) if !error.is_conflict() => Err(error.into()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use std::sync::Arc;

    use async_trait::async_trait;
    use exchange::{Lack, RawAnswer, SeededRandom, TokioClock, Transport, TransportError};
    use model::{ClosedBy, Content, Request, Secret, State};
    use serde_json::json;
    use store::{Memory, Store as _};

    use super::*;
    use crate::Parts;
    use crate::core::{Config, add_request, change_request};
    use crate::tables::{RequestRow, Turn};

    const PARTNER: &str = "northwind";
    const DAY: Duration = Duration::from_hours(24);

    struct Nobody;

    #[async_trait]
    impl Transport for Nobody {
        async fn send(&self, _request: &exchange::Request) -> Result<RawAnswer, TransportError> {
            Err(TransportError::not_sent(Lack::Connect, "nobody is there"))
        }
    }

    /// An engine whose clock can be set, and that has one partner.
    struct World {
        core: Core,
        clock: Arc<TokioClock>,
        partner: PartnerId,
    }

    impl World {
        async fn new() -> Self {
            let clock = Arc::new(TokioClock::new(Timestamp::from_millis(1_782_907_200_000)));
            let core = Core::new(
                Parts {
                    store: Arc::new(Memory::new()),
                    library: Arc::new(definition::load(&[]).library),
                    transport: Arc::new(Nobody),
                    clock: clock.clone(),
                    random: Arc::new(SeededRandom::new(1)),
                    config: Config::default(),
                },
                None,
            );
            let partner = PartnerId::new(PARTNER).unwrap();
            let mut batch = Batch::new();
            let row = PartnerListRow(partner.clone());
            batch.put_record(NOBODY, &[PARTNER], &row, Expect::Absent);
            core.store.commit(batch).await.unwrap();
            Self {
                core,
                clock,
                partner,
            }
        }

        fn pass(&self, span: Duration) {
            self.clock.jump(i64::try_from(span.as_millis()).unwrap());
        }

        /// Takes in a request, with a ticket that was made for it and its turn.
        async fn open(&self, id: &str) -> RequestId {
            let content = json!({ "id": id, "customer_id": "acme", "report_type": "site-blocked" });
            let content: Content = serde_json::from_value(content).unwrap();
            let id = content.id.clone();
            let mut batch = Batch::new();
            let request = Request::accepted(content, self.core.now());
            add_request(&mut batch, &self.partner, &request);
            let turn = TurnRow(Turn {
                request: id.clone(),
            });
            batch.put_record(PARTNER, &["i-1", "alike"], &turn, Expect::Any);
            self.core.store.commit(batch).await.unwrap();
            self.done("create_ticket", id.as_str(), Some(&id)).await;
            id
        }

        async fn close(&self, id: &RequestId) {
            let before = self.core.request(&self.partner, id).await.unwrap();
            let mut after = before.value.0.clone();
            after.closed_by = Some(ClosedBy::Product);
            after.enter(State::Closed, self.core.now(), None);
            let mut batch = Batch::new();
            change_request(&mut batch, &self.partner, &before, &after);
            self.core.store.commit(batch).await.unwrap();
        }

        async fn put<T: Record>(&self, parts: &[&str], row: &T) {
            let mut batch = Batch::new();
            batch.put_record(PARTNER, parts, row, Expect::Any);
            self.core.store.commit(batch).await.unwrap();
        }

        async fn done(&self, operation: &str, key: &str, request: Option<&RequestId>) {
            let effect = Effect::Done {
                result: json!({ "id": 1 }),
                at: self.core.now(),
                request: request.cloned(),
            };
            self.put(&["i-1", operation, key], &EffectRow(effect)).await;
        }

        /// How many rows are left after a look at what is left over.
        async fn left<T: Record>(&self) -> usize {
            self.core.forget_all().await.unwrap();
            let rows = self.core.store.scan_records::<T>(PARTNER, &[], None, PAGE);
            rows.await.unwrap().len()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_effect_is_remembered_until_long_after_the_end_of_its_request() {
        let world = World::new().await;
        let id = world.open("r-1").await;
        world.pass(EFFECTS_KEPT * 20);
        assert_eq!(world.left::<EffectRow>().await, 1, "its request is open");
        world.close(&id).await;
        world.pass(EFFECTS_KEPT);
        assert_eq!(world.left::<EffectRow>().await, 1, "it has just ended");
        world.pass(DAY);
        assert_eq!(world.left::<EffectRow>().await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_in_doubt_or_for_no_request_is_remembered_for_good() {
        let world = World::new().await;
        let id = world.open("r-1").await;
        let intended = EffectRow(Effect::Intended {
            at: world.core.now(),
        });
        world.put(&["i-1", "add_note", "r-1"], &intended).await;
        world.done("create_item", "web-security", None).await;
        world.close(&id).await;
        world.pass(EFFECTS_KEPT * 20);
        assert_eq!(world.left::<EffectRow>().await, 2, "of three");
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_is_remembered_for_as_long_as_tickets_can_be_shared() {
        let world = World::new().await;
        let id = world.open("r-1").await;
        world.pass(TURNS_KEPT * 2);
        assert_eq!(world.left::<TurnRow>().await, 1, "its request is open");
        world.close(&id).await;
        world.pass(TURNS_KEPT);
        assert_eq!(world.left::<TurnRow>().await, 1, "it has just ended");
        world.pass(DAY);
        assert_eq!(world.left::<TurnRow>().await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_belonged_to_a_removed_request_goes_with_it() {
        let world = World::new().await;
        let id = world.open("r-1").await;
        let mut batch = Batch::new();
        batch.delete(RequestRow::key(PARTNER, &[id.as_str()]), Expect::Any);
        world.core.store.commit(batch).await.unwrap();
        assert_eq!(world.left::<TurnRow>().await, 0);
        assert_eq!(world.left::<EffectRow>().await, 1, "it is too young");
        world.pass(EFFECTS_KEPT + DAY);
        assert_eq!(world.left::<EffectRow>().await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_consent_that_nobody_calls_by_goes_a_while_after_its_last_use() {
        let world = World::new().await;
        let consent = ConsentRow {
            token: Secret::new("newest"),
            at: world.core.now(),
        };
        world.put(&["hash"], &consent).await;
        world.pass(CONSENTS_KEPT);
        assert_eq!(world.left::<ConsentRow>().await, 1);
        world.pass(DAY);
        assert_eq!(world.left::<ConsentRow>().await, 0);
    }

    #[tokio::test]
    async fn a_consent_that_was_stored_without_its_time_is_read_as_an_old_one() {
        let store = Memory::new();
        let mut batch = Batch::new();
        batch.put(
            ConsentRow::key(PARTNER, &["hash"]),
            "1 \"newest\"",
            Expect::Absent,
        );
        store.commit(batch).await.unwrap();
        let row = store.get_record::<ConsentRow>(PARTNER, &["hash"]);
        let row = row.await.unwrap().unwrap().value;
        assert_eq!((row.token.expose(), row.at.as_millis()), ("newest", 0));
    }
}
