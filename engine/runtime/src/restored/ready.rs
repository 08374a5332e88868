//! Readies a state that was just brought back, before anything works on it: what in it would act on
//! what was true at the time of the backup, and is not safe to, is taken back.

use model::billing::{DecisionKind, Mode};
use model::{IntegrationId, Issue, IssueKind, PartnerId};
use store::{Batch, Expect, Key, Record, Records, Store, Versioned};

use super::{Restored, billing_asks};
use crate::tables::{
    CursorRow, DecisionRow, IssueRow, JobRow, NOBODY, PAGE, PartnerListRow, PolicyRow, RestoredRow,
};

/// What was changed in a restored state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readied {
    /// The integrations that billed by themselves, and wait for approval now.
    pub asking: Vec<(PartnerId, IntegrationId)>,
    /// How many decisions about billing were dropped, which were not applied yet.
    pub dropped: u64,
}

/// Readies a state that was just brought back: to be called before anything works on it. Doing it
/// twice is the same as doing it once.
pub async fn ready_restored(store: &dyn Store, of: Restored) -> Result<Readied, store::Error> {
    let mut readied = Readied::default();
    let mut pages = store.pages::<PartnerListRow>(NOBODY, &[], PAGE);
    while let Some(page) = pages.next().await? {
        for (_, Versioned { value, .. }) in page {
            ready_partner(store, &value.0, of, &mut readied).await?;
        }
    }
    let mut batch = Batch::new();
    batch.put_record(NOBODY, &[], &RestoredRow(of), Expect::Any);
    store.commit(batch).await?;
    Ok(readied)
}

async fn ready_partner(
    store: &dyn Store,
    partner: &PartnerId,
    of: Restored,
    readied: &mut Readied,
) -> Result<(), store::Error> {
    each(store, partner, |batch, key, mut row: PolicyRow| {
        if row.0.mode != Mode::Automatic {
            return;
        }
        row.0.mode = Mode::Ask;
        let integration = key.parts().into_iter().next();
        batch.put_record_at(key, &row, Expect::Any);
        if let Some(Ok(integration)) = integration.map(IntegrationId::new) {
            let issue = IssueRow(asks(partner, &integration, of));
            let parts = [issue.0.id.as_str()];
            batch.put_record(partner.as_str(), &parts, &issue, Expect::Any);
            readied.asking.push((partner.clone(), integration));
        }
    })
    .await?;
    each(store, partner, |batch, key, row: DecisionRow| {
        // What a person had left as it is stays so: that changes no bill.
        if row.0.kind != DecisionKind::Dismiss {
            batch.delete(key, Expect::Any);
            readied.dropped += 1;
        }
    })
    .await?;
    each(store, partner, |batch, key, mut row: CursorRow| {
        if row.0.open.take().is_some() {
            batch.put_record_at(key, &row, Expect::Any);
        }
    })
    .await?;
    each(store, partner, |batch, key, _: JobRow| {
        // It only reads, and another one can be started.
        batch.delete(key, Expect::Any);
    })
    .await
}

/// What the partner is told, who may not know of the restore: the product hears of it from those
/// who restore.
fn asks(partner: &PartnerId, integration: &IntegrationId, of: Restored) -> Issue {
    Issue {
        id: billing_asks(integration),
        partner: partner.clone(),
        kind: IssueKind::Restored,
        integration: Some(integration.clone()),
        cause: None,
        about: None,
        foreseen: false,
        title: "Billing, which was automatic, waits for approval since the state was restored"
            .to_owned(),
        detail: Some(format!(
            "what is known is of {}: usage may have changed since, and what was billed then is not \
             in the list of changes",
            of.taken_at
        )),
        remedy: "Once usage has been sent again, look at the plan and approve it. Then say how to \
                 bill from now on: saving the billing policy, automatic or not, closes this issue."
            .to_owned(),
        opened_at: of.restored_at,
        seen_at: of.restored_at,
    }
}

