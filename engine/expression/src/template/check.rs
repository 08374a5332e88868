//! A template against what is known: every name and helper that cannot exist, and what the
//! template needs of its scope.
//!
//! The check follows the library's rules for names. Inside `#each` and `#with` a name is looked up
//! in the element, `../` goes one such block out, `@root.` goes all the way, `as |name|` gives the
//! element a name; `#if` changes nothing.

mod name;

use handlebars::Path;
use handlebars::template::{
    BlockParam, HelperTemplate, Parameter, Template as Parsed, TemplateElement as Element,
};

use self::name::Frame;
pub(crate) use self::name::raw;
use super::{BLOCKS_MAX, Helper, Need, Piece};
use crate::compile::Names;
use crate::fault::{self, Fault};
use crate::shape::Shape;
use crate::template::HELPERS;

/// What `parsed` needs, or everything that is wrong with it.
pub(super) fn check(
    text: &str,
    parsed: &Parsed,
    names: &Names<'_>,
) -> Result<Vec<Need>, Vec<Fault>> {
    let mut check = Check::new(text, names);
    check.template(parsed);
    if check.faults.is_empty() {
        Ok(needed(check.needs))
    } else {
        Err(check.faults)
    }
}

/// The pieces of a template that was found good, if it has nothing but texts and fields: most have.
pub(super) fn pieces(text: &str, parsed: &Parsed, names: &Names<'_>) -> Option<Vec<Piece>> {
    let mut check = Check::new(text, names);
    let mut piece = |element: &Element| match element {
        Element::RawString(text) => Some(Piece::Text(text.as_str().into())),
        Element::Expression(call) | Element::HtmlExpression(call) => {
            check.printed(call);
            let alone = call.params.is_empty() && call.hash.is_empty();
            let need = check.needs.pop().filter(|need| alone && need.printed)?;
            check.needs.is_empty().then_some(Piece::Field(need))
        }
        _ => None,
    };
    parsed.elements.iter().map(&mut piece).collect()
}

/// The needs without those that are part of another one: a whole object comes with its fields.
fn needed(mut needs: Vec<Need>) -> Vec<Need> {
    needs.sort();
    // `printed` only guards against printing; among equal paths the guarded one stays.
    needs.dedup_by(|later, earlier| {
        let same = later.names == earlier.names && later.in_document == earlier.in_document;
        earlier.printed |= same && later.printed;
        same
    });
    let all = needs.clone();
    needs.retain(|need| {
        need.printed
            || !all.iter().any(|other| {
                other.names.len() < need.names.len() && need.names.starts_with(&other.names)
            })
    });
    needs
}

struct Check<'t> {
    text: &'t str,
    names: Names<'t>,
    /// The `#each` and `#with` blocks around, outermost first.
    frames: Vec<Frame>,
    depth: usize,
    /// The byte of `text` at which the current element begins.
    cursor: usize,
    needs: Vec<Need>,
    faults: Vec<Fault>,
}

impl<'t> Check<'t> {
    const fn new(text: &'t str, names: &Names<'t>) -> Self {
        Self {
            text,
            names: *names,
            frames: Vec::new(),
            depth: 0,
            cursor: 0,
            needs: Vec::new(),
            faults: Vec::new(),
        }
    }
}

