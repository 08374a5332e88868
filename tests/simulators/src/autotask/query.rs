//! Queries: reading one, counting, and pages that are ascending by id and bound to their verb.
//!
//! The page token is opaque to callers. It remembers the verb and a digest of the query, so that a
//! client that follows `nextPageUrl` with another verb or another body is told, not served.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::config::Treatment;
use super::entities::{Entity, Verb};
use super::filter::{self, Condition, known_field, member};
use super::tenant::{Record, Right, Tenant, value_of};
use crate::url::encoded;

/// Largest and default page size.
pub(crate) const PAGE_MAX: usize = 500;

/// A query that was read and found right.
#[derive(Debug)]
pub(crate) struct Query {
    condition: Condition,
    page_size: usize,
    /// Names to show; empty for all.
    include: BTreeSet<&'static str>,
    include_user_defined: bool,
    digest: u64,
}

/// Where a page starts; travels in page URLs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Token {
    page_size: usize,
    verb: String,
    query: u64,
    /// The last id before each page so far; the last one is for this page.
    previous_ids: Vec<i64>,
}

/// How a query reached us; page URLs lead back the same way.
pub(crate) struct Via<'a> {
    pub(crate) method: &'a Method,
    /// Absolute URL of the query, without its query string.
    pub(crate) url: &'a str,
    /// The `search` parameter of a GET query, as it came.
    pub(crate) search: Option<&'a str>,
    /// The `paging` parameter.
    pub(crate) paging: Option<&'a str>,
}

impl Via<'_> {
    /// A page is bound to the verb of its query, whatever body comes with it.
    pub(crate) fn check_verb(&self) -> Result<(), Refusal> {
        let Some(paging) = self.paging else {
            return Ok(());
        };
        if read_token(paging)?.verb == self.method.as_str() {
            return Ok(());
        }
        Err(Refusal::Verb(self.method.clone()))
    }
}

fn read_token(paging: &str) -> Result<Token, Refusal> {
    serde_json::from_str(paging).map_err(|_| Refusal::invalid("The paging parameter is not valid."))
}

/// Reads the JSON of a query.
pub(crate) fn read(
    tenant: &Tenant,
    entity: &Entity,
    text: &str,
    oversized: Treatment,
) -> Result<Query, Refusal> {
    let query: Value = serde_json::from_str(text)
        .map_err(|error| Refusal::invalid(format!("The query is not valid JSON: {error}")))?;
    let query = query
        .as_object()
        .ok_or_else(|| Refusal::invalid("The query must be an object."))?;
    let filter = member(query, "filter")
        .and_then(Value::as_array)
        .filter(|it| !it.is_empty());
    let filter = filter.ok_or_else(|| Refusal::invalid("The query must have a filter."))?;
    let (include, include_user_defined) = included(entity, query)?;
    Ok(Query {
        condition: filter::read(tenant, entity, filter)?,
        page_size: page_size(query, oversized)?,
        include,
        include_user_defined,
        digest: digest(query),
    })
}

fn page_size(query: &Map<String, Value>, oversized: Treatment) -> Result<usize, Refusal> {
    let Some(asked) = member(query, "maxRecords").filter(|asked| !asked.is_null()) else {
        return Ok(PAGE_MAX);
    };
    let size = asked.as_u64().and_then(|size| usize::try_from(size).ok());
    let size = size.map(|size| match oversized {
        Treatment::Ignore => size.min(PAGE_MAX),
        Treatment::Refuse => size,
    });
    size.filter(|size| (1..=PAGE_MAX).contains(size))
        .ok_or_else(|| Refusal::invalid(format!("MaxRecords must be between 1 and {PAGE_MAX}.")))
}

fn included(
    entity: &Entity,
    query: &Map<String, Value>,
) -> Result<(BTreeSet<&'static str>, bool), Refusal> {
    let mut include = BTreeSet::new();
    let mut user_defined = false;
    let names = member(query, "includeFields").and_then(Value::as_array);
    for name in names.into_iter().flatten().filter_map(Value::as_str) {
        if entity.user_defined_fields && name.eq_ignore_ascii_case("userDefinedFields") {
            user_defined = true;
            continue;
        }
        let field = known_field(entity, name)?;
        if !field.queryable {
            let text = format!("The field {name} cannot be included in a query.");
            return Err(Refusal::invalid(text));
        }
        include.insert(field.name);
    }
    Ok((include, user_defined))
}

