//! `describe`: adds to a request what was found out about who asked.
//!
//! What the product said stays as it is, because a repetition of it is known by that. Where
//! nothing was found, that is kept as well, so that nobody looks again with every try.

use expression::Expression;
use model::User;
use serde_json::Value;

use super::Flow;
use super::link::request_id;
use crate::context::Context;
use crate::halt::Halt;

/// Keeps who asked, as far as `user` tells.
pub(super) async fn describe(
    context: &mut Context<'_>,
    path: &str,
    request: &Expression,
    user: &Expression,
) -> Result<Flow, Halt> {
    let id = request_id(&context.value(request, path)?)?;
    let found = match context.value(user, path)? {
        Value::Null => User::default(),
        user => serde_json::from_value(user)
            .map_err(|error| Halt::Undefined(format!("{path}: not a user: {error}")))?,
    };
    context.request(&id).await?.described = Some(found);
    Ok(Flow::Go)
}
