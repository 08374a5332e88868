//! Durable state: atomic commits, ordered scans and a queue with lanes, over an embedded database.
