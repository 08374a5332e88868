//! Plain text of HTML, as far as this API makes it.

/// The text without its tags, line breaks kept.
pub(crate) fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, after) = after.split_once('>').unwrap_or((after, ""));
        let tag = tag.trim_end_matches('/').trim().to_ascii_lowercase();
        if ["br", "/p", "/div", "/li"].contains(&tag.as_str()) {
            text.push('\n');
        }
        rest = after;
    }
    text.push_str(rest);
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    let text = text.replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn tags_go_and_line_breaks_stay() {
        assert_eq!(
            plain("<p>One &amp; two</p><p>3 &lt; 4</p>"),
            "One & two\n3 < 4"
        );
        assert_eq!(plain("a<br/>b"), "a\nb");
        assert_eq!(plain("plain"), "plain");
    }
}
