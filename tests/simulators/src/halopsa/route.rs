//! Paths of the tenant, read without regard to case.

use super::entities::{self, AGENT, Entity, INVOICE, Which};

/// What a path leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Route<'a> {
    /// `/auth/token`
    Token,
    /// `/auth/.well-known/openid-configuration`
    Discovery,
    /// `/api/authinfo`
    AuthInfo,
    /// `/api/InstanceInfo`
    InstanceInfo,
    /// `/api/{Entity}`
    Collection(&'static Entity),
    /// `/api/{Entity}/{id}`; whatever stands there, it need not be an id.
    Item(&'static Entity, &'a str),
    /// `/api/Agent/me`
    Me,
    /// `/api/RecurringInvoice/updatelines` and `/api/RecurringInvoice/lines`
    Lines,
    /// `/api/RecurringInvoice/process`, which makes real invoices.
    Process,
}

impl<'a> Route<'a> {
    /// The route of a path; none when there is nothing.
    pub(crate) fn of(path: &'a str) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (first, rest) = segments.split_first()?;
        match first.to_ascii_lowercase().as_str() {
            "auth" => Self::of_auth(rest),
            "api" => Self::of_api(rest),
            _ => None,
        }
    }

    fn of_auth(segments: &[&str]) -> Option<Self> {
        let path = segments.join("/").to_ascii_lowercase();
        match path.as_str() {
            "token" => Some(Self::Token),
            ".well-known/openid-configuration" => Some(Self::Discovery),
            _ => None,
        }
    }

    fn of_api(segments: &[&'a str]) -> Option<Self> {
        match *segments {
            [one] => match one.to_ascii_lowercase().as_str() {
                "authinfo" => Some(Self::AuthInfo),
                "instanceinfo" => Some(Self::InstanceInfo),
                _ => entities::by_path(one).map(Self::Collection),
            },
            [entity, id] => Some(Self::within(entities::by_path(entity)?, id)),
            _ => None,
        }
    }

    fn within(entity: &'static Entity, id: &'a str) -> Self {
        let of = |which| entity.which == which;
        match id.to_ascii_lowercase().as_str() {
            "me" if of(Which::Agent) => Self::Me,
            "updatelines" | "lines" if of(Which::Invoice) => Self::Lines,
            "process" if of(Which::Invoice) => Self::Process,
            _ => Self::Item(entity, id),
        }
    }

    /// The name that faults and the log know a path by.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Discovery => "openid-configuration",
            Self::AuthInfo => "authinfo",
            Self::InstanceInfo => "InstanceInfo",
            Self::Collection(entity) | Self::Item(entity, _) => entity.path,
            Self::Me => AGENT.path,
            Self::Lines | Self::Process => INVOICE.path,
        }
    }

    /// Whether a path needs no token.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Self::Token | Self::Discovery | Self::AuthInfo)
    }
}
