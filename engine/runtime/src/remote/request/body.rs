//! What is sent with a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use definition::operation::{Body, Part};
use expression::{Error, Scope};
use serde_json::Value;

use super::{pairs, text};

/// The body of a request for these names.
pub(super) fn compute(body: &Body, scope: &Scope<'_>) -> Result<exchange::Body, Error> {
    Ok(match body {
        Body::Json { value, keep_nulls } => {
            let mut value = value.evaluate(scope)?;
            if !keep_nulls {
                drop_nulls(&mut value);
            }
            exchange::Body::Json(value)
        }
        Body::Form(fields) => {
            let mut form = Vec::new();
            for (name, value) in fields {
                form.extend(pairs(name, value.evaluate(scope)?));
            }
            exchange::Body::Form(form)
        }
        Body::Text {
            content_type,
            content,
        } => exchange::Body::Text {
            content_type: content_type.clone(),
            text: text(&content.evaluate(scope)?),
        },
        Body::Multipart(parts) => {
            let mut sent = Vec::with_capacity(parts.len());
            for part in parts {
                sent.extend(computed(part, scope)?);
            }
            exchange::Body::Multipart(sent)
        }
    })
}

/// One part; none where there is no content.
fn computed(part: &Part, scope: &Scope<'_>) -> Result<Option<exchange::Part>, Error> {
    let content = part.content.evaluate(scope)?;
    if content.is_null() {
        return Ok(None);
    }
    let content = text(&content);
    let file_name = part.file_name.as_ref();
    let file_name = file_name.map(|name| name.evaluate(scope)).transpose()?;
    Ok(Some(exchange::Part {
        name: part.name.clone(),
        file_name: file_name.map(|name| text(&name)),
        content_type: part.content_type.clone(),
        content: if part.is_base64 {
            decoded(part, &content)?
        } else {
            content.into_bytes()
        },
    }))
}

/// The bytes of a file. White space is left out, because base64 is often written in lines.
fn decoded(part: &Part, content: &str) -> Result<Vec<u8>, Error> {
    let plain: String = content.split_ascii_whitespace().collect();
    STANDARD.decode(plain).map_err(|_| Error::Print {
        template: part.name.clone(),
        reason: "its content is not base64".to_owned(),
    })
}

/// Takes out keys without a value: some APIs take a null for a wrong value, and none for the
/// absence of one.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(parts) => parts.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
