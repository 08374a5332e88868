//! Who gets in, and what a form has to prove.

use access::Scope;
use axum::http::Method;
use model::PartnerId;

use crate::world::{PARTNER, World};

const INTEGRATIONS: &str = "/partners/northwind/integrations";

fn partner(id: &str) -> PartnerId {
    PartnerId::new(id).unwrap()
}

#[tokio::test]
async fn a_link_works_once_and_only_by_its_button() {
    let world = World::new("autotask").await;
    let link = world.link(Scope::Partner(partner(PARTNER)));
    let mut first = world.stranger();
    for _ in 0..2 {
        first
            .get(&link)
            .await
            .expect(200, &["Sign in", "works once"]);
    }
    first.sign_in(&link).await;
    let cookie = first.shown.header("set-cookie").unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    first.follow().await;
    first.follow().await.expect(200, &["<h1>Integrations</h1>"]);
    let mut second = world.stranger();
    second.get(&link).await.expect(403, &["used already"]);
    let used = link.split_once('=').unwrap().1.to_owned();
    let refused = second.post("/sign-in", &[("link", &used)]).await;
    let refused = refused.expect(403, &["used already"]);
    assert_eq!(refused.header("set-cookie"), None);
}

#[tokio::test]
async fn whoever_signs_out_is_out_with_every_copy_of_the_session() {
    let world = World::new("autotask").await;
    let mut browser = world.administrator().await;
    let page = browser.get(INTEGRATIONS).await.expect(200, &["Sign out"]);
    let proof = page.value("_proof").unwrap();
    let left = browser.post("/sign-out", &[("_proof", &proof)]).await;
    assert_eq!(left.header("location"), Some("/sign-in?left=yes"));
    assert!(left.header("set-cookie").unwrap().contains("Max-Age=0"));
    let again = browser.get(INTEGRATIONS).await.expect(303, &[]);
    assert_eq!(again.header("location"), Some("/sign-in"));
}

#[tokio::test]
async fn no_session_no_page() {
    let world = World::new("autotask").await;
    let forged = format!("dovetail_session={}", "dvs_e30.AAAA");
    for cookie in ["", &forged, "dovetail_session=", "other=1"] {
        for path in [INTEGRATIONS, "/partners", "/partners/northwind/anything"] {
            let headers = [("cookie", cookie)];
            let answer = world.call(Method::GET, path, &headers, String::new()).await;
            assert_eq!(answer.header("location"), Some("/sign-in"), "{path}");
        }
        let sent = world
            .call(Method::POST, "/partners", &[], String::new())
            .await;
        assert_eq!(sent.header("location"), Some("/sign-in?left=over"));
    }
    let mut stranger = world.stranger();
    let old = "/sign-in?link=dvl_bm90.bm90";
    stranger.get(old).await.expect(403, &["not whole"]);
    stranger
        .get("/sign-in")
        .await
        .expect(200, &["dovetail token"]);
    let over = stranger.get("/sign-in?left=over").await;
    over.expect(200, &["Nothing of what you sent was saved."]);
}

#[tokio::test]
async fn signing_in_leads_to_the_page_that_was_asked_for() {
    let world = World::new("autotask").await;
    let asked = "/partners/northwind/activity?q=1650&show=all";
    let mut browser = world.stranger();
    browser.get(asked).await.expect(303, &[]);
    browser.take_cookie();
    browser.sign_in(&world.link(Scope::Operator)).await;
    assert_eq!(browser.shown.header("location"), Some(asked));
    let forgotten = browser.shown.headers.get_all("set-cookie").iter().nth(1);
    assert!(forgotten.unwrap().to_str().unwrap().ends_with("Max-Age=0"));

    let elsewhere = [
        "//evil.example/",
        "/\\evil.example",
        "https://evil.example",
        "/partners",
    ];
    let of_another = "/partners/other/integrations";
    for path in elsewhere.into_iter().chain([of_another]) {
        browser.set_cookie(&format!("dovetail_asked={path}"));
        browser
            .sign_in(&world.link(Scope::Partner(partner(PARTNER))))
            .await;
        assert_eq!(browser.shown.header("location"), Some("/"), "{path}");
    }
    // What a page only loads is nothing to look at.
    let companies = "/partners/northwind/integrations/x/companies";
    for (path, dest) in [
        (companies, "empty"),
        ("/partners/northwind/reconciliation.csv", "document"),
    ] {
        let headers = [("sec-fetch-dest", dest)];
        let answer = world.call(Method::GET, path, &headers, String::new()).await;
        assert_eq!(answer.header("set-cookie"), None, "{path}");
    }
}

#[tokio::test]
async fn whoever_sends_a_form_too_late_comes_back_to_it_and_is_told() {
    let world = World::new("autotask").await;
    let root = world.administrator().await.connect().await;
    let told = "nothing of what you sent was saved";
    for (from, to, back) in [
        (
            "mapping?show=off&said=mapping&n=3",
            "mapping",
            "mapping?show=off&said=unsaved",
        ),
        // Where it was sent to is no page.
        (
            "mapping?q=a%26b",
            "mapping/accept",
            "mapping?q=a%26b&said=unsaved",
        ),
        (
            "settings/tickets",
            "test-tickets",
            "settings/tickets?said=unsaved",
        ),
    ] {
        let [from, to, back] = [from, to, back].map(|path| format!("{root}/{path}"));
        let mut late = world.stranger();
        let over = late.post_from(&from, &to, &[("_proof", "old")]).await;
        assert_eq!(over.header("location"), Some("/sign-in?left=over"));
        late.take_cookie();
        let administrator = Scope::Partner(partner(PARTNER));
        late.sign_in(&world.link(administrator)).await;
        assert_eq!(late.shown.header("location"), Some(back.as_str()));
        late.follow().await.expect(200, &["notice warn", told]);
    }
    let mut operator = world.browser(Scope::Operator).await;
    for page in ["/issues", "/tokens", "/partners/northwind/notices"] {
        let page = format!("{page}?said=unsaved");
        operator.get(&page).await.expect(200, &[told]);
    }
}

