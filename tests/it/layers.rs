//! The crates keep their layers, and each library that does I/O or parsing has one owner.
//!
//! The rules are tables here; what they are held against is read from `cargo metadata`, so a
//! manifest cannot drift from the drawing in the architecture's description. Every rule is shown
//! to fail on a made-up graph. What a crate uses only for its own tests is held to the layers,
//! not to the owners.

use std::collections::BTreeMap;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Layer of each of our crates. A crate uses only crates of smaller layers, so those of the same
/// layer never see each other.
const LAYERS: [(&str, u8); 14] = [
    ("dovetail-model", 0),
    ("dovetail-store", 1),
    ("dovetail-expression", 1),
    ("dovetail-exchange", 1),
    ("dovetail-billing", 1),
    ("dovetail-access", 1),
    ("dovetail-definition", 2),
    ("dovetail-runtime", 3),
    ("dovetail-api", 4),
    ("dovetail-console", 4),
    ("dovetail-cli", 5),
    ("dovetail-simulation", 6),
    ("dovetail-tests", 6),
    ("dovetail-bench", 7),
];

/// What the faces see: everything goes through the runtime's handle.
const SEEN: [&str; 3] = ["dovetail-access", "dovetail-model", "dovetail-runtime"];

/// Crates that see less than their layer allows.
const SEES_ONLY: [(&str, &[&str]); 2] = [("dovetail-api", &SEEN), ("dovetail-console", &SEEN)];

/// They stand for the outside world: they use none of our crates, so that they cannot share a
/// mistake, and only the program's demo and the tests use them.
const SIMULATORS: &str = "dovetail-simulators";
const USE_SIMULATORS: [&str; 3] = ["dovetail-cli", "dovetail-simulation", "dovetail-tests"];

/// Libraries and who may use them. The simulators and the tests, which are outside the engine,
/// may use any.
const OWNERS: [(&str, &[&str]); 28] = [
    ("sled", &["dovetail-store"]),
    ("sqlx", &["dovetail-store"]),
    ("tokio-postgres", &["dovetail-store"]),
    ("foldhash", &["dovetail-store"]),
    ("fs4", &["dovetail-store"]),
    ("rhai", &["dovetail-expression"]),
    ("jsonpath-rust", &["dovetail-expression"]),
    ("pest", &["dovetail-expression"]),
    ("handlebars", &["dovetail-expression"]),
    ("reqwest", &["dovetail-exchange"]),
    ("rustls", &["dovetail-exchange"]),
    ("ring", &["dovetail-access"]),
    ("encoding_rs", &["dovetail-exchange"]),
    ("csv", &["dovetail-exchange"]),
    ("quick-xml", &["dovetail-exchange"]),
    ("saphyr-parser", &["dovetail-definition"]),
    ("schemars", &["dovetail-definition"]),
    ("jsonschema", &["dovetail-definition"]),
    ("regex", &["dovetail-definition"]),
    ("axum", &["dovetail-api", "dovetail-console"]),
    ("utoipa", &["dovetail-api"]),
    ("utoipa-axum", &["dovetail-api"]),
    ("hyper", &["dovetail-api"]),
    ("askama", &["dovetail-console"]),
    ("form_urlencoded", &["dovetail-console"]),
    ("clap", &["dovetail-cli"]),
    ("include_dir", &["dovetail-cli"]),
    ("tracing-subscriber", &["dovetail-cli"]),
];

/// What each crate of the workspace names in its manifest.
type Graph = BTreeMap<String, Vec<Use>>;

/// One line of a manifest.
#[derive(Clone, Debug)]
struct Use {
    name: String,
    /// Only the crate's own tests use it.
    in_tests: bool,
}

fn layer(name: &str) -> Option<u8> {
    LAYERS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, layer)| *layer)
}

fn is_outside_the_engine(name: &str) -> bool {
    let outside = [
        SIMULATORS,
        "dovetail-simulation",
        "dovetail-tests",
        "dovetail-bench",
    ];
    outside.contains(&name)
}

