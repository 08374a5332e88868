//! Filters of a query: the fifteen operators, read strictly and evaluated as a database would.
//!
//! Names of fields are compared without case, operators with it. Texts compare without case (the
//! back end is a database with such a collation). A null meets no condition but `notExist`.

mod cell;

use serde_json::{Map, Value};

use self::cell::{Cell, cell};
use super::answer::Refusal;
use super::entities::{Entity, Field, Kind};
use super::tenant::{Record, Tenant, value_of};

/// Most values in one `in`/`notIn` and most conditions in one `or`.
pub(crate) const ALTERNATIVES_MAX: usize = 500;
/// Deepest nesting of groups.
pub(crate) const DEPTH_MAX: usize = 20;

/// A condition that a record meets or not.
#[derive(Debug)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Test {
        subject: Subject,
        operator: Operator,
        operands: Vec<Cell>,
    },
}

/// What a condition looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject {
    Field(&'static str, Kind),
    UserDefined(i64),
}

/// An operator that compares, with the API's own spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    NotEq,
    Gt,
    Gte,
    Lt,
    Lte,
    BeginsWith,
    EndsWith,
    Contains,
    Exist,
    NotExist,
    In,
    NotIn,
}

/// Reads a `filter` array: all of its members must hold.
pub(crate) fn read(
    tenant: &Tenant,
    entity: &Entity,
    filter: &[Value],
) -> Result<Condition, Refusal> {
    let mut reader = Reader {
        tenant,
        entity,
        user_defined: 0,
    };
    let conditions = reader.group(filter, 0)?;
    if reader.user_defined > 1 {
        let text = "You can only query by one user-defined field at a time.";
        return Err(Refusal::invalid(text));
    }
    Ok(Condition::All(conditions))
}

struct Reader<'a> {
    tenant: &'a Tenant,
    entity: &'a Entity,
    user_defined: usize,
}

impl Reader<'_> {
    fn group(&mut self, items: &[Value], depth: usize) -> Result<Vec<Condition>, Refusal> {
        if depth > DEPTH_MAX {
            return Err(Refusal::invalid("The filter is nested too deeply."));
        }
        items
            .iter()
            .map(|item| self.condition(item, depth))
            .collect()
    }

    fn condition(&mut self, item: &Value, depth: usize) -> Result<Condition, Refusal> {
        let item = item
            .as_object()
            .ok_or_else(|| Refusal::invalid("A filter must be an object."))?;
        let op = member(item, "op")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match op {
            "and" => Ok(Condition::All(self.items(item, depth)?)),
            "or" => Ok(Condition::Any(self.items(item, depth)?)),
            _ => self.test(item, op),
        }
    }

    fn items(
        &mut self,
        item: &Map<String, Value>,
        depth: usize,
    ) -> Result<Vec<Condition>, Refusal> {
        let items = member(item, "items")
            .and_then(Value::as_array)
            .filter(|it| !it.is_empty());
        let items = items.ok_or_else(|| Refusal::invalid("A filter group must have items."))?;
        if items.len() > ALTERNATIVES_MAX {
            return Err(too_many_alternatives());
        }
        self.group(items, depth + 1)
    }

    fn test(&mut self, item: &Map<String, Value>, op: &str) -> Result<Condition, Refusal> {
        let operator = Operator::read(op)
            .ok_or_else(|| Refusal::invalid(format!("The filter operator '{op}' is not valid.")))?;
        let name = member(item, "field")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let udf = member(item, "udf")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        let subject = if udf {
            self.definition(name)?
        } else {
            self.field(name)?
        };
        let operands = operands(operator, subject, member(item, "value"))?;
        Ok(Condition::Test {
            subject,
            operator,
            operands,
        })
    }

    fn field(&self, name: &str) -> Result<Subject, Refusal> {
        let field = known_field(self.entity, name)?;
        if field.queryable {
            return Ok(Subject::Field(field.name, field.kind));
        }
        let text = format!(
            "The field {} in the {} Entity is not queryable.",
            name, self.entity.name
        );
        Err(Refusal::invalid(text))
    }

    fn definition(&mut self, name: &str) -> Result<Subject, Refusal> {
        self.user_defined += 1;
        let definition = self.tenant.definition(self.entity, name);
        definition
            .map(|definition| Subject::UserDefined(definition.id))
            .ok_or_else(|| unknown_field(self.entity, name))
    }
}

