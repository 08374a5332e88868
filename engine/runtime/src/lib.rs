//! Joins store, expression, exchange and definition: runs pipelines, guards effects, keeps the ledger.
