//! What a page says about the form that led to it. The address carries a code and a number, never
//! a text, so that nobody can make a link that puts words on a page.

/// A page where the set-up goes on: its part of the integration's pages, and what the way there
/// says.
type Next = (&'static str, &'static str);

/// After which of them the set-up goes on elsewhere, and where. Who bills nothing goes on to the
/// status at once, where the callout is set up.
const NEXT: [(&str, &[Next]); 7] = [
    ("mapping", &[("settings/tickets", "Next: tickets")]),
    ("accepted", &[("settings/tickets", "Next: tickets")]),
    (
        "settings",
        &[
            ("billing", "Next: billing"),
            ("status", "Or go on to the synchronization"),
        ],
    ),
    ("agreements", &[("billing/products", "Next: products")]),
    ("billing", &[("billing/products", "Next: products")]),
    (
        "products",
        &[("billing/policy", "Next: counting and limits")],
    ),
    (
        "policy",
        &[
            ("reconciliation", "Next: the plan"),
            ("status", "Then: the synchronization"),
        ],
    ),
];

/// The code for a form that came when its session was over.
pub(crate) const UNSAVED: &str = "unsaved";

/// Every code with its text; `{n}` is the number.
const SAID: &[(&str, &str)] = &[
    (
        "created",
        "Integration created. Its first synchronization is under way.",
    ),
    ("mapping", "Mapping saved: {n} changed."),
    ("accepted", "Suggestions accepted: {n} mapped."),
    ("settings", "Configuration saved."),
    ("policy", "Counting and limits saved."),
    ("script", "Script saved."),
    ("script_removed", "Script removed."),
    ("imported", "Import saved: {n} changed."),
    ("agreements", "Saved: {n} changed."),
    ("billing", "Saved."),
    ("products", "Product mapping saved: {n} changed."),
    (
        "approved",
        "Approved: {n}. Apply it now, or the next run does.",
    ),
    ("dismissed", "Dismissed: {n}."),
    ("comparing", "Started: a new plan is being made."),
    ("applying", "Started: what was approved is being applied."),
    ("undoing", "Started: {n} being taken back."),
    (
        "settled",
        "Settled. The next plan begins with what the PSA has now.",
    ),
    ("syncing", "Synchronization started."),
    ("rotated", "There is a new callout URL. Give it to the PSA."),
    ("retried", "What waits is being tried again: {n}."),
    ("mended", "That issue is mended already."),
    ("tried_again", "It is being tried again."),
    ("ticket_read", "Its ticket is being read again."),
    (
        "nothing",
        "There is nothing to do: it is over, and has no ticket.",
    ),
    (
        "credentials",
        "Connection successful. The new credentials are in use.",
    ),
    (
        "spare",
        "Connection successful. They are kept; no call is made with them yet.",
    ),
    (
        "spare_works",
        "Connection successful. No call is made with them yet.",
    ),
    ("spare_removed", "Removed. They are forgotten."),
    ("notice_taken", "The test notice was taken."),
    ("revoked", "Revoked. It is refused from now on."),
    ("schedule", "Schedule saved."),
    ("paused", "Paused. What comes waits."),
    ("resumed", "Resumed. What has waited goes on."),
    (
        "disconnected",
        "Disconnected. The credentials are forgotten.",
    ),
    (
        UNSAVED,
        "Your session was over: nothing of what you sent was saved. Enter it again.",
    ),
];

/// What was done, for the top of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// The text.
    pub(crate) text: String,
    /// Whether it is that nothing was done.
    pub(crate) is_warning: bool,
    /// The pages where the set-up goes on.
    pub(crate) next: &'static [Next],
}

impl Said {
    /// What the query of an address says was done.
    pub(crate) fn of(query: &str) -> Option<Self> {
        let (mut code, mut number) = (None, 0_u64);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "said" => code = SAID.iter().find(|(known, _)| *known == value),
                "n" => number = value.parse().unwrap_or_default(),
                _ => {}
            }
        }
        let (code, text) = code?;
        let next = NEXT.iter().find(|(known, ..)| known == code);
        Some(Self {
            text: text.replace("{n}", &number.to_string()),
            is_warning: *code == UNSAVED,
            next: next.map(|(_, ways)| *ways).unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_codes_speak() {
        let said = |query: &str| Said::of(query).map(|said| said.text);
        assert_eq!(
            said("said=mapping&n=3").as_deref(),
            Some("Mapping saved: 3 changed.")
        );
        assert_eq!(said("said=<b>you+won</b>"), None);
        assert_eq!(said("n=3"), None);
    }
}
