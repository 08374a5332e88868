//! Scopes: what somebody may see and change.

use std::fmt;

use model::PartnerId;

/// What the bearer of a token, or somebody signed in, may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything, for every partner: the product's side and the people who run the engine.
    Operator,
    /// What a partner's administrator may do, for this partner only.
    Partner(PartnerId),
    /// What a partner may see, for this partner only; it changes nothing.
    Reader(PartnerId),
}

impl Scope {
    pub(crate) fn read(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None if text == "operator" => Some(Self::Operator),
            Some(("partner", id)) => PartnerId::new(id).ok().map(Self::Partner),
            Some(("reader", id)) => PartnerId::new(id).ok().map(Self::Reader),
            _ => None,
        }
    }

    /// The one partner that this is for; an operator's is for all of them.
    pub fn partner(&self) -> Option<&PartnerId> {
        match self {
            Self::Operator => None,
            Self::Partner(own) | Self::Reader(own) => Some(own),
        }
    }

    /// Whether this allows anything to be seen of `partner`.
    pub fn reaches(&self, partner: &str) -> bool {
        self.partner().is_none_or(|own| own.as_str() == partner)
    }

    /// What somebody with this scope is called.
    pub fn role(&self) -> &'static str {
        match self {
            Self::Operator => "Operator",
            Self::Partner(_) => "Administrator",
            Self::Reader(_) => "Read only",
        }
    }

    /// Whether this allows anything to be changed.
    pub fn may_change(&self) -> bool {
        !matches!(self, Self::Reader(_))
    }
}

/// As in a token: `operator`, `partner:<id>` or `reader:<id>`.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::Partner(id) => write!(f, "partner:{id}"),
            Self::Reader(id) => write!(f, "reader:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use super::*;

    #[test]
    fn a_partner_reaches_itself_only() {
        let id = PartnerId::new("msp-1").unwrap();
        for scope in [Scope::Partner(id.clone()), Scope::Reader(id)] {
            assert!(scope.reaches("msp-1"));
            assert!(!scope.reaches("msp-10") && !scope.reaches("msp") && !scope.reaches(""));
        }
        assert!(Scope::Operator.reaches("msp-1"));
    }

    #[test]
    fn a_reader_changes_nothing() {
        let id = PartnerId::new("msp-1").unwrap();
        assert!(!Scope::Reader(id.clone()).may_change());
        assert!(Scope::Partner(id).may_change() && Scope::Operator.may_change());
    }
}
