//! What wins over what, and what is said of values that cannot be used.

#![expect(clippy::unwrap_used, reason = "a failed test should panic")]

use std::fs;

use super::*;

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    owned.collect()
}

/// Settings of a file that holds `text`, of `variables` and of `args`.
fn gather(text: &str, given: &[(&str, &str)], args: ServeArgs) -> Result<Settings, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dovetail.yaml");
    fs::write(&path, text).unwrap();
    let config = Some(path);
    Settings::gather(ServeArgs { config, ..args }, variables(given))
}

#[test]
fn a_flag_wins_over_a_variable_and_a_variable_over_the_file() {
    let text = "data: a\nlisten: 1.1.1.1:1\ngrace: 1s\nlog: { level: debug }\n";
    let given = [
        ("DOVETAIL_LISTEN", "2.2.2.2:2"),
        ("DOVETAIL_GRACE", "2s"),
        ("PATH", "x"),
    ];
    let args = ServeArgs {
        listen: Some("3.3.3.3:3".to_owned()),
        ..ServeArgs::default()
    };
    let settings = gather(text, &given, args).unwrap();
    assert_eq!(settings.listen, "3.3.3.3:3");
    assert_eq!(settings.grace, Duration::from_secs(2));
    assert_eq!(settings.log_level, "debug");
    assert_eq!(settings.data, PathBuf::from("a"));
    assert!(settings.doubts.is_empty(), "{:?}", settings.doubts);
}

#[test]
fn defaults_hold_where_nothing_is_said() {
    let settings = gather("data: a\n", &[], ServeArgs::default()).unwrap();
    assert_eq!(settings.listen, LISTEN_DEFAULT);
    assert_eq!(settings.grace, GRACE_DEFAULT);
    assert_eq!(settings.log_format, LogFormat::Text);
    assert!(settings.connectors.is_empty());
}

#[test]
fn how_long_things_are_kept_is_said_like_every_other_setting() {
    let day = Duration::from_hours(24);
    let text = "data: a\nkeep: { requests: 100d, exchanges: 10d, runs: 200 }\n";
    let given = [("DOVETAIL_KEEP__EXCHANGES", "20d")];
    let args = ServeArgs {
        keep_runs: Some(300),
        ..ServeArgs::default()
    };
    let kept = gather(text, &given, args).unwrap().keep;
    assert_eq!((kept.requests, kept.exchanges), (100 * day, 20 * day));
    assert_eq!(kept.runs, 300);
    let kept = gather("data: a\n", &[], ServeArgs::default()).unwrap().keep;
    assert_eq!(kept, Retention::default());
}

#[test]
fn what_holds_unless_told_otherwise_is_among_what_may_be_told() {
    let kept = Retention::default();
    assert!(definition::REQUESTS_KEPT.contains(&kept.requests));
    assert!(definition::EXCHANGES_KEPT.contains(&kept.exchanges));
    assert!(definition::RUNS_KEPT.contains(&u32::try_from(kept.runs).unwrap()));
}

#[test]
fn a_secret_may_come_by_the_environment_while_the_file_holds_the_rest() {
    let text = "data: a\nvendor: { sample: { code: file, root: file } }\n";
    let given = [("DOVETAIL_VENDOR__SAMPLE__CODE", "variable")];
    let settings = gather(text, &given, ServeArgs::default()).unwrap();
    let values = settings.vendor.values();
    let sample = values.get("sample").unwrap();
    assert_eq!(sample.get("code").unwrap(), "variable");
    assert_eq!(sample.get("root").unwrap(), "file");
    assert!(!format!("{settings:?}").contains("variable"));
}

#[test]
fn folders_of_connectors_are_taken_whole() {
    let text = "data: a\nconnectors: [one, two]\n";
    let given = [("DOVETAIL_CONNECTORS", "three:four")];
    let settings = gather(text, &given, ServeArgs::default()).unwrap();
    assert_eq!(settings.connectors, ["three", "four"].map(PathBuf::from));
}

#[test]
fn a_wrong_value_is_reported_where_it_was_given() {
    let cases = [
        (
            "data: a\n",
            ("DOVETAIL_GRACE", "soon"),
            "DOVETAIL_GRACE: `soon` is not a span of time",
        ),
        (
            "data: a\n",
            ("DOVETAIL_WORKERS", "0"),
            "DOVETAIL_WORKERS: `0` is not a number",
        ),
        (
            "data: a\n",
            ("DOVETAIL_PUBLIC_URL", "x.example"),
            "DOVETAIL_PUBLIC_URL: `x.example`",
        ),
        (
            "data: a\n",
            ("DOVETAIL_KEEP__REQUESTS", "29d"),
            "DOVETAIL_KEEP__REQUESTS: `29d` is not a span from 30d to 3650d",
        ),
        (
            "data: a\n",
            ("DOVETAIL_KEEP__RUNS", "many"),
            "DOVETAIL_KEEP__RUNS: `many` is not a number from 100 to 5000",
        ),
        (
            "data: a\nkeep: { exchanges: 1h }\n",
            ("X", "1"),
            "`1h` is not from 1d to 3650d",
        ),
        (
            "data: a\n",
            ("DOVETAIL_LOG__FORMAT", "xml"),
            "DOVETAIL_LOG__FORMAT: `xml`",
        ),
        ("listen: a\n", ("X", "1"), "data: no folder is given"),
        ("dato: a\n", ("X", "1"), "did you mean `data`?"),
        ("data: [a\n", ("X", "1"), "dovetail.yaml cannot be used"),
    ];
    for (text, variable, expected) in cases {
        let error = gather(text, &[variable], ServeArgs::default()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.exit(), crate::exit::Exit::Config, "{expected}");
    }
}

#[test]
fn a_variable_that_nobody_reads_is_doubted() {
    let given = [("DOVETAIL_LISTN", "x")];
    let settings = gather("data: a\n", &given, ServeArgs::default()).unwrap();
    let doubt = settings.doubts.concat();
    assert!(doubt.contains("did you mean DOVETAIL_LISTEN?"), "{doubt}");
}

#[test]
fn vendor_values_are_held_against_the_connectors() {
    let loaded = crate::builtin::load(&[]).unwrap();
    let (name, connector) = loaded.library.connectors.first_key_value().unwrap();
    let field = &connector.vendor.first().unwrap().name;
    let checked = |name: &str, field: &str| {
        let mut vendor = Vendor::default();
        vendor.say(name, field, "x".to_owned(), "here");
        vendor.check(&loaded)
    };
    assert!(
        checked(name, field)
            .unwrap()
            .iter()
            .all(|doubt| !doubt.starts_with("here"))
    );
    assert!(
        checked("nobody", field)
            .unwrap()
            .concat()
            .contains("there is no connector `nobody`")
    );
    let error = checked(name, "nothing").unwrap_err();
    assert!(error.remedy().unwrap().contains(field.as_str()));
}
