//! The REST API and the callout listener, over the runtime handle.
