//! Lists that come capped, broken off, twice, out of order or at another place: whole in the end,
//! or an issue that says so, and never "success" with a part.

use serde_json::Value;

use super::desk::{BAD, CAP, Desks, Ill, SIZE, TOTAL};

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A run that read all there is, and says how it knows.
fn is_whole(dialect: &str, run: &Value) {
    assert_eq!(run["status"], "succeeded", "{dialect}: {run:#}");
    let verdict = &run["verdicts"][0];
    assert_eq!(verdict["records"], TOTAL, "{dialect}: {run:#}");
    assert_eq!(verdict["complete"], true, "{dialect}: {run:#}");
    assert!(!text(&verdict["stopped"]).is_empty(), "{dialect}: {run:#}");
}

#[tokio::test]
async fn a_list_is_whole_in_each_way_of_paging() {
    let desks = Desks::with(Ill::Not).await;
    for (dialect, path) in &desks.integrations {
        let run = desks.world.read(path).await;
        is_whole(dialect, &run);
        assert_eq!(run["verdicts"][0]["pages"], 40, "{dialect}: {run:#}");
        assert_eq!(desks.world.companies(path).await as u64, TOTAL);
        let asked = desks.desk.asked(dialect);
        assert!(
            asked.values().all(|times| *times == 1),
            "{dialect}: {asked:?}"
        );
    }
}

#[tokio::test]
async fn pages_that_are_kept_smaller_than_asked_for_lose_nothing() {
    let desks = Desks::with(Ill::Caps).await;
    for (dialect, path) in &desks.integrations {
        is_whole(dialect, &desks.world.read(path).await);
        assert_eq!(desks.world.companies(path).await as u64, TOTAL);
        let pages = desks.desk.asked(dialect).len() as u64;
        let few = TOTAL.div_ceil(CAP);
        assert!((few..=few + 1).contains(&pages), "{dialect}: {pages}");
    }
}

#[tokio::test]
async fn a_page_that_fails_costs_one_page_and_doubles_nothing() {
    let desks = Desks::with(Ill::Refuses).await;
    for (dialect, path) in &desks.integrations {
        let run = desks.world.read(path).await;
        assert_eq!(run["status"], "failed", "{dialect}: {run:#}");
        assert_eq!(run["failure"]["class"], "unavailable", "{dialect}: {run:#}");
        let told = text(&run["failure"]["message"]);
        assert!(
            told.contains("500") && told.contains("out of memory"),
            "{told}"
        );
        assert_eq!(run["verdicts"][0]["complete"], false, "{dialect}: {run:#}");
        // What was read before is there, and is not thrown away.
        assert_eq!(desks.world.companies(path).await as u64, BAD, "{dialect}");
    }
    desks.desk.fall(Ill::Not);
    for (dialect, path) in &desks.integrations {
        // What comes first, by the schedule or asked for, goes on where it was; what comes after that
        // begins anew.
        is_whole(dialect, &desks.world.read_now(path).await);
        let mut reads = desks.world.reads(path).await;
        reads.retain(|run| run["status"] == "succeeded");
        let resumed = reads.last().expect("a run has succeeded");
        is_whole(dialect, resumed);
        assert_eq!(resumed["counts"]["pages"], 21, "{dialect}: {resumed:#}");
        assert_eq!(desks.world.companies(path).await as u64, TOTAL);
        let asked = desks.desk.asked(dialect);
        let once_each = |(from, times): (&u64, &usize)| *from == BAD || *times == reads.len();
        assert!(asked.iter().all(once_each), "{dialect}: {asked:?}");
    }
    assert_eq!(desks.world.issues().await, Vec::<Value>::new());
}

/// What is wrong with a list, by dialect the words that a person must read about it. Where there
/// are none, this cannot happen to the dialect.
async fn is_told(ill: Ill, words: impl Fn(&str) -> Option<&'static str>) {
    let desks = Desks::with(ill).await;
    for (dialect, path) in &desks.integrations {
        let run = desks.world.read(path).await;
        let Some(words) = words(dialect) else {
            is_whole(dialect, &run);
            continue;
        };
        assert_eq!(run["status"], "failed", "{dialect}: {run:#}");
        let told = text(&run["failure"]["message"]);
        assert!(told.contains(words), "{dialect}: {told}");
        assert_eq!(run["verdicts"][0]["complete"], false, "{dialect}: {run:#}");
        let issue = desks.world.issue(path).await;
        let told = format!("{} {} {}", issue["title"], issue["detail"], issue["remedy"]);
        for said in [words, "list companies", "connector"] {
            assert!(
                told.contains(said),
                "{dialect}: `{said}` is not in: {issue:#}"
            );
        }
        // No company was taken away because a list came to a wrong end.
        assert!(
            desks.world.companies(path).await as u64 >= BAD - SIZE,
            "{dialect}"
        );
    }
    desks.desk.fall(Ill::Not);
    for (dialect, path) in &desks.integrations {
        is_whole(dialect, &desks.world.read_now(path).await);
        assert_eq!(desks.world.companies(path).await as u64, TOTAL, "{dialect}");
    }
    assert_eq!(desks.world.issues().await, Vec::<Value>::new());
}

#[tokio::test]
async fn companies_at_another_place_than_told_are_no_empty_list() {
    is_told(Ill::Moves, |dialect| {
        let has_total = dialect == "offset";
        Some(if has_total {
            "promised"
        } else {
            "no place for records"
        })
    })
    .await;
}

#[tokio::test]
async fn a_page_that_comes_twice_in_a_row_is_told() {
    is_told(Ill::Again, |_| Some("the same page came twice")).await;
}

#[tokio::test]
async fn a_page_of_long_ago_in_the_middle_is_told() {
    is_told(Ill::Earlier, |_| Some("the same page came twice")).await;
}

#[tokio::test]
async fn a_list_that_leads_back_to_its_beginning_ends_and_is_told() {
    let leads = ["cursor", "next_url", "link"];
    is_told(Ill::Circles, |dialect| {
        leads.contains(&dialect).then_some("circle")
    })
    .await;
}

/// Only a promise can show this, and where there is one it does.
#[tokio::test]
async fn a_list_that_ends_before_what_was_promised_is_told() {
    let desks = Desks::with(Ill::Ends).await;
    let (_, path) = &desks.integrations[1];
    let run = desks.world.read(path).await;
    let told = format!("995 records were promised, {BAD} came");
    assert_eq!(run["verdicts"][0]["stopped"], told, "{run:#}");
    assert_eq!(run["status"], "failed", "{run:#}");
    let issue = desks.world.issue(path).await;
    assert_eq!(issue["detail"], told, "{issue:#}");
}
