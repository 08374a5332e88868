//! Somebody who may look and change nothing: on no page is there anything that could be sent, and
//! what is sent all the same is refused with a page.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use access::Scope;
use model::PartnerId;
use model::billing::Mode;

use crate::billed::Billed;
use crate::world::{Answer, Browser, PARTNER, World};

/// The only thing that readers send.
const SIGN_OUT: &str = "action=\"/sign-out\"";

/// Pages that a reader comes to by following links, as they are written in routes.
const PAGES: [&str; 17] = [
    "/integrations",
    "/issues",
    "/activity",
    "/activity/{}",
    "/notices",
    "/tokens",
    "/integrations/{}/mapping",
    "/integrations/{}/settings/tickets",
    "/integrations/{}/billing",
    "/integrations/{}/billing/products",
    "/integrations/{}/billing/policy",
    "/integrations/{}/reconciliation",
    "/integrations/{}/reconciliation/changes",
    "/integrations/{}/reconciliation/lines/{}",
    "/integrations/{}/reconciliation/lines/{}/users.csv",
    "/integrations/{}/status",
    "/integrations/{}/connection",
];

/// Pages that no link leads a reader to.
const HIDDEN: [&str; 3] = [
    "/integrations/{}/mapping/import",
    "/integrations/{}/settings/tickets/script",
    "/integrations/new/{}",
];

/// What could be sent from a page: the controls of its forms that are not for looking only.
fn enabled(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut posts, mut barred) = (false, 0_usize);
    for tag in page.split('<').skip(1) {
        let tag = tag.split_once('>').map_or(tag, |(tag, _)| tag);
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        let has = |word: &str| tag.split([' ', '\n']).any(|part| part == word);
        match name {
            "form" => posts = tag.contains("method=\"post\"") && !tag.contains(SIGN_OUT),
            "/form" => posts = false,
            "fieldset" if barred > 0 || has("disabled") => barred += 1,
            "/fieldset" => barred = barred.saturating_sub(1),
            "input" | "select" | "textarea" | "button" if posts && barred == 0 => {
                let is_still = has("disabled") || has("readonly");
                let is_unseen = tag.contains("type=\"hidden\"");
                // What copies sends nothing, and a search is of a form of its own.
                let sends_nothing = tag.contains("data-copy") || tag.contains("form=\"list\"");
                if !is_still && !is_unseen && !sends_nothing {
                    found.push(tag.to_owned());
                }
            }
            _ => {}
        }
    }
    found
}

/// Controls that search or page a list; a reader needs them.
fn barred_searches(page: &str) -> usize {
    let mut barred = 0_usize;
    let mut found = 0;
    for tag in page.split('<').skip(1) {
        let tag = tag.split_once('>').map_or(tag, |(tag, _)| tag);
        if tag.starts_with("fieldset") && (barred > 0 || tag.contains(" disabled")) {
            barred += 1;
        } else if tag.starts_with("/fieldset") {
            barred = barred.saturating_sub(1);
        } else if tag.contains("form=\"list\"") && barred > 0 {
            found += 1;
        }
    }
    found
}

/// Where the links of a page lead, as far as they lead to the partner's pages.
fn links(page: &str) -> Vec<String> {
    let root = format!("/partners/{PARTNER}/");
    let links = page.split("href=\"").skip(1);
    let links = links.filter_map(|link| link.split('"').next());
    let links = links.filter(|link| link.starts_with(&root));
    links.map(|link| link.replace("&#38;", "&")).collect()
}

/// A path with its ids taken out.
fn route(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').skip(3).collect();
    let mut route = String::new();
    for (at, part) in parts.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| parts.get(at));
        let is_id = matches!(
            before,
            Some(&"integrations" | &"lines" | &"activity" | &"new")
        ) && *part != "new";
        route.push('/');
        route.push_str(if is_id { "{}" } else { part });
    }
    route
}