fn digest(query: &Map<String, Value>) -> u64 {
    let mut hasher = DefaultHasher::new();
    Value::Object(query.clone()).to_string().hash(&mut hasher);
    hasher.finish()
}

/// `GET|POST /{Entity}/query/count`.
pub(crate) fn count(tenant: &Tenant, entity: &Entity, query: &Query) -> Value {
    json!({ "queryCount": matching(tenant, entity, query, i64::MIN).count() })
}

/// One page of `GET|POST /{Entity}/query`.
pub(crate) fn page(
    tenant: &Tenant,
    entity: &Entity,
    query: &Query,
    via: &Via<'_>,
) -> Result<Value, Refusal> {
    let token = token(query, via)?;
    let after = token.previous_ids.last().copied().unwrap_or(i64::MIN);
    let mut found = matching(tenant, entity, query, after);
    let rows: Vec<&Record> = found.by_ref().take(query.page_size).collect();
    let more = found.next().is_some();
    let next = rows
        .last()
        .filter(|_| more)
        .map(|row| token.extended(row.id).url(via));
    let previous = token.shortened().map(|token| token.url(via));
    let items: Vec<Value> = rows
        .iter()
        .map(|row| shown(tenant, entity, query, row))
        .collect();
    Ok(json!({
        "items": items,
        "pageDetails": {
            "count": items.len(),
            "requestCount": query.page_size,
            "prevPageUrl": previous,
            "nextPageUrl": next,
        },
    }))
}

fn token(query: &Query, via: &Via<'_>) -> Result<Token, Refusal> {
    let Some(paging) = via.paging else {
        return Ok(Token {
            page_size: query.page_size,
            verb: via.method.to_string(),
            query: query.digest,
            previous_ids: Vec::new(),
        });
    };
    let token = read_token(paging)?;
    if token.query != query.digest {
        return Err(Refusal::invalid(
            "The paging parameter belongs to another query.",
        ));
    }
    Ok(token)
}

fn matching<'a>(
    tenant: &'a Tenant,
    entity: &'a Entity,
    query: &'a Query,
    after: i64,
) -> impl Iterator<Item = &'a Record> {
    tenant
        .rows_after(entity, after)
        .filter(|row| query.condition.holds(row))
        .filter(|row| visible(tenant, entity, row))
}

/// A restricted right shows what the API user created; rows without a creator are shown too.
pub(crate) fn visible(tenant: &Tenant, entity: &Entity, row: &Record) -> bool {
    match tenant.right(entity, Verb::Query) {
        Right::All => true,
        Right::None => false,
        Right::Restricted => row
            .number("creatorResourceID")
            .is_none_or(|creator| creator == tenant.api_user),
    }
}

fn shown(tenant: &Tenant, entity: &Entity, query: &Query, row: &Record) -> Value {
    if query.include.is_empty() && !query.include_user_defined {
        return Value::Object(tenant.shown(entity, row));
    }
    let mut shown = Map::new();
    for field in entity
        .fields
        .iter()
        .filter(|field| query.include.contains(field.name))
    {
        shown.insert(field.name.to_owned(), value_of(row, field.name));
    }
    if entity.user_defined_fields {
        let user_defined = query
            .include_user_defined
            .then(|| tenant.shown_udfs(entity, row));
        shown.insert(
            "userDefinedFields".to_owned(),
            user_defined.unwrap_or_else(|| json!([])),
        );
    }
    Value::Object(shown)
}

impl Token {
    fn extended(&self, last: i64) -> Self {
        let mut next = self.clone();
        next.previous_ids.push(last);
        next
    }

    fn shortened(&self) -> Option<Self> {
        let mut previous = self.clone();
        previous.previous_ids.pop().map(|_| previous)
    }

    fn url(&self, via: &Via<'_>) -> String {
        let paging = serde_json::to_string(self).unwrap_or_default();
        let search = via
            .search
            .map(|search| format!("&search={}", encoded(search)));
        format!(
            "{}?paging={}{}",
            via.url,
            encoded(&paging),
            search.unwrap_or_default()
        )
    }
}
