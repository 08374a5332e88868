//! Everything here that could grow without end, and where it stops.

use std::time::Duration;

/// The longest body of an ordinary call, in bytes.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// The longest body that gives all customers of a partner, in bytes: several times the
/// customers that the runtime takes.
pub const CUSTOMERS_BYTES_MAX: usize = 16 << 20;

/// The longest body that reports usage, in bytes: some 20,000 figures, or a thousand with a hundred
/// users each.
pub const USAGE_BYTES_MAX: usize = 16 << 20;

/// The most users that one usage names.
pub const USAGE_DETAILS_MAX: usize = 10_000;

/// The longest name of a user in a usage, in bytes.
pub const USER_BYTES_MAX: usize = 200;

/// The longest id of a subscription, in bytes.
pub const SUBSCRIPTION_BYTES_MAX: usize = 64;

/// The longest body of a callout, in bytes. A hint needs a ticket's id; the PSAs send the whole
/// ticket with it, and all that is linked to that, for several tickets at a time.
pub const CALLOUT_BYTES_MAX: usize = 1 << 20;

/// The longest head of a call: request line and headers, in bytes.
pub const HEAD_BYTES_MAX: usize = 32 << 10;

/// The most headers of a call.
pub const HEADERS_MAX: usize = 64;

/// How long a connection may take over the head of its next call. Also how long it may idle.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a caller may take over its body.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Connections served at a time; more of them wait in the kernel's queue.
pub const CONNECTIONS_MAX: usize = 4096;

/// How long calls that are under way at shutdown may take to end.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// Entries of a list when the caller names no number.
pub const PAGE_DEFAULT: usize = 100;

/// The most entries of a list in one answer.
pub const PAGE_MAX: usize = 1000;

/// The longest request id that is taken over from a caller, in bytes.
pub const REQUEST_ID_BYTES_MAX: usize = 64;

/// The longest callout token that is looked up, in bytes.
pub const CALLOUT_TOKEN_BYTES_MAX: usize = 128;

/// Wrong places named in one answer.
pub const FAULTS_MAX: usize = 100;

/// Routes named to a caller who missed one.
pub const SUGGESTIONS_MAX: usize = 3;
