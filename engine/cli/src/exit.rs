//! How the program ends: one number for each kind of end, so that scripts can tell them apart.

use std::process::ExitCode;

/// How a command ended. The numbers are a promise: they do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// All that was asked for was done.
    Ok = 0,
    /// It was done, and what was looked at is not as it should be: `check` found an error, a leg
    /// of `demo` did not hold, a run failed, a line was not applied, an issue is open.
    Failed = 1,
    /// The configuration, the environment, or a file or name given on the command line cannot be
    /// used. (2, a command line that cannot be understood at all, is given by the parser.)
    Config = 3,
    /// The data folder or the store in it cannot be used: in use, not writable, full, damaged.
    Store = 4,
    /// The address cannot be listened on: in use, not allowed, not of this machine.
    Listen = 5,
    /// The server cannot be reached, or has not ended the work in time. It goes on by itself.
    Unanswered = 6,
    /// The server refused: the token, a name, a value. Nothing was done.
    Refused = 7,
    /// A mistake in the program itself. Please report it.
    Bug = 70,
    /// Something that the system should have given was not to be had: threads, standard output.
    System = 71,
    /// Told to stop a second time, before all work was ended or handed back. Nothing is lost by it.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl Exit {
    /// The number that the system is given.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }
}

/// As `dovetail --help` lists them.
pub(crate) const TABLE: &str = "\
Exit codes:
    0  done
    1  a check, a run or a leg of the demo failed; an issue is open
    2  the command line cannot be understood
    3  the configuration cannot be used
    4  the data folder or the store in it cannot be used
    5  the address cannot be listened on
    6  the server cannot be reached, or has not ended the work in time
    7  the server refused
   70  a mistake in the program itself
   71  the system lacks something, such as threads
  130  told to stop twice";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_the_table() {
        let codes = [
            Exit::Ok,
            Exit::Failed,
            Exit::Config,
            Exit::Store,
            Exit::Listen,
            Exit::Unanswered,
            Exit::Refused,
            Exit::Bug,
            Exit::System,
            Exit::Interrupted,
        ];
        for code in codes.map(Exit::code) {
            let line = format!("{code:>5}  ");
            assert!(TABLE.lines().any(|one| one.starts_with(&line)), "{code}");
        }
    }
}
