//! What a pre-flight has found, and what it has looked for in vain.

use std::collections::{BTreeMap, BTreeSet};

use model::{IssueId, Verdict};

use crate::context::Context;
use crate::halt::Halt;
use crate::issues::{Cause, Trouble};
use crate::tables::IssueRow;

/// What was found, and what was looked for.
pub(super) struct Findings {
    found: BTreeMap<IssueId, Trouble>,
    /// What was looked at and is as it should be.
    fine: BTreeSet<IssueId>,
    /// By cause, how many of the looks for it have not come to their end.
    open: BTreeMap<String, usize>,
    /// Why the first look that could not be made could not.
    failed: Option<Halt>,
}

impl Findings {
    /// Nothing yet; one look will be made for each of `causes`.
    pub(super) fn of<'c>(causes: impl Iterator<Item = &'c str>) -> Self {
        let mut open = BTreeMap::new();
        for cause in causes {
            *open.entry(cause.to_owned()).or_default() += 1;
        }
        Self {
            found: BTreeMap::new(),
            fine: BTreeSet::new(),
            open,
            failed: None,
        }
    }

    /// Takes note of something that would stop tickets.
    pub(super) fn found(&mut self, trouble: Trouble) {
        self.found.insert(trouble.issue_id(), trouble);
    }

    /// Takes note that this is as it should be.
    pub(super) fn fine(&mut self, context: &Context<'_>, cause: &Cause) {
        let integration = &context.remote.integration.id;
        self.fine.insert(cause.issue_id(integration));
    }

    /// Takes note that one look for `cause` was made at all there is.
    pub(super) fn looked(&mut self, cause: &str) {
        if let Some(open) = self.open.get_mut(cause) {
            *open = open.saturating_sub(1);
        }
    }

    /// Goes on without a look that needs a person to be made; anything else ends the pre-flight,
    /// which comes again.
    pub(super) fn unmade(
        &mut self,
        context: &mut Context<'_>,
        operation: &str,
        halt: Halt,
    ) -> Result<(), Halt> {
        let Halt::Behind { .. } = halt else {
            return Err(halt);
        };
        context.verdicts.push(Verdict {
            operation: operation.to_owned(),
            stopped: halt.describe().1,
            pages: 0,
            records: 0,
            promised: None,
            complete: false,
        });
        self.failed.get_or_insert(halt);
        Ok(())
    }

    /// Opens and clears issues accordingly. Gives why a look could not be made, if one could not.
    pub(super) async fn settle(self, context: &mut Context<'_>) -> Result<Option<Halt>, Halt> {
        let core = context.remote.core.clone();
        let partner = context.partner;
        context.count("found", self.found.len() as u64);
        for trouble in self.found.values() {
            core.foresee(partner, trouble).await?;
        }
        let integration = &context.remote.integration.id;
        let rows: Vec<IssueRow> = core.all(partner.as_str(), &[]).await?;
        let ours = rows.into_iter().map(|row| row.0);
        let ours = ours.filter(|issue| issue.integration.as_ref() == Some(integration));
        let gone = ours.filter(|issue| {
            let cause = issue.cause.as_ref();
            let whole = cause.is_some_and(|cause| self.open.get(cause) == Some(&0));
            !self.found.contains_key(&issue.id) && (whole || self.fine.contains(&issue.id))
        });
        let gone: Vec<IssueId> = gone.map(|issue| issue.id).collect();
        context.count("gone", gone.len() as u64);
        for issue in gone {
            core.no_longer_seen(partner, &issue).await?;
        }
        Ok(self.failed)
    }
}