/// Everything in the graph that breaks a rule, as sentences that say how to mend it.
fn faults(graph: &Graph) -> Vec<String> {
    let uses = graph
        .iter()
        .flat_map(|(user, used)| used.iter().map(move |used| (user.as_str(), used)));
    let without_layer = graph
        .keys()
        .filter(|name| *name != SIMULATORS && layer(name).is_none())
        .map(|name| format!("{name} has no layer: give it one in tests/it/layers.rs"));
    without_layer
        .chain(uses.flat_map(|(user, used)| use_faults(graph, user, used)))
        .collect()
}

fn use_faults(graph: &Graph, user: &str, used: &Use) -> Vec<String> {
    if graph.contains_key(&used.name) {
        in_house_fault(user, used).into_iter().collect()
    } else {
        owner_fault(user, used).into_iter().collect()
    }
}

fn in_house_fault(user: &str, used: &Use) -> Option<String> {
    let name = used.name.as_str();
    if user == SIMULATORS {
        return Some(format!(
            "{user} uses {name}: it must use none of our crates"
        ));
    }
    if name == SIMULATORS {
        let allowed = used.in_tests || USE_SIMULATORS.contains(&user);
        return (!allowed).then(|| format!("{user} uses {name}: only the demo and tests may"));
    }
    let (Some(from), Some(to)) = (layer(user), layer(name)) else {
        return None; // reported once, as a crate without a layer
    };
    if to >= from {
        return Some(format!(
            "{user} (layer {from}) uses {name} (layer {to}): uses must go down"
        ));
    }
    let (_, seen) = SEES_ONLY.iter().find(|(known, _)| *known == user)?;
    (!used.in_tests && !seen.contains(&name))
        .then(|| format!("{user} uses {name}: it may see only {}", seen.join(" and ")))
}

fn owner_fault(user: &str, used: &Use) -> Option<String> {
    let (library, owners) = OWNERS.iter().find(|(known, _)| *known == used.name)?;
    let allowed = used.in_tests || is_outside_the_engine(user) || owners.contains(&user);
    (!allowed).then(|| {
        let owners = owners.join(" and ");
        format!("{user} uses {library}, which belongs to {owners}: call the owner instead")
    })
}

/// The graph of this workspace, as cargo sees it.
fn workspace() -> Graph {
    let uses = |package: &cargo_metadata::Package| {
        let used = package.dependencies.iter().map(|dependency| Use {
            name: dependency.name.clone(),
            in_tests: dependency.kind == DependencyKind::Development,
        });
        (package.name.to_string(), used.collect())
    };
    packages().iter().map(uses).collect()
}

fn packages() -> Vec<cargo_metadata::Package> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .exec();
    metadata
        .expect("cargo metadata should read the workspace")
        .packages
}

/// A made-up workspace. `"a -> b"` means that a uses b, `"a ~> b"` that only its tests do.
fn made_up(lines: &[&str]) -> Graph {
    let mut graph = Graph::new();
    for (name, _) in LAYERS {
        graph.insert(name.to_owned(), Vec::new());
    }
    graph.insert(SIMULATORS.to_owned(), Vec::new());
    for line in lines {
        let parts: Vec<&str> = line.split(' ').collect();
        let used = Use {
            name: parts[2].to_owned(),
            in_tests: parts[1] == "~>",
        };
        graph.entry(parts[0].to_owned()).or_default().push(used);
    }
    graph
}

