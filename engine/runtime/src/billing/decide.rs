//! What people decide about a plan: approve, dismiss, adjust, take back, settle.
//!
//! A decision is kept beside the line, for exactly the change that was seen. The next run follows
//! it if both quantities are still the same.

use std::collections::BTreeMap;

use definition::pipeline::Event;
use model::billing::{
    Change, ChangeState, Decimal, Decision, DecisionKind, Mode, PlanLine, PlanState,
};
use model::{IntegrationId, PartnerId};
use store::{Batch, Expect, Record, Records, Versioned};

use super::facts::{by_line, doubts, is_unclear};
use super::{SECTION, remedy};
use crate::Runtime;
use crate::error::{Error, Fault};
use crate::events::Happened;
use crate::requests::TRIES;
use crate::tables::{ChangeRow, DecisionRow, DoubtRow, PlanLineRow};

/// How many lines are decided about in one commit, two records each.
const LINES_PER_COMMIT: usize = 500;

/// How many faults are told at once.
const FAULTS_MAX: usize = 20;

/// What a person decides about lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// To make the changes.
    Approve,
    /// To leave the lines as they are, until something changes.
    Dismiss,
    /// To make it this quantity instead.
    Adjust(Decimal),
}

/// Lines that somebody decides about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Their ids; all that wait for a decision when there are none named.
    pub lines: Option<Vec<String>>,
    /// What was seen of lines, by their ids: [`PlanLine::seen`]. A line that has become another
    /// change since is not decided about.
    pub seen: BTreeMap<String, String>,
}

impl From<Option<Vec<String>>> for Chosen {
    fn from(lines: Option<Vec<String>>) -> Self {
        let seen = BTreeMap::new();
        Self { lines, seen }
    }
}

/// What came of decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// About how many lines or changes it was decided.
    pub decided: usize,
}

impl Runtime {
    /// Decides about lines of the plan; about all that wait for it when none are named. All that
    /// are named must be there, wait for a decision, and be what was seen of them. The next run
    /// applies what is approved; [`Runtime::apply_plan`] starts it.
    pub async fn decide(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        chosen: impl Into<Chosen>,
        verdict: Verdict,
    ) -> Result<Decided, Error> {
        let (chosen, mut tries) = (chosen.into(), 1);
        loop {
            match self.decide_once(partner, id, chosen.clone(), verdict).await {
                // Somebody else decides about the same lines, or a run makes a new plan: both are
                // seen the next time.
                Err(Error::Busy { .. }) if tries < TRIES => tries += 1,
                decided => return decided,
            }
        }
    }

    async fn decide_once(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        Chosen { lines, seen }: Chosen,
        verdict: Verdict,
    ) -> Result<Decided, Error> {
        let policy = self.billing_policy(partner, id).await?;
        if policy.mode == Mode::Preview && verdict != Verdict::Dismiss {
            return Err(Error::Invalid {
                faults: vec![Fault {
                    pointer: String::new(),
                    message: "billing is in preview, so nothing is written".to_owned(),
                    hint: Some("set the mode to `ask` or `automatic` first".to_owned()),
                    place: None,
                }],
            });
        }
        if let Verdict::Adjust(to) = verdict
            && (to.is_negative() || to.up() != to)
        {
            let message = "a quantity is a whole number and not below zero";
            return Err(Error::invalid("/quantity", message));
        }
        let prefix = [id.as_str()];
        let known = by_line(&self.core, partner.as_str(), &prefix, |row: PlanLineRow| {
            row.0
        });
        let known = known.await?;
        let chosen = match lines {
            None => known
                .into_values()
                .filter(|line| waits(&line.value))
                .collect(),
            Some(ids) => named(known, ids)?,
        };
        check_seen(&chosen, &seen)?;
        for part in chosen.chunks(LINES_PER_COMMIT) {
            let mut batch = Batch::new();
            for line in part {
                self.decide_one(&mut batch, (partner, id), line, verdict);
            }
            self.commit(batch, "the plan").await?;
        }
        Ok(Decided {
            decided: chosen.len(),
        })
    }

