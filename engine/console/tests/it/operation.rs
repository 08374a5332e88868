//! The pages of every day: Status, Issues, Activity, Settings, and the operator's list.

use access::Scope;
use model::{Content, CustomerId, PartnerId, RequestId, User};

use crate::world::{Browser, PARTNER, World, borrowed, credential_fields};

const HOSTILE: &str = "<img src=x onerror=alert(1)>";

fn partner() -> PartnerId {
    PartnerId::new(PARTNER).unwrap()
}

/// Hands in a request that nobody has an integration for, with a hostile name in it.
async fn hand_in(world: &World, id: &str) {
    let content = Content {
        id: RequestId::new(id).unwrap(),
        customer_id: CustomerId::new("c-1").unwrap(),
        report_type: "url_block".to_owned(),
        hostname: Some("files.example".to_owned()),
        url: None,
        reason: Some(HOSTILE.to_owned()),
        user: Some(User {
            name: Some(HOSTILE.to_owned()),
            ..User::default()
        }),
        opened_at: None,
    };
    world.runtime.accept(&partner(), content).await.unwrap();
}

async fn reader(world: &World) -> Browser<'_> {
    world.browser(Scope::Reader(partner())).await
}

#[tokio::test]
async fn status_shows_each_leg_and_rotates_the_callout_address() {
    let world = World::new("autotask").await;
    let mut browser = world.administrator().await;
    let path = format!("{}/status", browser.connect().await);
    let shown = browser.see(&path, "Succeeded").await.expect(
        200,
        &[
            "Credentials",
            "No callout has arrived yet",
            "Creating a Workflow Rule",
            "Callout URL",
        ],
    );
    let before = callout(&shown.text());
    browser.fill(&path, &[("do", "rotate")]).await;
    let after = callout(&browser.follow().await.text());
    assert_ne!(before, after);
    browser.fill(&path, &[("do", "sync")]).await;
    browser
        .follow()
        .await
        .expect(200, &["Synchronization started."]);
    let mut reader = reader(&world).await;
    let shown = reader.get(&path).await.expect(200, &["Health"]).text();
    assert!(!shown.contains("Synchronize now") && !shown.contains("Make another address"));
}

