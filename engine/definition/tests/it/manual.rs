//! The connector that `connectors/README.md` shows whole is one: it loads beside the shipped
//! family without a problem, so that who copies it starts from something that works.

use std::fs;

use definition::{Sources, Style, load, render};

use crate::shipped::root;

/// The first YAML block that is a connector.
fn example() -> String {
    let text = fs::read_to_string(root().join("connectors/README.md")).unwrap();
    let mut blocks = text
        .split("```yaml\n")
        .filter(|block| block.starts_with("connector: "));
    let block = blocks.next().unwrap();
    block.split("```").next().unwrap().to_owned()
}

#[test]
fn the_connector_that_is_shown_whole_has_no_problem() {
    let read = |name: &str| Sources::read(name, &root().join(name)).unwrap();
    let shipped = ["schemas", "scripts", "connectors"].map(read);
    let shown = Sources::new("README", [("connector.yaml", example())]);
    let loaded = load(&[&shipped[..], &[shown]].concat());
    let problems = render(&loaded.problems, Style::Plain);
    assert!(loaded.problems.is_empty(), "{problems}");
    assert!(loaded.library.connectors.contains_key("exampledesk"));
}
