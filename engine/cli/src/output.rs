//! Where words go: what was asked for to standard output, all else to standard error.

use std::io::{self, IsTerminal as _, Write as _};

use crate::error::Error;

/// Writes `text` and a line end to standard output. A reader who has heard enough and left, as
/// `head` does, is no error.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => Err(Error::Print { source }),
        _ => Ok(()),
    }
}

/// Writes `text` and a line end to standard error. If that fails there is nobody left to tell.
pub(crate) fn tell(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Tells why a command failed and what can be done about it.
pub(crate) fn complain(error: &Error) {
    tell(&complaint(error));
}

fn complaint(error: &Error) -> String {
    let mut lines = vec![format!("error: {error}")];
    let causes = error.causes().into_iter();
    lines.extend(causes.map(|cause| format!("  because: {cause}")));
    lines.extend(error.remedy().map(|remedy| format!("  help: {remedy}")));
    lines.join("\n")
}

/// Whether standard output is a terminal that wants colour.
pub(crate) fn is_colourful() -> bool {
    // https://no-color.org: any value but an empty one switches colour off.
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_says_what_why_and_how_to_mend_it() {
        let error = Error::Listen {
            address: "127.0.0.1:80".to_owned(),
            source: io::Error::new(io::ErrorKind::AddrInUse, "taken"),
        };
        let text = complaint(&error);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines.get(..2),
            Some(["error: cannot listen on 127.0.0.1:80", "  because: taken"].as_slice())
        );
        assert!(text.contains("\n  help: another program listens there"));
    }
}
