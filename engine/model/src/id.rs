//! Identifiers. Those that come from outside are checked once, here, so that they can stand in a
//! key, a URL or a log line without further thought.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

/// Why a text is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// It is empty or too long.
    #[error("{what} must have 1 to {max} characters, this one has {length}")]
    Length {
        /// What it should have been, e.g. "request id".
        what: &'static str,
        /// The longest allowed, in bytes.
        max: usize,
        /// What was given, in bytes.
        length: usize,
    },
    /// It holds a character that cannot stand in one.
    #[error("{what} may hold letters, digits and . _ : @ + - only, this one holds {found:?}")]
    Character {
        /// What it should have been.
        what: &'static str,
        /// The first character that is not allowed.
        found: char,
    },
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The longest one, in bytes.
            pub const MAX: usize = $max;

            /// Checks `text`.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                if text.is_empty() || text.len() > $max {
                    return Err(InvalidId::Length { what: $what, max: $max, length: text.len() });
                }
                match text.chars().find(|c| !(c.is_ascii_alphanumeric() || "._:@+-".contains(*c))) {
                    Some(found) => Err(InvalidId::Character { what: $what, found }),
                    None => Ok(Self(text)),
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}

id!(
    /// A partner, as the product names it.
    PartnerId, "partner id", 64
);
id!(
    /// A customer of a partner, as the product names it.
    CustomerId, "customer id", 64
);
id!(
    /// A product whose usage is billed, as the product's vendor names it.
    ProductId, "product id", 64
);
id!(
    /// A user request, as the product names it. Fifty bytes, because it is the reference that a
    /// ticket carries in the PSA, and the shortest such field known holds 50.
    RequestId, "request id", 50
);
id!(
    /// One partner's configured use of one connector.
    IntegrationId, "integration id", 64
);
id!(
    /// An issue; the same cause for the same subject always has the same id.
    IssueId, "issue id", 200
);
id!(
    /// One execution of a pipeline.
    RunId, "run id", 64
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_safe_in_keys_and_urls() {
        assert!(RequestId::new("1650").is_ok());
        assert!(CustomerId::new("c062a202-e090-4e57-ba88-d74dfd2e3455").is_ok());
        assert!(matches!(RequestId::new(""), Err(InvalidId::Length { .. })));
        assert!(matches!(
            RequestId::new("x".repeat(51)),
            Err(InvalidId::Length { .. })
        ));
        for wrong in ["a/b", "a b", "a\0b", "ä", "a%2F"] {
            assert!(
                matches!(RequestId::new(wrong), Err(InvalidId::Character { .. })),
                "{wrong}"
            );
        }
    }
}