#[tokio::test]
async fn a_form_of_another_site_and_the_way_out_lead_nowhere() {
    let world = World::new("autotask").await;
    let page = format!("https://console.example{INTEGRATIONS}");
    let here = ("sec-fetch-site", "same-origin");
    let elsewhere = ("sec-fetch-site", "cross-site");
    let from = ("referer", page.as_str());
    for (path, headers, is_kept) in [
        ("/partners", [here, from], true),
        ("/partners", [elsewhere, from], false),
        ("/partners", [here, ("referer", "")], false),
        ("/sign-out", [here, from], false),
    ] {
        let sent = world
            .call(Method::POST, path, &headers, String::new())
            .await;
        assert_eq!(sent.header("set-cookie").is_some(), is_kept, "{headers:?}");
    }
}

#[tokio::test]
async fn a_partner_sees_its_own_pages_only() {
    let world = World::new("autotask").await;
    let mut other = world.browser(Scope::Partner(partner("other"))).await;
    other.get(INTEGRATIONS).await.expect(403, &["not yours"]);
    other.get("/partners").await.expect(403, &["not yours"]);
    let own = other.get("/partners/other/integrations").await;
    own.expect(200, &["Other"]);
    let mut operator = world.browser(Scope::Operator).await;
    let all = operator.get("/partners").await;
    all.expect(200, &["Northwind &#38; Co", "Other"]);
    operator.get(INTEGRATIONS).await.expect(200, &["Operator"]);
    let nobody = operator.get("/partners/nobody/integrations").await;
    nobody.expect(404, &["There is no partner nobody"]);
    let nothing = operator.get("/partners/northwind/nothing").await;
    nothing.expect(404, &["no such page"]);
}

#[tokio::test]
async fn a_form_without_the_proof_of_its_session_changes_nothing() {
    let world = World::new("autotask").await;
    let mut browser = world.administrator().await;
    let root = browser.connect().await;
    let accept = format!("{root}/mapping/accept");
    let mut other = world.administrator().await;
    let stolen = other.get(INTEGRATIONS).await.value("_proof").unwrap();
    for proof in ["", "AAAA", &stolen] {
        let refused = browser.post(&accept, &[("_proof", proof)]).await;
        refused.expect(403, &["not sent by a page of yours"]);
    }
    let own = browser.get(INTEGRATIONS).await.value("_proof").unwrap();
    browser
        .post(&accept, &[("_proof", &own)])
        .await
        .expect(303, &[]);
}

#[tokio::test]
async fn a_form_from_another_site_and_what_is_no_form_are_refused() {
    let world = World::new("autotask").await;
    let call = |site: &'static str, kind: &'static str| {
        let headers = [("sec-fetch-site", site), ("content-type", kind)];
        let body = format!(
            "link={}",
            world.link(Scope::Operator).split_once('=').unwrap().1
        );
        let world = &world;
        async move { world.call(Method::POST, "/sign-in", &headers, body).await }
    };
    let form = "application/x-www-form-urlencoded";
    call("cross-site", form).await.expect(403, &[]);
    call("same-origin", "text/plain").await.expect(415, &[]);
    call("same-origin", form).await.expect(303, &[]);
}

#[tokio::test]
async fn a_reader_looks_and_changes_nothing() {
    let world = World::new("autotask").await;
    let root = world.administrator().await.connect().await;
    let mut reader = world.browser(Scope::Reader(partner(PARTNER))).await;
    let page = reader.get(INTEGRATIONS).await.expect(200, &["Read only"]);
    assert!(!page.text().contains(">ADD<"), "{}", page.text());
    let proof = page.value("_proof").unwrap();
    let refused = reader
        .post(&format!("{root}/mapping/accept"), &[("_proof", &proof)])
        .await;
    refused.expect(403, &["You may look"]);
    let left = reader.post("/sign-out", &[("_proof", &proof)]).await;
    left.expect(303, &[]);
}

#[tokio::test]
async fn the_first_page_is_small_and_its_files_are_kept() {
    let world = World::new("autotask").await;
    let mut browser = world.administrator().await;
    let page = browser.get(INTEGRATIONS).await.expect(200, &[]);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let text = page.text();
    let mut bytes = text.len();
    let assets = text.split('"').filter(|part| part.starts_with("/assets/"));
    let mut assets: Vec<&str> = assets.collect();
    assets.sort_unstable();
    assets.dedup();
    assert_eq!(assets.len(), 3, "{assets:?}");
    for path in assets {
        let asset = browser.get(path).await.expect(200, &[]);
        assert!(asset.header("cache-control").unwrap().contains("immutable"));
        bytes += asset.body.len();
    }
    assert!(bytes < 100_000, "{bytes} bytes");
    assert!(
        !text.contains("<style") && !text.contains(" style="),
        "inline style"
    );
}
