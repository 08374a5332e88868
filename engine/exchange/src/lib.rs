//! Outbound HTTP: one path for every call, with auth, pages, limits, retry and error classes.