    fn decide_one(
        &self,
        batch: &mut Batch,
        (partner, id): (&PartnerId, &IntegrationId),
        known: &Versioned<PlanLine>,
        verdict: Verdict,
    ) {
        let mut line = known.value.clone();
        let (kind, state, reason) = match verdict {
            Verdict::Approve => (DecisionKind::Approve, PlanState::Approved, "approved"),
            Verdict::Dismiss => (DecisionKind::Dismiss, PlanState::Dismissed, "dismissed"),
            Verdict::Adjust(to) => (DecisionKind::Adjust(to), PlanState::Approved, "adjusted"),
        };
        line.target_quantity = match verdict {
            Verdict::Adjust(to) => to,
            Verdict::Approve | Verdict::Dismiss => line.desired,
        };
        line.state = state;
        line.reason = format!("a person {reason} it");
        let decision = DecisionRow(Decision {
            kind,
            actual: line.actual,
            desired: line.desired,
            effective: line.effective,
            at: self.core.now(),
        });
        let parts = [id.as_str(), line.id.as_str()];
        let expect = Expect::Version(known.version);
        batch
            .put_record(partner.as_str(), &parts, &PlanLineRow(line.clone()), expect)
            .put_record(partner.as_str(), &parts, &decision, Expect::Any);
    }

    /// Has what is approved applied now.
    pub async fn apply_plan(&self, partner: &PartnerId, id: &IntegrationId) -> Result<(), Error> {
        let mut batch = Batch::new();
        self.decided(&mut batch, partner, id).await?;
        self.commit(batch, "the queue").await
    }