#[test]
fn uses_go_down_and_libraries_have_one_owner() {
    let graph = workspace();
    assert!(
        graph.contains_key("dovetail-model"),
        "no workspace was read"
    );
    let found = faults(&graph);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The feature that compiles deliberate bugs in, who has it, and who may switch it on, and only
/// by a feature of the same name that somebody has to ask for.
const SABOTAGE: (&str, &str, &str) = ("sabotage", "dovetail-model", "dovetail-simulation");

/// Every way in which a package would bring the deliberate bugs into a program.
fn sabotage_faults(package: &cargo_metadata::Package) -> Vec<String> {
    let (feature, owner, tester) = SABOTAGE;
    let name = package.name.as_str();
    let asks = package.dependencies.iter().filter(|dependency| {
        let features = &dependency.features;
        features.iter().any(|one| one.contains(feature))
    });
    let asks = asks.map(|dependency| format!("{name} always has them in {}", dependency.name));
    let has = package.features.iter().filter(|(own, wanted)| {
        let expected = *own == feature && [owner, tester].contains(&name);
        let reaches = wanted.iter().any(|one| one.contains(feature));
        (*own == feature && !expected) || (reaches && !(expected && name == tester))
    });
    let has = has.map(|(own, _)| format!("{name} brings them with its feature {own}"));
    asks.chain(has).collect()
}

#[test]
fn no_program_is_built_with_deliberate_bugs() {
    let packages = packages();
    let (feature, owner, tester) = SABOTAGE;
    for name in [owner, tester] {
        let package = packages.iter().find(|one| one.name.as_str() == name);
        let package = package.expect("it is in the workspace");
        assert!(package.features.contains_key(feature), "{name}");
    }
    let found: Vec<String> = packages.iter().flat_map(sabotage_faults).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_program_with_deliberate_bugs_is_found_out() {
    let packages = packages();
    let named = |name: &str| packages.iter().find(|one| one.name.as_str() == name);
    let mut cli = named("dovetail-cli").expect("the program").clone();
    let default = vec!["model/sabotage".to_owned()];
    cli.features.insert("default".to_owned(), default);
    assert_eq!(sabotage_faults(&cli).len(), 1);
    let mut runtime = named("dovetail-runtime").expect("a crate").clone();
    let model = runtime.dependencies.first_mut().expect("it uses others");
    model.features.push("sabotage".to_owned());
    assert_eq!(sabotage_faults(&runtime).len(), 1);
}

#[test]
fn what_the_rules_allow_is_allowed() {
    let allowed = made_up(&[
        "dovetail-store -> dovetail-model",
        "dovetail-api -> dovetail-runtime",
        "dovetail-api ~> dovetail-store",
        "dovetail-exchange ~> axum",
        "dovetail-exchange -> reqwest",
        "dovetail-simulators -> axum",
        "dovetail-runtime ~> dovetail-simulators",
        "dovetail-cli -> dovetail-simulators",
        "dovetail-tests -> reqwest",
        "dovetail-store -> serde",
    ]);
    assert_eq!(faults(&allowed), Vec::<String>::new());
}

#[test]
fn every_rule_can_be_broken() {
    let cases = [
        ("dovetail-model -> dovetail-store", "uses must go down"),
        ("dovetail-store -> dovetail-exchange", "uses must go down"),
        ("dovetail-api -> dovetail-console", "uses must go down"),
        ("dovetail-store ~> dovetail-runtime", "uses must go down"),
        ("dovetail-api -> dovetail-store", "may see only"),
        ("dovetail-console -> dovetail-definition", "may see only"),
        (
            "dovetail-simulators -> dovetail-model",
            "none of our crates",
        ),
        (
            "dovetail-simulators ~> dovetail-model",
            "none of our crates",
        ),
        (
            "dovetail-runtime -> dovetail-simulators",
            "only the demo and tests may",
        ),
        ("dovetail-novelty -> serde", "has no layer"),
    ];
    for (line, expected) in cases {
        let found = faults(&made_up(&[line]));
        assert_eq!(found.len(), 1, "{line}: {found:?}");
        assert!(found[0].contains(expected), "{line}: {found:?}");
    }
}

#[test]
fn every_owned_library_has_its_owner_only() {
    for (library, owners) in OWNERS {
        let found = faults(&made_up(&[&format!("dovetail-runtime -> {library}")]));
        assert_eq!(found.len(), 1, "a second owner of {library} must be found");
        for owner in owners {
            let line = format!("{owner} -> {library}");
            assert_eq!(faults(&made_up(&[&line])), Vec::<String>::new(), "{line}");
        }
    }
}
