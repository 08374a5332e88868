//! `multipart/form-data` bodies (RFC 7578), for operations that attach files.
//!
//! The boundary is derived from the content, so the same parts give the same bytes; it cannot
//! occur inside a part, because it is chosen anew until it does not.

use sha2::{Digest, Sha256};

use crate::hex::hex;

/// One part of a form.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// The file's name, when the part is a file.
    pub file_name: Option<String>,
    /// The part's type, e.g. `image/png`; none for plain fields.
    pub content_type: Option<String>,
    /// The content.
    pub content: Vec<u8>,
}

/// A line between parts that occurs in none of them.
pub fn boundary(parts: &[Part]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.name.as_bytes());
        digest.update(&part.content);
    }
    loop {
        let hash = digest.clone().finalize();
        let candidate = hex(hash.get(..12).unwrap_or(&hash));
        if !parts
            .iter()
            .any(|part| contains(&part.content, candidate.as_bytes()))
        {
            return candidate;
        }
        digest.update(b"again");
    }
}

/// The whole body.
pub fn encode(parts: &[Part]) -> Vec<u8> {
    let boundary = boundary(parts);
    let mut body = Vec::new();
    for part in parts {
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        body.extend_from_slice(disposition(part).as_bytes());
        if let Some(content_type) = &part.content_type {
            let line = format!("Content-Type: {}\r\n", one_line(content_type));
            body.extend_from_slice(line.as_bytes());
        }
        body.extend_from_slice(b"\r\n");
        body.extend_from_slice(&part.content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    body
}

fn disposition(part: &Part) -> String {
    let mut line = format!(
        "Content-Disposition: form-data; name=\"{}\"",
        quoted(&part.name)
    );
    if let Some(file_name) = &part.file_name {
        line.push_str("; filename=\"");
        line.push_str(&quoted(file_name));
        line.push('"');
    }
    line.push_str("\r\n");
    line
}

/// The escapes that browsers use; a raw quote or line break would end the header early.
fn quoted(text: &str) -> String {
    text.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, content: &[u8]) -> Part {
        Part {
            name: name.to_owned(),
            file_name: None,
            content_type: None,
            content: content.into(),
        }
    }

    #[test]
    fn parts_are_laid_out_as_the_standard_says() {
        let mut file = part("file", b"\x89PNG");
        file.file_name = Some("a \"b\".png".to_owned());
        file.content_type = Some("image/png".to_owned());
        let parts = [part("note", b"hello"), file];
        let boundary = boundary(&parts);
        let expected = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; \
             filename=\"a %22b%22.png\"\r\nContent-Type: image/png\r\n\r\n\u{1}PNG\r\n\
             --{boundary}--\r\n"
        );
        let expected: Vec<u8> = expected
            .bytes()
            .map(|byte| if byte == 1 { 0x89 } else { byte })
            .collect();
        assert_eq!(encode(&parts), expected);
    }

    #[test]
    fn a_name_cannot_start_another_header() {
        let body = encode(&[part("x\"\r\nEvil: 1", b"")]);
        assert!(!contains(&body, b"\r\nEvil"));
    }
}