/// The callout address that a page shows.
fn callout(text: &str) -> String {
    let shown = text.split("/callouts/").nth(1).expect("an address");
    shown.split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_issue_has_its_remedy_and_a_request_its_history() {
    let world = World::new("autotask").await;
    world.customers(&["Fabrikam & Co"]).await;
    let mut browser = world.administrator().await;
    let issues = format!("/partners/{PARTNER}/issues");
    browser
        .get(&issues)
        .await
        .expect(200, &["Nothing needs you"]);
    hand_in(&world, "r-1").await;
    browser
        .see(&issues, "no integration has tickets switched on")
        .await
        .expect(200, &["Create an integration", "1 request waits"]);
    let way = format!("href=\"/partners/{PARTNER}/integrations\">Open the integrations</a>");
    assert!(
        browser.shown.text().contains(&way),
        "{}",
        browser.shown.text()
    );
    let issue = browser.shown.value("issue").unwrap();
    let waits = format!("/partners/{PARTNER}/activity?q={issue}");
    browser.get(&waits).await.expect(200, &["r-1"]);
    browser.fill(&issues, &[("issue", &issue)]).await;
    browser
        .follow()
        .await
        .expect(200, &["What waits is being tried again: 1."]);
    browser
        .fill(&issues, &[("issue", "not an id")])
        .await
        .expect(404, &[]);
    let activity = format!("/partners/{PARTNER}/activity");
    for find in ["r-1", "FILES", "fabrikam"] {
        let found = browser.get(&format!("{activity}?q={find}")).await;
        found.expect(200, &["activity/r-1", "Fabrikam &#38; Co"]);
    }
    browser
        .get(&format!("{activity}?q=nowhere"))
        .await
        .expect(200, &["Nothing found"]);
    browser
        .get(&format!("{activity}?show=closed"))
        .await
        .expect(200, &["Nothing found"]);
    let page = browser.get(&format!("{activity}/r-1")).await;
    let page = page.expect(200, &["Accepted", "History"]).text();
    assert!(!page.contains("<img src=x"), "{page}");
    browser.fill(&format!("{activity}/r-1"), &[]).await;
    browser
        .follow()
        .await
        .expect(200, &["It is being tried again."]);
    browser
        .get(&format!("{activity}/none"))
        .await
        .expect(404, &["There is no request none"]);
}

#[tokio::test]
async fn settings_keep_what_works_and_hold_the_integration() {
    let world = World::new("autotask").await;
    let mut browser = world.administrator().await;
    let path = format!("{}/connection", browser.connect().await);
    let wrong = credential_fields(&world.psa.wrong_credentials(&world.psa_url));
    let mut wrong = borrowed(&wrong);
    wrong.push(("do", "credentials"));
    let refused = browser.fill(&path, &wrong).await;
    refused.expect(422, &["Those in use stay in use."]);
    let schedule = [("do", "schedule"), ("every.poll_tickets", "soon")];
    let refused = browser.fill(&path, &schedule).await;
    refused.expect(422, &["value=\"soon\"", "is not a span of at least 1s"]);
    let schedule = [("do", "schedule"), ("every.poll_tickets", "2m")];
    browser.fill(&path, &schedule).await;
    browser
        .follow()
        .await
        .expect(200, &["Schedule saved.", "value=\"2m\""]);
    browser.fill(&path, &[("do", "pause")]).await;
    browser
        .follow()
        .await
        .expect(200, &["Paused. What comes waits."]);
    browser.fill(&path, &[("do", "resume")]).await;
    browser.follow().await.expect(200, &["Resumed."]);
    let refused = browser.fill(&path, &[("do", "disconnect")]).await;
    refused.expect(422, &["Tick this to say that you mean it."]);
    browser
        .fill(&path, &[("do", "disconnect"), ("meant", "yes")])
        .await;
    browser
        .follow()
        .await
        .expect(200, &["Disconnected. The credentials are forgotten."]);
    let good = credential_fields(&world.psa.credentials(&world.psa_url));
    let mut good = borrowed(&good);
    good.push(("do", "credentials"));
    browser.fill(&path, &good).await;
    browser
        .follow()
        .await
        .expect(200, &["The new credentials are in use."]);
}

#[tokio::test]
async fn the_next_credentials_lie_beside_those_in_use_until_they_are_switched_to() {
    let world = World::new("autotask").await;
    let mut browser = world.administrator().await;
    let path = format!("{}/connection", browser.connect().await);
    let page = browser.get(&path).await;
    page.expect(200, &["In use", "Working", "Administrator in the console"]);
    let wrong = credential_fields(&world.psa.wrong_credentials(&world.psa_url));
    let mut wrong = borrowed(&wrong);
    wrong.push(("do", "spare"));
    let refused = browser.fill(&path, &wrong).await;
    refused.expect(422, &["The credentials are rejected"]);
    // The user's name in other letters is the same user, and other credentials.
    let mut next = world.psa.credentials(&world.psa_url);
    next.get_mut("username").unwrap().make_ascii_uppercase();
    let fields = credential_fields(&next);
    let mut fields = borrowed(&fields);
    fields.push(("do", "spare"));
    browser.fill(&path, &fields).await;
    let kept = browser.follow().await;
    let kept = kept.expect(200, &["Next", "Not in use yet", "Test and switch<"]);
    for secret in next.values() {
        assert!(!kept.text().contains(secret), "{}", kept.text());
    }
    browser.fill(&path, &[("do", "spare_test")]).await;
    let tested = browser.follow().await;
    tested.expect(200, &["No call is made with them yet.", "Not in use yet"]);
    browser.fill(&path, &[("do", "spare_use")]).await;
    let switched = browser.follow().await;
    switched.expect(200, &["Former", "Forgotten", "Test and switch back"]);
    browser.fill(&path, &[("do", "spare_use")]).await;
    browser
        .follow()
        .await
        .expect(200, &["new credentials are in use"]);
    browser.fill(&path, &[("do", "spare_remove")]).await;
    let removed = browser
        .follow()
        .await
        .expect(200, &["Removed. They are forgotten."]);
    assert!(!removed.text().contains("spare_use"), "{}", removed.text());
}

#[tokio::test]
async fn operators_see_how_all_partners_are_and_others_do_not() {
    let world = World::new("autotask").await;
    hand_in(&world, "r-1").await;
    let mut operator = world.browser(Scope::Operator).await;
    let shown = operator.see("/partners", "1 open").await;
    let shown = shown
        .expect(200, &["Northwind &#38; Co", "Other", "None yet"])
        .text();
    assert!(
        !shown.contains("files.example"),
        "nothing of what customers sent"
    );
    let said = "no integration has tickets switched on";
    let found = operator.get("/issues?q=NORTHWIND&show=setup").await;
    let found = found.expect(200, &[said, "Northwind &#38; Co", "1 request waits"]);
    let issue = found.value("issue").unwrap();
    let none = operator.get("/issues?q=other").await;
    none.expect(200, &["None of the issues fits this filter"]);
    let fields = [("partner", PARTNER), ("issue", issue.as_str())];
    operator.fill("/issues", &fields).await.expect(303, &[]);
    operator
        .follow()
        .await
        .expect(200, &["What waits is being tried again: 1."]);
    let wrong = [("partner", "no such"), ("issue", "")];
    operator.fill("/issues", &wrong).await.expect(415, &[]);
    let mut administrator = world.administrator().await;
    administrator.get("/issues").await.expect(403, &[]);
    administrator.get("/partners").await.expect(403, &[]);
    administrator
        .get("/partners/other/activity")
        .await
        .expect(403, &[]);
    administrator
        .get("/partners/other/issues")
        .await
        .expect(403, &[]);
}

#[tokio::test]
async fn what_is_the_vendors_own_is_connected_by_operators_alone() {
    let world = World::new("autotask").await;
    let list = format!("/partners/{PARTNER}/integrations");
    let new = format!("{list}/new/defensx");
    let mut operator = world.browser(Scope::Operator).await;
    operator.get(&list).await.expect(200, &["new/defensx"]);
    operator.get(&new).await.expect(200, &["Test Connection"]);
    let mut administrator = world.administrator().await;
    let shown = administrator.get(&list).await;
    let shown = shown.expect(200, &["new/autotask"]).text();
    assert!(!shown.contains("defensx"), "{shown}");
    administrator.get(&new).await.expect(404, &[]);
    let billing = format!("{}/settings/billing", administrator.connect().await);
    administrator.get(&billing).await.expect(303, &[]);
    let lead = administrator.shown.header("location").unwrap();
    assert!(
        lead.ends_with("/billing") && !lead.contains("settings"),
        "{lead}"
    );
}
