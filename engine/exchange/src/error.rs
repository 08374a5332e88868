//! What can go wrong when the crate is set up. A failed call is a `Failure`, not an `Error`.

/// A part of the exchange could not be set up as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// TLS or the connection pool could not be prepared.
    #[error("prepare the HTTP client")]
    Client(#[source] reqwest::Error),
    /// The proxy's address is not one.
    #[error("read the proxy's address")]
    Proxy(#[source] reqwest::Error),
    /// The certificates are not PEM.
    #[error("read the additional certificate authorities")]
    Authorities(#[source] reqwest::Error),
    /// A pattern of allowed hosts is not one.
    #[error("read host pattern `{pattern}`: {wrong}")]
    HostPattern {
        /// As it was given.
        pattern: String,
        /// What is wrong, and how to mend it.
        wrong: &'static str,
    },
    /// A trusted origin is not one.
    #[error("read trusted origin `{origin}`: give scheme, host and port only")]
    Origin {
        /// As it was given.
        origin: String,
    },
}