    /// Queues a run because of what a person decided.
    async fn decided(
        &self,
        batch: &mut Batch,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<(), Error> {
        let integration = self.core.integration(partner, id).await?.value.0;
        if !integration.is_on(SECTION) {
            let message = "billing is switched off for this integration";
            return Err(Error::invalid("", message));
        }
        let fold = super::fold(id);
        let happened = Happened {
            fold: Some(&fold),
            ..Happened::plain(Event::PlanDecided, self.core.now())
        };
        self.core.enqueue_event(batch, &integration, &happened);
        Ok(())
    }

    /// Takes back changes, each by its inverse, and has that done now. Only the newest change of a
    /// line can be taken back, and only once. Until the usage changes, the line then stays as it
    /// was before.
    pub async fn undo(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        changes: Vec<String>,
    ) -> Result<Decided, Error> {
        let mut batch = Batch::new();
        self.decided(&mut batch, partner, id).await?;
        let all = self.changes(partner, id).await?;
        let mut faults = Vec::new();
        for (index, wanted) in changes.iter().enumerate().take(LINES_PER_COMMIT) {
            match undoable(&all, wanted) {
                Err(message) => faults.push(Fault {
                    pointer: format!("/changes/{index}"),
                    message,
                    hint: None,
                    place: None,
                }),
                Ok(change) => {
                    let decision = DecisionRow(Decision {
                        kind: DecisionKind::Undo {
                            change: change.id.clone(),
                            to: change.before,
                        },
                        actual: change.after,
                        desired: change.line.desired,
                        effective: change.line.effective,
                        at: self.core.now(),
                    });
                    let parts = [id.as_str(), change.line.id.as_str()];
                    batch.put_record(partner.as_str(), &parts, &decision, Expect::Any);
                }
            }
        }
        if changes.len() > LINES_PER_COMMIT {
            let message = format!("at most {LINES_PER_COMMIT} changes in one call");
            return Err(Error::invalid("/changes", message));
        }
        if !faults.is_empty() {
            faults.truncate(FAULTS_MAX);
            return Err(Error::Invalid { faults });
        }
        self.commit(batch, "the plan").await?;
        Ok(Decided {
            decided: changes.len(),
        })
    }

    /// A person has looked at a line whose change could not be told apart: whatever the PSA has
    /// now counts, and the next plan begins with it.
    pub async fn settle_line(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        line: &str,
    ) -> Result<(), Error> {
        self.core.integration(partner, id).await?;
        let open = doubts(&self.core, partner.as_str(), id.as_str()).await?;
        let Some(change) = open.get(line).filter(|change| is_unclear(change)) else {
            return Err(Error::not_found("line that is to be settled", line));
        };
        let mut batch = Batch::new();
        let parts = [id.as_str(), line];
        batch.delete(DoubtRow::key(partner.as_str(), &parts), Expect::Any);
        batch.delete(DecisionRow::key(partner.as_str(), &parts), Expect::Any);
        self.decided(&mut batch, partner, id).await?;
        self.commit(batch, "the plan").await?;
        remedy::clear(&self.core, partner, id, &change.line.id).await
    }

    /// Every change that was ever sent for the integration, as far as they are kept, newest first.
    pub async fn changes(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<Vec<Change>, Error> {
        self.core.integration(partner, id).await?;
        let rows: Vec<ChangeRow> = self.core.all(partner.as_str(), &[id.as_str()]).await?;
        let mut changes: Vec<Change> = rows.into_iter().map(|row| row.0).collect();
        changes.sort_by(|a, b| b.id.cmp(&a.id));
        Ok(changes)
    }

    /// One line of the plan.
    pub(super) async fn plan_line(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        line: &str,
    ) -> Result<PlanLine, Error> {
        self.core.integration(partner, id).await?;
        let row = self
            .core
            .store
            .get_record::<PlanLineRow>(partner.as_str(), &[id.as_str(), line])
            .await?;
        Ok(row
            .ok_or_else(|| Error::not_found("line of the plan", line))?
            .value
            .0)
    }
}

/// Whether a line waits for a person.
fn waits(line: &PlanLine) -> bool {
    matches!(line.state, PlanState::Proposed | PlanState::Held)
}

fn named(
    mut known: BTreeMap<String, Versioned<PlanLine>>,
    ids: Vec<String>,
) -> Result<Vec<Versioned<PlanLine>>, Error> {
    let (mut chosen, mut faults) = (Vec::new(), Vec::new());
    for (index, id) in ids.into_iter().enumerate() {
        let wrong = match known.remove(&id) {
            None => format!("there is no line {id} in the plan, or it is named twice"),
            Some(line) => match line.value.state {
                PlanState::Proposed
                | PlanState::Held
                | PlanState::Approved
                | PlanState::Dismissed => {
                    chosen.push(line);
                    continue;
                }
                state => format!("the line is {}: there is nothing to decide", state.name()),
            },
        };
        faults.push(Fault {
            pointer: format!("/lines/{index}"),
            message: wrong,
            hint: None,
            place: None,
        });
    }
    if faults.is_empty() {
        Ok(chosen)
    } else {
        faults.truncate(FAULTS_MAX);
        Err(Error::Invalid { faults })
    }
}

/// Refuses lines that have become other changes since somebody saw them.
fn check_seen(
    chosen: &[Versioned<PlanLine>],
    seen: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let fault = |line: &Versioned<PlanLine>| {
        let (line, now) = (&line.value, line.value.seen());
        let before = seen.get(&line.id).filter(|before| **before != now)?;
        Some(Fault {
            pointer: format!("/seen/{}", line.id),
            message: format!(
                "{} of {} is {now} meanwhile; {before} was seen",
                line.item_name, line.company_name
            ),
            hint: Some("look at the plan again, and decide about what it says now".to_owned()),
            place: None,
        })
    };
    let faults: Vec<Fault> = chosen.iter().filter_map(fault).take(FAULTS_MAX).collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid { faults })
    }
}

/// The change, if it can be taken back; else why not. `all` is newest first.
fn undoable<'c>(all: &'c [Change], wanted: &str) -> Result<&'c Change, String> {
    let Some(change) = all.iter().find(|change| change.id == wanted) else {
        return Err(format!("there is no change {wanted}"));
    };
    if let Some(by) = &change.undone_by {
        return Err(format!("change {by} has taken it back already"));
    }
    if change.state != ChangeState::Verified {
        return Err(format!(
            "it is {}: there is nothing to take back",
            change.state.name()
        ));
    }
    let of_line = all.iter().filter(|one| one.line.id == change.line.id);
    let newest = of_line
        .clone()
        .find(|one| one.state != ChangeState::NotDone);
    match newest.filter(|newest| newest.id != change.id) {
        Some(later) => Err(format!(
            "change {} came later: take that back first",
            later.id
        )),
        None => Ok(change),
    }
}
