//! The stable names of all kinds of problem, each with the rule it stands for.
//!
//! Codes are a public contract: people search for them and silence them in editors. A code is
//! never renamed and never given another meaning. Expressions and scripts add codes of their own.

macro_rules! codes {
    ($($name:ident = $code:literal, $rule:literal;)*) => {
        $(#[doc = $rule] pub(crate) const $name: &str = $code;)*

        /// Every code of this crate with the rule that it stands for, by theme.
        pub const CODES: &[(&str, &str)] = &[$(($code, $rule)),*];
    };
}

codes! {
    // Files and YAML.
    SYNTAX = "syntax", "A file is valid YAML or JSON.";
    EMPTY_FILE = "empty-file", "A file holds something.";
    SEVERAL_DOCUMENTS = "several-documents", "A file holds one document.";
    DUPLICATE_KEY = "duplicate-key", "A map holds each key once.";
    DUPLICATE_ANCHOR = "duplicate-anchor", "An anchor names one value.";
    TYPOGRAPHIC_QUOTE = "typographic-quote", "A quote that quotes is a straight one.";
    TAG = "tag", "YAML tags are not used.";
    TOO_LARGE = "too-large", "A file stays within the limits of size and depth.";
    UNKNOWN_KIND = "unknown-kind", "A file says what it is by its first key.";
    DUPLICATE_NAME = "duplicate-name", "A name is given once.";
    MISSING_FAMILY = "missing-family", "A connector or pipeline is of a loaded family.";
    UNREADABLE = "unreadable", "A path that is checked can be read.";

    // Structure.
    UNKNOWN_KEY = "unknown-key", "A map holds only keys that mean something there.";
    MISSING_KEY = "missing-key", "A map holds the keys that cannot be done without.";
    WRONG_TYPE = "wrong-type", "A value is of the kind its place asks for.";
    WRONG_VALUE = "wrong-value", "A value is one of those its place allows.";
    OUT_OF_RANGE = "out-of-range", "A number, or a list's length, is within its limits.";
    BAD_DURATION = "bad-duration", "A span of time is a whole number and one of ms, s, m, h, d.";
    BAD_NAME = "bad-name", "A name has small letters, digits and underscores, first a letter.";
    UNKNOWN_STEP = "unknown-step", "A step is of a kind that exists.";
    EMPTY_STEP = "empty-step", "A step says what it does.";
    SEVERAL_STEPS = "several-steps", "A step does one thing.";
    EXACTLY_ONE = "exactly-one", "Of keys that exclude each other, exactly one is given.";

    CONSTANT_VALUE = "constant-value", "What has to differ is not written out.";
    EMPTY_VALUE = "empty-value", "What is named to be sent has a value.";
    FOREIGN_ROOT = "foreign-root", "A path in a document does not begin with a name around it.";
    SINGLE_BRACES = "single-braces", "What is printed stands between two braces on each side.";
    FORGOTTEN_DOLLAR = "forgotten-dollar", "A text does not read like a path.";

    // Connectors.
    UNKNOWN_OPERATION = "unknown-operation", "An operation that is named exists.";
    UNKNOWN_CHOICES = "unknown-choices", "A list of choices that is named exists.";
    UNKNOWN_SETTING = "unknown-setting", "A setting that is named exists in its section.";
    UNLIKE_ITSELF = "unlike-itself", "A setting is unlike another one.";
    IDLE_VARIABLES = "idle-variables", "Only a template has variables.";
    BAD_DEFAULT = "bad-default", "A default is a value that could be given.";
    BAD_REGEX = "bad-regex", "A regular expression can be read.";
    LOOSE_PATTERN = "loose-pattern", "A pattern for a value is about the whole of it.";
    BAD_STATUS = "bad-status", "A status is a number from 100 to 599 or a class such as 5xx.";
    UNREACHABLE_RULE = "unreachable-rule", "An error rule is not hidden by one before it.";
    BAD_HOST = "bad-host", "A host is a name, with `*.` in front if the names below it are meant.";
    FOREIGN_HOST = "foreign-host", "An address that is written out is on one of the hosts.";
    BAD_URL = "bad-url", "An address begins with `https://`, or with a slash below `base_url`.";
    SECRET_IN_URL = "secret-in-url", "A secret never stands in an address or its query.";
    NOT_SECRET = "not-secret", "What shows who calls is kept secret.";
    MISSING_ENTITY = "missing-entity", "What is limited by entity says what it works on.";
    SECRET_DEFAULT = "secret-default", "A secret has no default.";
    INCOMPLETE_LIMIT = "incomplete-limit", "A limit says what it counts, and in what span.";
    BACKWARD_PAUSES = "backward-pauses", "The longest pause is not shorter than the first.";
    UNKNOWN_CAUSE = "unknown-cause", "A cause that is named is one of the family's.";
    CHECK_EFFECT = "check-effect", "What only looks changes nothing.";
    BY_NOTHING = "by-nothing", "Whose a record is matters where something is looked at for each.";
    CAUSELESS = "causeless", "What tells more of a cause goes with one.";
    WRONG_CAUSE = "wrong-cause", "A cause is of a failure that stays until somebody mends it.";
    RETRY_FORBIDDEN = "retry-forbidden", "Only failures that pass by themselves are tried again.";
    UNUSED_FIELD = "unused-field", "What people are asked for is used.";
    BAD_HEADER = "bad-header", "A header can be sent, and is not set by the engine.";
    MISSING_KEEP = "missing-keep", "A setup operation says how long its record holds.";
    KEPT_EFFECT = "kept-effect", "The answer to an effect is not kept.";
    MISSING_RIGHTS = "missing-rights", "A connection test has a right to ask for.";
    BEFORE_IN_SETUP = "before-in-setup", "Setup calls no operation first.";
    SETUP_LOOP = "setup-loop", "Setup does not need its own result.";
    CHOICES_LOOP = "choices-loop", "Choices do not depend on what is chosen from them.";
    UNKNOWN_WORD = "unknown-word", "A word of ours that is replaced is one that is shown.";
    BEFORE_LOOP = "before-loop", "Operations do not call each other first in a circle.";
    BEFORE_EFFECT = "before-effect", "An effect is not called on the way to another operation.";
    JOB_EFFECT = "job-effect", "What is fetched from a long job is a read.";
    JOB_STATE = "job-state", "A state of a job means one thing.";
    UNUSED_JOB = "unused-job", "A job is asked after by what it is known by.";
    UNUSED_BEFORE = "unused-before", "What is called first is used.";
    UNUSED_OPERATION = "unused-operation", "An operation is used by something.";
    UNUSED_PAGE = "unused-page", "An operation with pages asks for the page.";
    PAGE_SIZE = "page-size", "A page is asked for with the size it is told to have.";
    SHARED_PAGES = "shared-pages", "Who reads another's pages looks at them alone.";
    MISSING_SECTION = "missing-section", "What the family has settings for, a connector has, too.";
    UNUSED_CHOICES = "unused-choices", "A list of choices is used by a setting.";
    BODY_WITH_GET = "body-with-get", "A GET sends no body.";
    BODY_AND_FORM = "body-and-form", "An operation sends one kind of body.";
    TEXT_AS_JSON = "text-as-json", "A body in JSON is not a text as a whole.";
    SIGNED_WITHOUT_DATE = "signed-without-date", "A date that is signed is sent.";
    MISSING_OPERATION = "missing-operation", "A connector provides what its family asks for.";
    MISSING_ITEMS = "missing-items", "An operation that gives many says where they are.";
    ONE_ITEM = "one-item", "Where many records are, there is more than one place.";
    MISSING_RECORD = "missing-record", "An operation says what its records become.";
    MISSING_FIELD = "missing-field", "A record has the keys its schema asks for.";
    UNKNOWN_RECORD_FIELD = "unknown-record-field", "A record has only keys its schema knows.";
    WRONG_FIELD = "wrong-field", "A field of a record can be what its schema asks for.";
    PAGED_ONE = "paged-one", "Pages belong to an operation that gives many, or says which one.";
    INVENTED_RECORD = "invented-record", "What a family promises is read, not made up.";
    EFFECT_BY_GET = "effect-by-get", "An effect is not sent as a GET, which anyone may repeat.";
    EFFECT_UNFINDABLE = "effect-unfindable", "An effect can be found after a lost answer.";
    CALLOUT_REQUEST = "callout-request", "A request is read from a callout in JSON, whole.";
    CALLOUT_WITHOUT_ID = "callout-without-id", "A callout is read for fields of the ticket hint.";

    // Families.
    UNKNOWN_SCHEMA = "unknown-schema", "A schema that is named exists.";
    BAD_SCHEMA = "bad-schema", "A schema is a JSON Schema.";
    FIND_MISMATCH = "find-mismatch", "What finds an effect needs no more than the effect does.";
    FIND_EFFECT = "find-effect", "What finds an effect changes nothing and gives one record.";
    MISSING_WITHOUT = "missing-without", "What is optional says what is lost without it.";
    WITHOUT_REQUIRED = "without-required", "Only what is optional can be done without.";
    RESERVED_NAME = "reserved-name", "An input does not have a name that is always there.";

    // Pipelines.
    NEVER_STARTED = "never-started", "A pipeline is started by an event or by the clock.";
    MIXED_EVENTS = "mixed-events", "The events of a pipeline give the same names.";
    CONSTANT_KEY = "constant-key", "An effect for one of many things has a key of its own.";
    LOOK_UNFINDABLE = "look-unfindable", "Only what can be found is looked for.";
    CONSTANT_LANE = "constant-lane", "Work for different requests does not share one lane.";
    USE_RECONCILE = "use-reconcile", "A quantity is changed only by what knows it before.";
    WRONG_RECONCILE = "wrong-reconcile", "An operation of a reconcile is of the kind it needs.";
    USE_ENSURE = "use-ensure", "An effect that must happen once is not simply called.";
    NOT_AN_EFFECT = "not-an-effect", "Only what changes something is ensured.";
    NOT_A_LIST = "not-a-list", "Only what gives many is pulled.";
    PULL_INSTEAD = "pull-instead", "What gives many is pulled.";
    MISSING_INPUT = "missing-input", "What an operation is given is there when the step runs.";
    INPUT_MISMATCH = "input-mismatch", "What an operation is given has the keys it asks for.";
    UNKNOWN_INPUT = "unknown-input", "An operation is given only what it asks for.";
    GIVES_NOTHING = "gives-nothing", "Only what gives something goes into a name.";
    SHADOWED_NAME = "shadowed-name", "A name keeps its meaning within a pipeline.";
    SINCE_MISMATCH = "since-mismatch", "`since` goes with an operation that is given one.";
    WRONG_MATCH = "wrong-match", "What nothing matches can be parked only if somebody can map it.";
    NOT_A_MOMENT = "not-a-moment", "The newest moment of records is one.";
    IDLE_PULL = "idle-pull", "What is read is kept or used.";
    WRONG_KEEP = "wrong-keep", "Records are kept as what they are.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_code_is_kebab_case_and_given_once() {
        let mut seen = BTreeSet::new();
        for (code, rule) in super::CODES {
            assert!(
                code.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
                "{code}"
            );
            assert!(rule.ends_with('.'), "{code}");
            assert!(seen.insert(code), "{code} is given twice");
        }
    }
}