impl Check<'_> {
    fn template(&mut self, template: &Parsed) {
        for (index, element) in template.elements.iter().enumerate() {
            if let Some(place) = template.mapping.get(index) {
                let offset = super::offset(self.text, place.0, place.1);
                let byte = self.text.char_indices().nth(offset).map(|(byte, _)| byte);
                self.cursor = byte.unwrap_or(self.cursor);
            }
            self.element(element);
        }
    }

    fn element(&mut self, element: &Element) {
        match element {
            Element::RawString(_) | Element::Comment(_) => {}
            Element::Expression(call) | Element::HtmlExpression(call) => self.printed(call),
            Element::HelperBlock(call) => self.block(call),
            Element::PartialExpression(_) | Element::PartialBlock(_) => {
                self.forbidden("another template (`{{> }}`)");
            }
            Element::DecoratorExpression(_) | Element::DecoratorBlock(_) => {
                self.forbidden("a decorator (`{{* }}`)");
            }
            _ => self.forbidden("something unknown"),
        }
    }

    fn forbidden(&mut self, what: &str) {
        let message = format!("a template cannot use {what}");
        let at = self
            .text
            .get(..self.cursor)
            .map(|before| (before.chars().count(), 2));
        self.faults
            .push(Fault::new(fault::FORBIDDEN_IN_TEMPLATE, message).at(at));
    }

    /// `{{ name }}` or `{{ helper argument }}`.
    fn printed(&mut self, call: &HelperTemplate) {
        if !call.params.is_empty() || !call.hash.is_empty() {
            return self.call(call, false);
        }
        match &call.name {
            Parameter::Path(path) => self.print_path(path),
            Parameter::Name(name) => {
                if let Ok(path) = Path::parse(name) {
                    self.print_path(&path);
                }
            }
            Parameter::Literal(_) => {}
            Parameter::Subexpression(inner) => self.element(inner.as_element()),
            _ => self.forbidden("something unknown"),
        }
    }

    fn print_path(&mut self, path: &Path) {
        let raw = name::raw(path);
        if Helper::find(raw).is_some() {
            // The library would call the helper, without arguments.
            let fault = Fault::new(
                fault::AMBIGUOUS_NAME,
                format!("`{raw}` is the name of a helper"),
            )
            .at(self.place(raw))
            .hint(format!(
                "give it an argument, or write `this.{raw}` for the field"
            ));
            self.faults.push(fault);
            return;
        }
        let (kind, advice) = match self.resolve(path, true) {
            Some(Shape::Array(_)) => ("a list", "loop over it with `{{#each}}`"),
            Some(Shape::Object { .. }) => ("an object", "name one of its fields"),
            Some(Shape::Any | Shape::Scalar) | None => return,
        };
        let fault = Fault::new(fault::NOT_PRINTABLE, format!("`{raw}` is {kind}"))
            .at(self.place(raw))
            .hint(format!("{advice}, or write `{{{{ json {raw} }}}}`"));
        self.faults.push(fault);
    }

    /// A helper with its arguments, in a block or not.
    fn call(&mut self, call: &HelperTemplate, block: bool) {
        let name = match &call.name {
            Parameter::Path(path) => name::raw(path),
            Parameter::Name(name) => name,
            _ => "",
        };
        match Helper::find(name) {
            Some(helper) if helper.block == block => self.arity(helper, call),
            _ => self.unknown_helper(name, block),
        }
        for argument in call.params.iter().chain(call.hash.values()) {
            self.argument(argument);
        }
    }

    fn unknown_helper(&mut self, name: &str, block: bool) {
        let same_kind = HELPERS.iter().filter(|helper| helper.block == block);
        let hint = match Helper::find(name) {
            Some(helper) => Some(format!("it is written `{}`", helper.usage)),
            None => fault::suggest(name, same_kind.map(|helper| helper.name)),
        };
        let kind = if block { "block helper" } else { "helper" };
        let fault = Fault::new(
            fault::UNKNOWN_HELPER,
            format!("there is no {kind} `{name}`"),
        )
        .at(self.place(name))
        .hint(hint);
        self.faults.push(fault);
    }

    fn arity(&mut self, helper: &Helper, call: &HelperTemplate) {
        let at = self.place(helper.name);
        let constants = call
            .params
            .iter()
            .enumerate()
            .filter_map(|(index, argument)| {
                let Parameter::Literal(constant) = argument else {
                    return None;
                };
                helper.object_to(index, constant)
            });
        let wrong_count = call.params.len() != helper.arguments || !call.hash.is_empty();
        let message = if wrong_count {
            let arguments = match helper.arguments {
                1 => "one argument".to_owned(),
                count => format!("{count} arguments"),
            };
            Some(format!("`{}` takes {arguments}", helper.name))
        } else {
            constants
                .map(|reason| format!("`{}`: {reason}", helper.name))
                .next()
        };
        if let Some(message) = message {
            let fault = Fault::new(fault::WRONG_ARGUMENTS, message)
                .at(at)
                .hint(format!("it is written `{}`", helper.usage));
            self.faults.push(fault);
        }
    }

    fn argument(&mut self, argument: &Parameter) -> Shape {
        match argument {
            Parameter::Path(path) => self.resolve(path, false).unwrap_or_default(),
            Parameter::Subexpression(inner) => {
                match inner.as_element() {
                    Element::Expression(call) if inner.is_helper() => self.call(call, false),
                    Element::Expression(call) => {
                        self.argument(&call.name);
                    }
                    _ => self.forbidden("something unknown"),
                }
                Shape::Any
            }
            _ => Shape::Any,
        }
    }

    fn block(&mut self, call: &HelperTemplate) {
        self.depth += 1;
        if self.depth > BLOCKS_MAX {
            let message = format!("blocks are nested more than {BLOCKS_MAX} deep");
            self.faults
                .push(Fault::new(fault::INVALID_TEMPLATE, message));
        } else {
            self.call(call, true);
            let frame = self.frame(call);
            let enters = frame.is_some();
            self.frames.extend(frame);
            if let Some(template) = &call.template {
                self.template(template);
            }
            if enters {
                self.frames.pop();
            }
            if let Some(inverse) = &call.inverse {
                self.template(inverse);
            }
        }
        self.depth -= 1;
    }

    /// What names mean inside this block, when that is something else than outside.
    fn frame(&mut self, call: &HelperTemplate) -> Option<Frame> {
        let name = call.name.as_name()?;
        if name != "each" && name != "with" {
            return None;
        }
        let shape = match call.params.first() {
            // Faults in it were reported with the call.
            Some(Parameter::Path(path)) => self.look_up(path).ok()?,
            _ => Shape::Any,
        };
        let this = match name {
            "each" => shape.part().cloned().unwrap_or_default(),
            _ => shape,
        };
        let parameters = match &call.block_param {
            Some(BlockParam::Single(one)) => vec![one],
            Some(BlockParam::Pair((one, two))) => vec![one, two],
            _ => Vec::new(),
        };
        let parameters = parameters.into_iter().zip([this.clone(), Shape::Scalar]);
        let parameters =
            parameters.filter_map(|(name, shape)| Some((name.as_name()?.to_owned(), shape)));
        Some(Frame {
            parameters: parameters.collect(),
            this,
        })
    }
}
