//! Values that are computed: JSONPath picks, Handlebars prints, Rhai decides; all of it compiled when loaded.
