//! What a field of an entity is: its type, where it shows, and who may write it.

use super::entities::Entity;

/// How a value is read, kept and shown.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A whole number. `95.0`, as number or text, is refused.
    Int,
    /// A number that is always shown with a fraction, ids among them.
    Double,
    Text,
    Bool,
    /// A date and time in UTC without a zone; "no date" is a moment, too.
    Moment,
    /// An array or object that is taken and shown as it is.
    Json,
    /// The name of the record that another field refers to; computed, never written.
    NameOf(&'static str, &'static Entity),
}

/// Where a field shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the rows of a list and on its own.
    Row,
    /// In the rows only when this parameter is `true`; on its own always.
    RowIf(&'static str),
    /// Only when the record is read by itself.
    Detail,
    /// Nowhere: it steers a write.
    Control,
    /// Nowhere: the simulator's own.
    Inner,
}

/// One field of an entity, by its name in the API's description.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    /// Whether callers can write it; what they send is ignored otherwise.
    pub(crate) writable: bool,
}

impl Field {
    const fn of(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            place: Place::Row,
            writable: true,
        }
    }

    /// Only on the record by itself.
    pub(crate) const fn detail(mut self) -> Self {
        self.place = Place::Detail;
        self
    }

    /// Sent to steer a write, kept nowhere.
    pub(crate) const fn control(mut self) -> Self {
        self.place = Place::Control;
        self
    }

    /// Known to the simulator alone.
    pub(crate) const fn inner(mut self) -> Self {
        self.place = Place::Inner;
        self.writable = false;
        self
    }

    /// Taken from callers, and never shown again.
    pub(crate) const fn secret(mut self) -> Self {
        self.place = Place::Inner;
        self
    }

    /// In rows only when `parameter` asks for it.
    pub(crate) const fn row_if(mut self, parameter: &'static str) -> Self {
        self.place = Place::RowIf(parameter);
        self
    }

    /// Set by the system alone.
    pub(crate) const fn read_only(mut self) -> Self {
        self.writable = false;
        self
    }
}

pub(crate) const fn int(name: &'static str) -> Field {
    Field::of(name, Kind::Int)
}

pub(crate) const fn double(name: &'static str) -> Field {
    Field::of(name, Kind::Double)
}

pub(crate) const fn text(name: &'static str) -> Field {
    Field::of(name, Kind::Text)
}

pub(crate) const fn flag(name: &'static str) -> Field {
    Field::of(name, Kind::Bool)
}

pub(crate) const fn moment(name: &'static str) -> Field {
    Field::of(name, Kind::Moment)
}

pub(crate) const fn json(name: &'static str) -> Field {
    Field::of(name, Kind::Json)
}

/// `name` shows the name of the record that `reference` holds the id of.
pub(crate) const fn name_of(
    name: &'static str,
    reference: &'static str,
    entity: &'static Entity,
) -> Field {
    Field::of(name, Kind::NameOf(reference, entity)).read_only()
}
