//! What one source of settings says: the file, the environment or the flags.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

use definition::{Configuration, LogFormat, SignInText};

use super::vendor::Vendor;
use crate::args::{self, ServeArgs};
use crate::error::Error;

/// What the names of our variables begin with.
const PREFIX: &str = "DOVETAIL_";

/// The settings that are one text each, as keys of the file. A variable's name is made of it:
/// `log.level` is `DOVETAIL_LOG__LEVEL`.
const KEYS: [&str; 12] = [
    "listen",
    "data",
    "seal_key",
    "public_url",
    "workers",
    "workers_per_partner",
    "grace",
    "keep.requests",
    "keep.exchanges",
    "keep.runs",
    "log.level",
    "log.format",
];

/// The variable that names the configuration file; read by the command line's parser.
const CONFIG: &str = "CONFIG";
/// The variable that lists folders of connectors.
const CONNECTORS: &str = "CONNECTORS";
/// The variable that lists trusted origins, with commas between them.
const TRUST: &str = "TRUST";
/// What leads the variables with vendor values.
const VENDOR: &str = "VENDOR__";

/// What was said of one setting, and where.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) value: String,
    pub(super) by: String,
}

impl Said {
    /// The error that this value cannot be used. No setting that comes here is a secret.
    pub(super) fn wrong(&self, wrong: &str, remedy: &str) -> Error {
        Error::BadSetting {
            setting: self.by.clone(),
            wrong: format!("`{}` {wrong}", self.value),
            remedy: remedy.to_owned(),
        }
    }
}

/// What one source says; what it leaves out is left to others.
#[derive(Debug, Default)]
pub(super) struct Layer {
    texts: BTreeMap<&'static str, Said>,
    pub(super) connectors: Option<Vec<PathBuf>>,
    pub(super) trust: Option<Vec<Said>>,
    pub(super) vendor: Vendor,
    /// Given in the file only.
    pub(super) sign_in: Option<SignInText>,
}

impl Layer {
    pub(super) fn get(&self, key: &str) -> Option<&Said> {
        self.texts.get(key)
    }

    /// This, and where it says nothing, `lower`.
    pub(super) fn over(mut self, lower: Self) -> Self {
        for (key, said) in lower.texts {
            self.texts.entry(key).or_insert(said);
        }
        Self {
            texts: self.texts,
            connectors: self.connectors.or(lower.connectors),
            trust: self.trust.or(lower.trust),
            vendor: self.vendor.over(lower.vendor),
            sign_in: self.sign_in.or(lower.sign_in),
        }
    }

    fn say(&mut self, key: &'static str, value: Option<impl ToString>, by: String) {
        if let Some(value) = value {
            let value = value.to_string();
            self.texts.insert(key, Said { value, by });
        }
    }

    pub(super) fn of_file(name: &str, file: Configuration) -> Self {
        let mut layer = Self::default();
        let by = |key: &str| format!("{name}: {key}");
        let format = file.log.format.map(|format| match format {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        });
        layer.say("listen", file.listen, by("listen"));
        layer.say("data", file.data, by("data"));
        layer.say("seal_key", file.seal_key, by("seal_key"));
        layer.say("public_url", file.public_url, by("public_url"));
        layer.say("workers", file.workers, by("workers"));
        let key = "workers_per_partner";
        layer.say(key, file.workers_per_partner, by(key));
        layer.say("grace", file.grace, by("grace"));
        let keep = file.keep;
        layer.say("keep.requests", keep.requests, by("keep.requests"));
        layer.say("keep.exchanges", keep.exchanges, by("keep.exchanges"));
        layer.say("keep.runs", keep.runs, by("keep.runs"));
        layer.say("log.level", file.log.level, by("log.level"));
        layer.say("log.format", format, by("log.format"));
        let folders = |folders: Vec<String>| folders.into_iter().map(PathBuf::from).collect();
        layer.connectors = file.connectors.map(folders);
        layer.trust = file.trust.map(|origins| all_said(origins, &by("trust")));
        layer.vendor = Vendor::of_file(name, file.vendor);
        layer.sign_in = file.sign_in;
        layer
    }

