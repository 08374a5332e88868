//! What must not stand in the sources: names of PSAs in the engine, paths of somebody's machine,
//! files without a header, names that say nothing, unfinished work.
//!
//! A rule is a function from one file to its faults, so each is shown to fail on a made-up file.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are walked; what is hidden or built is not.
const FOLDERS: [&str; 5] = ["engine", "connectors", "scripts", "schemas", "tests"];

/// Most lines of code in a Rust file, its own tests left out.
const CODE_LINES_MAX: usize = 600;

/// Longest line of Rust, in characters.
const COLUMNS_MAX: usize = 100;

/// A file and where it is, from the workspace's root, with forward slashes.
struct Source {
    path: String,
    text: String,
}

type Rule = fn(&Source) -> Vec<String>;

/// All rules, by what they keep out.
const RULES: [(&str, Rule); 7] = [
    ("names of systems in the engine", names_a_system),
    ("paths of one machine", names_a_machine),
    ("files without a header", lacks_header),
    ("files that are too long", is_too_long),
    ("lines that are too long", has_long_lines),
    ("file names that say nothing", has_empty_name),
    ("unfinished work", is_unfinished),
];

impl Source {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the whole file is test code.
    fn is_test(&self) -> bool {
        let parts: Vec<&str> = self.path.split('/').collect();
        parts.iter().any(|part| ["tests", "benches"].contains(part))
            || self.path.ends_with("/tests.rs")
    }

    /// The lines before the file's own test module, with their numbers.
    fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..)
            .zip(self.text.lines())
            .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
    }

    fn fault(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

/// The engine must work for systems it has never heard of. One file lists the built-in folders;
/// prose may explain with examples.
fn names_a_system(source: &Source) -> Vec<String> {
    let prose = source.path.ends_with(".md");
    if !source.path.starts_with("engine/") || source.is_test() || prose {
        return Vec::new();
    }
    if source.path.ends_with("/builtin.rs") {
        return Vec::new();
    }
    let names = |line: &str| {
        let line = line.to_lowercase();
        let mut systems = ["autotask", "halo", "defensx"].into_iter();
        systems.find(|name| line.contains(name))
    };
    source
        .product_lines()
        .filter_map(|(number, line)| Some((number, names(line)?)))
        .map(|(number, name)| source.fault(number, &format!("names {name}; say \"a PSA\"")))
        .collect()
}

fn names_a_machine(source: &Source) -> Vec<String> {
    // Put together here, so that this file does not break its own rule.
    let folders = ["home", "root", "work", "Users"].map(|folder| format!("/{folder}/"));
    let starts_path = |line: &str, folder: &str| {
        line.match_indices(folder).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            before.is_none_or(|before| before.is_whitespace() || "\"'`=(:".contains(before))
        })
    };
    (1..)
        .zip(source.text.lines())
        .filter(|(_, line)| folders.iter().any(|folder| starts_path(line, folder)))
        .map(|(number, _)| source.fault(number, "names a path of one machine"))
        .collect()
}

fn lacks_header(source: &Source) -> Vec<String> {
    let mut lines = source.text.lines().skip_while(|line| line.is_empty());
    let has = lines.next().is_some_and(|line| line.starts_with("//! "));
    if !source.is_rust() || has {
        return Vec::new();
    }
    vec![source.fault(1, "opens without a //! header that says what it is for")]
}

fn is_too_long(source: &Source) -> Vec<String> {
    let is_code = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    let lines = source
        .product_lines()
        .filter(|(_, line)| is_code(line))
        .count();
    if !source.is_rust() || lines <= CODE_LINES_MAX {
        return Vec::new();
    }
    vec![source.fault(lines, &format!("more than {CODE_LINES_MAX} lines of code"))]
}

/// What rustfmt leaves too long: comments and texts. An address cannot be broken, and the texts
/// that tests expect are easier to compare on one line.
fn has_long_lines(source: &Source) -> Vec<String> {
    if !source.is_rust() || source.is_test() {
        return Vec::new();
    }
    let is_long = |line: &str| line.chars().count() > COLUMNS_MAX && !line.contains("://");
    source
        .product_lines()
        .filter(|(_, line)| is_long(line))
        .map(|(number, _)| source.fault(number, &format!("more than {COLUMNS_MAX} columns")))
        .collect()
}