/// Shows every row of a table of the partner's to `ready`, and commits what that adds to the batch.
async fn each<T: Record>(
    store: &dyn Store,
    partner: &PartnerId,
    mut ready: impl FnMut(&mut Batch, Key, T) + Send,
) -> Result<(), store::Error> {
    let mut pages = store.pages::<T>(partner.as_str(), &[], PAGE);
    while let Some(page) = pages.next().await? {
        let mut batch = Batch::new();
        for (key, row) in page {
            ready(&mut batch, key, row.value);
        }
        if !batch.is_empty() {
            store.commit(batch).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use model::billing::{BillingPolicy, Day, Decimal, Decision};
    use serde_json::json;
    use store::Memory;

    use super::*;
    use crate::restored::restored;
    use crate::restored::tests::{at, of};
    use crate::tables::{Cursor, OpenRead};

    fn decision(kind: DecisionKind) -> DecisionRow {
        DecisionRow(Decision {
            kind,
            actual: Decimal::ZERO,
            desired: Decimal::whole(1),
            effective: Day::of(at(0)),
            at: at(0),
        })
    }

    fn policy(mode: Mode) -> PolicyRow {
        PolicyRow(BillingPolicy {
            mode,
            ..BillingPolicy::default()
        })
    }

    async fn mode(store: &Memory, integration: &str) -> Mode {
        let parts = [integration];
        let row = store.get_record::<PolicyRow>("msp", &parts).await;
        row.unwrap().unwrap().value.0.mode
    }

    #[tokio::test]
    async fn nothing_is_billed_unasked_and_half_read_lists_begin_anew() {
        let store = Memory::new();
        let mut batch = Batch::new();
        let partner = PartnerListRow(PartnerId::new("msp").unwrap());
        batch.put_record(NOBODY, &["msp"], &partner, Expect::Any);
        for (integration, mode) in [("auto", Mode::Automatic), ("shown", Mode::Preview)] {
            batch.put_record("msp", &[integration], &policy(mode), Expect::Any);
        }
        let kinds = [DecisionKind::Approve, DecisionKind::Dismiss];
        for (line, kind) in ["approved", "dismissed"].into_iter().zip(kinds) {
            batch.put_record("msp", &["auto", line], &decision(kind), Expect::Any);
        }
        let open = OpenRead {
            began: at(7),
            since: None,
            newest: None,
            position: json!({ "page": 3 }),
            pages: 2,
        };
        let cursor = CursorRow(Cursor {
            newest: Some(at(6)),
            open: Some(open),
        });
        batch.put_record("msp", &["auto", "poll", "list"], &cursor, Expect::Any);
        store.commit(batch).await.unwrap();

        assert_eq!(restored(&store).await.unwrap(), None);
        let readied = ready_restored(&store, of()).await.unwrap();
        let asking = readied.asking.iter().map(|(_, one)| one.as_str());
        assert_eq!((asking.collect(), readied.dropped), (vec!["auto"], 1));
        assert_eq!(restored(&store).await.unwrap(), Some(of()));
        let issues = store.scan_records::<IssueRow>("msp", &[], None, 10).await;
        let issues: Vec<_> = issues.unwrap().into_iter().map(|(key, _)| key).collect();
        let told = billing_asks(&IntegrationId::new("auto").unwrap());
        assert_eq!(issues, [IssueRow::key("msp", &[told.as_str()])]);
        assert_eq!(mode(&store, "auto").await, Mode::Ask);
        assert_eq!(mode(&store, "shown").await, Mode::Preview);
        let left = store.scan_records::<DecisionRow>("msp", &[], None, 10);
        let left = left.await.unwrap();
        let kinds = left.into_iter().map(|(_, row)| row.value.0.kind);
        assert_eq!(kinds.collect::<Vec<_>>(), [DecisionKind::Dismiss]);
        let cursor = store.get_record::<CursorRow>("msp", &["auto", "poll", "list"]);
        let cursor = cursor.await.unwrap().unwrap().value.0;
        assert_eq!(cursor.newest, Some(at(6)), "it is polled from there");
        assert!(cursor.open.is_none());

        let again = ready_restored(&store, of()).await.unwrap();
        assert_eq!(again, Readied::default());
    }
}
