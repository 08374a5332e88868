//! Paths of the API, read without regard to case.

use super::entities::{self, Entity};

/// What a path leads to.
#[derive(Clone, Copy)]
pub(crate) enum Route<'a> {
    ZoneInformation,
    VersionInformation,
    Version,
    ThresholdInformation,
    /// `/{Entity}`
    Collection(&'static Entity),
    /// `/{Entity}/query`
    Query(&'static Entity),
    /// `/{Entity}/query/count`
    Count(&'static Entity),
    /// `/{Entity}/entityInformation` and what follows.
    Information(&'static Entity, &'a str),
    /// `/{Entity}/{id}`
    Item(&'static Entity, i64),
    /// `/{Parent}/{id}/{Children}`
    Children(&'static Entity, i64),
    /// `/{Parent}/{id}/{Children}/{id}`
    Child(&'static Entity, i64, i64),
}

impl<'a> Route<'a> {
    /// The route of a path; none when the web server has nothing there.
    pub(crate) fn of(path: &'a str) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (service, rest) = segments.split_first()?;
        if !service.eq_ignore_ascii_case("ATServicesRest") {
            return None;
        }
        match rest {
            [only] if only.eq_ignore_ascii_case("versioninformation") => {
                Some(Self::VersionInformation)
            }
            [version, rest @ ..] if version.eq_ignore_ascii_case("V1.0") => Self::within(rest),
            _ => None,
        }
    }

    fn within(segments: &[&'a str]) -> Option<Self> {
        let named = |part: &str, name: &str| part.eq_ignore_ascii_case(name);
        match *segments {
            [one] => match one.to_ascii_lowercase().as_str() {
                "zoneinformation" => Some(Self::ZoneInformation),
                "thresholdinformation" => Some(Self::ThresholdInformation),
                "version" => Some(Self::Version),
                _ => entities::by_path(one).map(Self::Collection),
            },
            [entity, query] if named(query, "query") => entities::by_path(entity).map(Self::Query),
            [entity, query, count] if named(query, "query") && named(count, "count") => {
                entities::by_path(entity).map(Self::Count)
            }
            [entity, info] if named(info, "entityInformation") => {
                entities::by_path(entity).map(|entity| Self::Information(entity, ""))
            }
            [entity, info, part] if named(info, "entityInformation") => {
                entities::by_path(entity).map(|entity| Self::Information(entity, part))
            }
            [entity, id] => Some(Self::Item(entities::by_path(entity)?, id.parse().ok()?)),
            [parent, id, children] => Some(Self::Children(
                entities::by_parent(parent, children)?,
                id.parse().ok()?,
            )),
            [parent, _, children, info, ref part @ ..] if named(info, "entityInformation") => {
                let part = part.first().copied().unwrap_or_default();
                Some(Self::Information(
                    entities::by_parent(parent, children)?,
                    part,
                ))
            }
            [parent, id, children, child] => Some(Self::Child(
                entities::by_parent(parent, children)?,
                id.parse().ok()?,
                child.parse().ok()?,
            )),
            _ => None,
        }
    }

    /// The entity it is about; threads and counters are kept per entity.
    pub(crate) fn entity(&self) -> Option<&'static Entity> {
        match self {
            Self::Collection(entity)
            | Self::Query(entity)
            | Self::Count(entity)
            | Self::Information(entity, _)
            | Self::Item(entity, _)
            | Self::Children(entity, _)
            | Self::Child(entity, _, _) => Some(entity),
            _ => None,
        }
    }
}