fn has_empty_name(source: &Source) -> Vec<String> {
    let empty = ["utils", "util", "helpers", "common", "misc", "imp", "types"];
    let stems = source
        .path
        .split('/')
        .map(|part| part.trim_end_matches(".rs"));
    let named = stems.filter(|stem| empty.contains(stem));
    named
        .map(|name| source.fault(1, &format!("{name} says nothing about what is in it")))
        .collect()
}

fn is_unfinished(source: &Source) -> Vec<String> {
    // Put together here, so that this file does not break its own rule.
    let marks = [
        "TO\u{44}O",
        "FIX\u{4d}E",
        "XX\u{58}",
        "unimplemen\u{74}ed!",
        "tod\u{6f}!",
    ];
    (1..)
        .zip(source.text.lines())
        .filter(|(_, line)| marks.iter().any(|mark| line.contains(mark)))
        .map(|(number, _)| source.fault(number, "is marked as unfinished"))
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every text file in the walked folders.
fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(PathBuf::from).collect();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(root().join(&folder)) else {
            continue; // a folder of the list that is not there yet
        };
        for entry in entries {
            let entry = entry.expect("a folder of the workspace should be readable");
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            if entry.path().is_dir() {
                if !name.starts_with('.') && !["target", "node_modules"].contains(&&*name) {
                    folders.push(path);
                }
            } else if let Ok(text) = fs::read_to_string(entry.path()) {
                let path = path.to_string_lossy().replace('\\', "/");
                found.push(Source { path, text });
            }
        }
    }
    found
}

#[test]
fn the_sources_keep_every_rule() {
    let sources = sources();
    assert!(
        sources.len() > 100,
        "only {} files were read",
        sources.len()
    );
    let mut found = Vec::new();
    for (what, rule) in RULES {
        let faults = sources.iter().flat_map(rule);
        found.extend(faults.map(|fault| format!("{what}: {fault}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_rule_can_be_broken_and_kept() {
    let long_text = "x".repeat(COLUMNS_MAX + 1);
    let long_file = "code();\n".repeat(CODE_LINES_MAX + 1);
    let machine = ["//! A file.\n// in ", "/ho", "me/me/x"].concat();
    let mark = ["//! A file.\n// TO", "DO: later"].concat();
    let cases = [
        ("engine/store/src/key.rs", "//! For HaloPSA.", 0),
        ("engine/cli/Cargo.toml", "about = \"Autotask\"", 0),
        ("connectors/x.yaml", machine.as_str(), 1),
        ("engine/store/src/key.rs", "use std::fmt;", 2),
        ("engine/store/src/key.rs", long_file.as_str(), 3),
        ("engine/store/src/key.rs", long_text.as_str(), 4),
        ("engine/store/src/utils.rs", "//! A file.", 5),
        ("engine/store/src/common/key.rs", "//! A file.", 5),
        ("engine/store/src/key.rs", mark.as_str(), 6),
    ];
    for (path, text, broken) in cases {
        let source = Source {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let (what, rule) = RULES[broken];
        assert_eq!(rule(&source).len(), 1, "{what} in {path}");
    }
    let kept = [
        (
            "engine/store/src/key.rs",
            "//! Keys.\n#[cfg(test)]\nmod tests { /* halo */ }",
        ),
        ("engine/store/tests/it/main.rs", "//! autotask"),
        ("engine/cli/src/builtin.rs", "//! autotask"),
        ("engine/ARCHITECTURE.md", "such as Autotask"),
        ("connectors/x.yaml", "url: https://x.example/home/page"),
    ];
    for (path, text) in kept {
        let source = Source {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        for (what, rule) in RULES {
            assert_eq!(rule(&source), Vec::<String>::new(), "{what} in {path}");
        }
    }
}