/// Every page that links lead to, from the first one on, by its route: one of each is enough.
async fn walk(browser: &mut Browser<'_>) -> BTreeMap<String, (String, Answer)> {
    let mut seen = BTreeMap::new();
    let mut known = BTreeSet::new();
    let mut next = VecDeque::from([format!("/partners/{PARTNER}/integrations")]);
    while let Some(path) = next.pop_front() {
        if !known.insert(route(&path)) {
            continue;
        }
        let mut page = browser.get(&path).await;
        while page.status == 303 {
            page = browser.follow().await;
        }
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        next.extend(links(&page.text()));
        seen.insert(route(&path), (path, page));
    }
    seen
}

/// A partner with all that pages can show: tickets, billing, a plan, a token, an issue.
async fn furnish(world: &World) -> String {
    let billed = Billed::new(world).await;
    billed.plan(Mode::Ask, "7").await;
    let mut administrator = world.administrator().await;
    let tokens = format!("/partners/{PARTNER}/tokens");
    let made = [("do", "make"), ("name", "nightly"), ("role", "admin")];
    administrator
        .fill(&tokens, &made)
        .await
        .expect(200, &["nightly"]);
    let content = serde_json::json!({ "id": "r-1", "customer_id": "c-1",
        "report_type": "url_block", "hostname": "host.example" });
    let content = serde_json::from_value(content).unwrap();
    world
        .runtime
        .accept(&billed.partner, content)
        .await
        .unwrap();
    billed.root
}

#[tokio::test]
async fn a_reader_is_shown_nothing_that_could_be_sent_and_is_refused_with_a_page() {
    let world = World::new("autotask").await;
    let root = furnish(&world).await;
    let partner = PartnerId::new(PARTNER).unwrap();
    let mut reader = world.browser(Scope::Reader(partner)).await;
    let issues = format!("/partners/{PARTNER}/issues");
    reader.see(&issues, "class=\"issue\"").await;
    let mut pages = walk(&mut reader).await;
    for expected in PAGES {
        assert!(
            pages.contains_key(expected),
            "{expected} in {:?}",
            pages.keys()
        );
    }
    let integration = root.rsplit('/').next().unwrap();
    for hidden in HIDDEN {
        assert!(!pages.contains_key(hidden), "a link leads to {hidden}");
        let id = if hidden.contains("new") {
            "autotask"
        } else {
            integration
        };
        let path = format!("/partners/{PARTNER}{}", hidden.replace("{}", id));
        let page = reader.get(&path).await;
        pages.insert(hidden.to_owned(), (path, page));
    }
    let proof = reader.get(&issues).await.value("_proof").unwrap();
    for (route, (path, page)) in pages {
        let text = page.text();
        assert_eq!(enabled(&text), [""; 0], "{route}");
        assert_eq!(barred_searches(&text), 0, "a reader searches, too: {route}");
        if page
            .header("content-type")
            .is_some_and(|kind| kind.contains("html"))
        {
            assert!(text.contains("change nothing"), "{route} says why");
        }
        for action in [
            "save",
            "test",
            "sync",
            "schedule",
            "apply",
            "make",
            "disconnect",
        ] {
            let fields = [("_proof", proof.as_str()), ("do", action)];
            let refused = reader.post(&path, &fields).await;
            let refused = refused.expect(403, &["You may look, and change nothing"]);
            let kind = refused.header("content-type").unwrap();
            assert!(kind.starts_with("text/html"), "{route}: {kind}");
        }
    }
}

/// The test above would see a control if there were one.
#[tokio::test]
async fn an_administrator_is_shown_what_a_reader_is_not() {
    let world = World::new("autotask").await;
    furnish(&world).await;
    let mut administrator = world.administrator().await;
    let pages = walk(&mut administrator).await;
    for route in [
        "/notices",
        "/tokens",
        "/integrations/{}/mapping",
        "/integrations/{}/settings/tickets",
        "/integrations/{}/billing",
        "/integrations/{}/billing/policy",
        "/integrations/{}/reconciliation",
        "/integrations/{}/status",
        "/integrations/{}/connection",
    ] {
        let (_, page) = &pages[route];
        if route != "/notices" {
            assert!(!enabled(&page.text()).is_empty(), "{route}");
        }
    }
}