    /// What variables say; besides, what is said of those that are not known.
    pub(super) fn of_environment(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> (Self, Vec<String>) {
        let (mut layer, mut doubts) = (Self::default(), Vec::new());
        for (variable, value) in variables {
            let Some(name) = variable.strip_prefix(PREFIX) else {
                continue;
            };
            if let Some(key) = KEYS.into_iter().find(|key| of_key(key) == name) {
                layer.say(key, Some(value), variable);
            } else if name == CONNECTORS {
                layer.connectors = Some(env::split_paths(&value).collect());
            } else if name == TRUST {
                let origins = value.split(',').map(|origin| origin.trim().to_owned());
                layer.trust = Some(all_said(origins, &variable));
            } else if let Some((connector, field)) = vendor_field(name) {
                layer.vendor.say(&connector, &field, value, &variable);
            } else if name != CONFIG {
                doubts.push(unknown(name));
            }
        }
        (layer, doubts)
    }

    pub(super) fn of_flags(args: ServeArgs) -> Self {
        let mut layer = Self::default();
        let format = args.log_format.map(|format| match format {
            args::LogFormat::Text => "text",
            args::LogFormat::Json => "json",
        });
        layer.say("listen", args.listen, "--listen".to_owned());
        layer.say("data", args.data, "--data".to_owned());
        layer.say("seal_key", args.seal_key, "--seal-key".to_owned());
        layer.say("public_url", args.public_url, "--public-url".to_owned());
        layer.say("workers", args.workers, "--workers".to_owned());
        layer.say("grace", args.grace, "--grace".to_owned());
        let key = "keep.requests";
        layer.say(key, args.keep_requests, "--keep-requests".to_owned());
        let key = "keep.exchanges";
        layer.say(key, args.keep_exchanges, "--keep-exchanges".to_owned());
        layer.say("keep.runs", args.keep_runs, "--keep-runs".to_owned());
        layer.say("log.level", args.log_level, "--log-level".to_owned());
        layer.say("log.format", format, "--log-format".to_owned());
        let folders = args.connectors.into_iter().map(PathBuf::from);
        layer.connectors = Some(folders.collect()).filter(|folders: &Vec<_>| !folders.is_empty());
        let origins = all_said(args.trust, "--trust");
        layer.trust = Some(origins).filter(|origins| !origins.is_empty());
        layer
    }
}

/// Values of one list, each with where it was given.
fn all_said(values: impl IntoIterator<Item = String>, by: &str) -> Vec<Said> {
    let said = |value| Said {
        value,
        by: by.to_owned(),
    };
    values.into_iter().map(said).collect()
}

/// What follows the prefix in the variable of `key`.
fn of_key(key: &str) -> String {
    key.replace('.', "__").to_uppercase()
}

/// Connector and field of a variable such as `VENDOR__SAMPLE__CODE`.
fn vendor_field(name: &str) -> Option<(String, String)> {
    let (connector, field) = name.strip_prefix(VENDOR)?.split_once("__")?;
    let both = !connector.is_empty() && !field.is_empty();
    both.then(|| (connector.to_lowercase(), field.to_lowercase()))
}

/// A variable that nobody reads is probably a slip of the finger, but it may be somebody else's.
fn unknown(name: &str) -> String {
    let known = KEYS.map(of_key).into_iter();
    let known = known.chain([CONFIG, CONNECTORS, TRUST].map(str::to_owned));
    let distance = |one: &String| strsim::damerau_levenshtein(name, one);
    let near = known.min_by_key(distance).filter(|one| distance(one) <= 2);
    let hint = near.map(|one| format!("; did you mean {PREFIX}{one}?"));
    format!(
        "the variable {PREFIX}{name} is not a setting and is passed over{}",
        hint.unwrap_or_default()
    )
}