/// The field of that name, or the API's way to say that there is none.
pub(crate) fn known_field(entity: &Entity, name: &str) -> Result<&'static Field, Refusal> {
    entity
        .field(name)
        .ok_or_else(|| unknown_field(entity, name))
}

/// The API's way to say that a field does not exist.
pub(crate) fn unknown_field(entity: &Entity, name: &str) -> Refusal {
    Refusal::invalid(format!(
        "Unable to find {name} in the {} Entity.",
        entity.name
    ))
}

/// A member of an object; its keys are compared without case.
pub(crate) fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn too_many_alternatives() -> Refusal {
    Refusal::invalid(format!(
        "A query can have at most {ALTERNATIVES_MAX} OR conditions."
    ))
}

fn operands(
    operator: Operator,
    subject: Subject,
    value: Option<&Value>,
) -> Result<Vec<Cell>, Refusal> {
    let missing = || Refusal::invalid(format!("The filter operator '{operator:?}' needs a value."));
    match operator {
        Operator::Exist | Operator::NotExist => Ok(Vec::new()),
        Operator::In | Operator::NotIn => {
            let values = value
                .and_then(Value::as_array)
                .filter(|values| !values.is_empty());
            let values = values.ok_or_else(missing)?;
            if values.len() > ALTERNATIVES_MAX {
                return Err(too_many_alternatives());
            }
            values.iter().map(|value| operand(subject, value)).collect()
        }
        _ => Ok(vec![operand(subject, value.ok_or_else(missing)?)?]),
    }
}

fn operand(subject: Subject, value: &Value) -> Result<Cell, Refusal> {
    let kind = match subject {
        Subject::Field(_, kind) => kind,
        Subject::UserDefined(_) => Kind::Text,
    };
    cell(kind, value).ok_or_else(|| conversion_failed(kind, value))
}

/// The database's own words, as the API passes them through.
fn conversion_failed(kind: Kind, value: &Value) -> Refusal {
    let value = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let target = match kind {
        Kind::Text => "varchar",
        Kind::Integer => "int",
        Kind::Long => "bigint",
        Kind::Decimal => "decimal",
        Kind::Boolean => "bit",
        Kind::DateTime => "datetime",
    };
    let text = format!("Conversion failed when converting varchar '{value}' to data type {target}");
    Refusal::invalid(text)
}

impl Operator {
    fn read(op: &str) -> Option<Self> {
        Some(match op {
            "eq" => Self::Eq,
            "noteq" => Self::NotEq,
            "gt" => Self::Gt,
            "gte" => Self::Gte,
            "lt" => Self::Lt,
            "lte" => Self::Lte,
            "beginsWith" => Self::BeginsWith,
            "endsWith" => Self::EndsWith,
            "contains" => Self::Contains,
            "exist" => Self::Exist,
            "notExist" => Self::NotExist,
            "in" => Self::In,
            "notIn" => Self::NotIn,
            _ => return None,
        })
    }
}

impl Condition {
    /// Whether the record meets the condition.
    pub(crate) fn holds(&self, record: &Record) -> bool {
        match self {
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(record)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(record)),
            Self::Test {
                subject,
                operator,
                operands,
            } => match subject.cell(record) {
                Some(actual) => operator.holds(&actual, operands),
                None => *operator == Operator::NotExist,
            },
        }
    }
}

impl Subject {
    fn cell(self, record: &Record) -> Option<Cell> {
        match self {
            Self::Field(name, kind) => cell(kind, &value_of(record, name)),
            Self::UserDefined(id) => record
                .user_defined
                .get(&id)
                .map(|value| Cell::Text(value.to_lowercase())),
        }
    }
}
