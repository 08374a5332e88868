//! Whatever a request says, what reaches a ticket is clean, short enough, and the same when it is
//! cleaned again.

use expression::{Phrase, text};
use proptest::prelude::*;

/// Any Unicode, with much of what makes trouble.
fn anything() -> impl Strategy<Value = String> {
    let trouble = prop::sample::select(vec![
        "\r\n",
        "\u{202e}",
        "\u{2066}",
        "\u{feff}",
        "\u{0}",
        "\u{2028}",
        "\u{85}",
        "👩\u{200d}👧",
        "e\u{301}",
        "🇦🇹",
        "{{user}}",
        "{{",
        "}}",
        "https://",
        "://",
        ".",
        "[.]",
        "@",
        "a.example",
        " ",
    ]);
    let part = prop_oneof![any::<String>(), trouble.prop_map(str::to_owned)];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

fn is_clean(text: &str) -> bool {
    let turns = |one: char| matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !text
        .chars()
        .any(|one| one.is_control() || turns(one) || one == '\u{2028}' || one == '\u{2029}')
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

proptest! {
    #[test]
    fn a_line_is_clean_and_cleaning_it_again_changes_nothing(any in anything()) {
        let line = text::one_line(&any);
        prop_assert!(is_clean(&line), "{line:?}");
        prop_assert!(!line.starts_with(' ') && !line.ends_with(' ') && !line.contains("  "));
        prop_assert_eq!(text::one_line(&line), line);
    }

    #[test]
    fn lines_are_clean_and_cleaning_them_again_changes_nothing(any in anything()) {
        let lines = text::lines(&any);
        prop_assert!(lines.split(['\n', '\t']).all(is_clean), "{lines:?}");
        prop_assert_eq!(text::lines(&lines), lines);
    }

    #[test]
    fn what_fits_stays_and_what_does_not_is_cut_to_fit(any in anything(), max in 0_usize..300) {
        let cut = text::fit(&any, max).into_owned();
        prop_assert!(units(&cut) <= max, "{} of {max}", units(&cut));
        prop_assert!(units(&any) > max || cut == any);
        prop_assert_eq!(text::fit(&cut, max), cut.as_str());
    }

    #[test]
    fn a_cleaned_line_stays_clean_when_it_is_cut(any in anything(), max in 1_usize..300) {
        let title = text::fit(&text::one_line(&any), max).into_owned();
        prop_assert!(is_clean(&title));
        prop_assert_eq!(text::one_line(&title), title);
    }

    #[test]
    fn defanging_leaves_no_address_and_does_it_once(any in anything()) {
        let safe = text::defang(&any);
        let lower = safe.to_lowercase();
        prop_assert!(!lower.contains("http://") && !lower.contains("https://"), "{safe:?}");
        prop_assert_eq!(text::defang(&safe), safe);
    }

    #[test]
    fn a_phrase_is_read_or_refused_and_prints_its_values_as_they_are(
        written in anything(), value in anything()
    ) {
        if let Ok(phrase) = Phrase::compile(&written, &["user", "hostname"]) {
            let printed = phrase.print(|_| &value);
            prop_assert!(!written.contains("{{user}}") || written.contains('\\') || printed.contains(&value));
        }
    }
}
