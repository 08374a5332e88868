//! Names in templates: what each leads to, inside whichever blocks it stands.

use handlebars::{Path, PathSeg};

use super::{Check, Need};
use crate::fault::{self, Fault};
use crate::shape::{Found, Shape};

/// A block inside which names mean something else.
pub(super) struct Frame {
    /// What names are looked up in.
    pub(super) this: Shape,
    /// The names that the block gives.
    pub(super) parameters: Vec<(String, Shape)>,
}

/// The variables that `#each` sets, beside `@root`.
const LOCALS: [&str; 4] = ["index", "key", "first", "last"];

/// The path as it was written.
pub(crate) fn raw(path: &Path) -> &str {
    match path {
        Path::Relative((_, raw)) | Path::Local((_, _, raw)) => raw,
    }
}

impl Check<'_> {
    /// Where in the template `raw` is written, at or after the current element.
    pub(super) fn place(&self, raw: &str) -> Option<(usize, usize)> {
        fault::locate(self.text, self.cursor, raw).map(|(offset, _)| offset)
    }

    /// The shape that `path` leads to, noting what of the scope it needs; or a fault.
    pub(super) fn resolve(&mut self, path: &Path, printed: bool) -> Option<Shape> {
        self.needs.extend(self.need(path, printed));
        match self.look_up(path) {
            Ok(shape) => Some(shape),
            Err(fault) => {
                self.faults.push(fault);
                None
            }
        }
    }

    /// What of the scope `path` needs; `None` inside a block, whose argument brings it along.
    fn need(&self, path: &Path, printed: bool) -> Option<Need> {
        let Written {
            names, ups, root, ..
        } = Written::of(path)?;
        let first = *names.first()?;
        let inside = !root && (ups < self.frames.len() || self.parameter(first).is_some());
        if inside {
            return None;
        }
        // Up to an index: a list is copied as a whole, so that its elements keep their places.
        let fields = names
            .iter()
            .take_while(|name| name.parse::<usize>().is_err());
        let fields: Vec<String> = fields.map(|name| (*name).to_owned()).collect();
        let printed = printed && fields.len() == names.len();
        Some(Need {
            names: fields,
            in_document: self.is_in_document(first),
            printed,
        })
    }

    /// The shape that `path` leads to, or why there is none.
    pub(super) fn look_up(&self, path: &Path) -> Result<Shape, Fault> {
        let raw = raw(path);
        let Some(Written {
            names,
            ups,
            root,
            this,
        }) = Written::of(path)
        else {
            return self.local(path);
        };
        let unknown =
            |message: String| Fault::new(fault::UNKNOWN_VARIABLE, message).at(self.place(raw));
        if ups > self.frames.len() {
            return Err(unknown(format!("`{raw}` leads out of the template")));
        }
        let Some((first, rest)) = names.split_first() else {
            let this = self.frame_at(ups).map(|frame| frame.this.clone());
            return this.ok_or_else(|| {
                unknown(format!("`{raw}` is all there is")).hint("name a field".to_owned())
            });
        };
        let start = match (self.parameter(first), self.frame_at(ups)) {
            _ if root => self.at_top(first, raw)?,
            (Some(shape), _) if !this => shape,
            (_, Some(frame)) => self.in_block(frame, first, raw)?,
            (_, None) => self.at_top(first, raw)?,
        };
        let end = rest
            .iter()
            .try_fold(start, |shape, name| self.step(shape, name, raw));
        end.cloned()
    }

    /// The block `ups` blocks out; `None` outside of all.
    fn frame_at(&self, ups: usize) -> Option<&Frame> {
        self.frames.get(self.frames.len().checked_sub(ups + 1)?)
    }

    fn in_block<'s>(&self, frame: &'s Frame, name: &str, raw: &str) -> Result<&'s Shape, Fault> {
        self.step(&frame.this, name, raw)
            .map_err(|fault| match self.at_top(name, raw) {
                Ok(_) => fault.hint(format!("from inside of this block it is `@root.{raw}`")),
                Err(_) if fault.hint.is_none() => {
                    let given = self.frames.iter().flat_map(|frame| &frame.parameters);
                    fault.hint(fault::suggest(name, given.map(|(name, _)| name.as_str())))
                }
                Err(_) => fault,
            })
    }

    /// `@index` and its like.
    fn local(&self, path: &Path) -> Result<Shape, Fault> {
        let Path::Local((_, name, raw)) = path else {
            return Ok(Shape::Any);
        };
        if LOCALS.contains(&name.as_str()) && !self.frames.is_empty() {
            return Ok(Shape::Scalar);
        }
        let fault = Fault::new(
            fault::UNKNOWN_VARIABLE,
            format!("`{raw}` is not known here"),
        );
        let hint = "`@index`, `@key`, `@first` and `@last` exist inside `{{#each}}`";
        Err(fault.at(self.place(raw)).hint(hint.to_owned()))
    }

    /// What a block parameter is.
    fn parameter(&self, name: &str) -> Option<&Shape> {
        let parameters = self.frames.iter().rev().flat_map(|frame| &frame.parameters);
        parameters
            .filter(|(known, _)| known == name)
            .map(|(_, shape)| shape)
            .next()
    }

    /// Whether, outside all blocks, `first` is a field of the document and not a name beside it.
    fn is_in_document(&self, first: &str) -> bool {
        let document = self.names.document;
        document.is_some_and(|shape| shape.declares(first) || !self.names.roots.declares(first))
    }

    fn at_top(&self, first: &str, raw: &str) -> Result<&Shape, Fault> {
        let (known, beside) = match self.names.document {
            Some(document) if self.is_in_document(first) => (document, Some(self.names.roots)),
            _ => (self.names.roots, None),
        };
        if let Found::Shape(shape) = known.field(first) {
            return Ok(shape);
        }
        let names = known
            .names()
            .chain(beside.into_iter().flat_map(Shape::names));
        let hint = match raw.strip_prefix("$.") {
            Some(name) => Some(format!(
                "names have no `$.` in a template: `{{{{ {name} }}}}`"
            )),
            None => fault::suggest(first, names),
        };
        Err(Fault::new(
            fault::UNKNOWN_VARIABLE,
            format!("`{first}` is not known here"),
        )
        .at(self.within(raw, first))
        .hint(hint))
    }

    fn step<'s>(&self, shape: &'s Shape, name: &str, raw: &str) -> Result<&'s Shape, Fault> {
        if let (Shape::Array(element), Ok(_)) = (shape, name.parse::<usize>()) {
            return Ok(element);
        }
        let (message, hint) = match shape.field(name) {
            Found::Shape(shape) => return Ok(shape),
            Found::Missing => (
                format!("there is no field `{name}`"),
                fault::suggest(name, shape.names()),
            ),
            Found::NoFields("a list") => (
                format!("`{name}` is looked up in a list"),
                Some("take one element with `.0.`, or all with `{{#each}}`".to_owned()),
            ),
            Found::NoFields(what) => (format!("`{name}` is looked up in {what}"), None),
        };
        Err(Fault::new(fault::UNKNOWN_FIELD, message)
            .at(self.within(raw, name))
            .hint(hint))
    }

    /// Where `name` is within the path `raw`.
    fn within(&self, raw: &str, name: &str) -> Option<(usize, usize)> {
        let (start, _) = self.place(raw)?;
        let ((inside, length), _) = fault::locate(raw, 0, name)?;
        Some((start + inside, length))
    }
}

/// A path taken apart.
struct Written<'p> {
    names: Vec<&'p str>,
    /// How many blocks out.
    ups: usize,
    /// Whether it starts at `@root`.
    root: bool,
    /// Whether it starts with `this`, so that its first name is not a block parameter.
    this: bool,
}

impl<'p> Written<'p> {
    /// `None` for a variable such as `@index`.
    fn of(path: &'p Path) -> Option<Self> {
        let Path::Relative((segments, raw)) = path else {
            return None;
        };
        let names = segments.iter().filter_map(|segment| match segment {
            PathSeg::Named(name) => Some(name.as_str()),
            // The rules themselves are private to the library; `raw` tells them apart.
            _ => None,
        });
        let bare = raw
            .strip_prefix("this/")
            .or_else(|| raw.strip_prefix("./"))
            .unwrap_or(raw);
        Some(Self {
            names: names.collect(),
            ups: bare.split(['/']).take_while(|part| *part == "..").count(),
            root: bare.starts_with("@root"),
            this: raw.starts_with("this") || raw.starts_with("./"),
        })
    }
}
