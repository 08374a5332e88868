//! Signing in with an account elsewhere: by a provider on this machine, which can be made to lie.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use access::{ForPartner, ProviderSettings, Role, SignInRule};
use axum::http::Method;
use exchange::{Clock as _, SystemClock};
use model::{PartnerId, Secret, Timestamp};
use serde_json::{Value, json};
use simulators::identity::{Client, Lie};
use simulators::{Identity, Running};

use crate::world::{Answer, Browser, PARTNER, World};

const PUBLIC: &str = "https://console.example";
const KEYS: &str = "/keys";
const DOCUMENT: &str = "/.well-known/openid-configuration";
const UNVERIFIED: &str = "cannot be verified";
const UNAVAILABLE: &str = "cannot be used now";
const OVER: &str = "is over, or was begun in another browser";

/// A console with a provider, and a clock that can be put forward.
struct Scene {
    world: World,
    identity: Identity,
    ahead_ms: Arc<AtomicI64>,
    _running: Running,
}

impl Scene {
    async fn start() -> Self {
        let identity = Identity::new();
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let running = identity.serve(free).await.unwrap();
        let client = Client {
            id: "dovetail".to_owned(),
            secret: "client: Secret#1&".to_owned(),
            back: format!("{PUBLIC}/sign-in/provider/back"),
        };
        identity.register(client.clone());
        identity.sign_in_as(&json!({ "sub": "u-1", "groups": ["staff", "north"] }));
        let ahead_ms = Arc::new(AtomicI64::new(0));
        let ahead = Arc::clone(&ahead_ms);
        let now = move || {
            let now = SystemClock.now().as_millis() + ahead.load(Ordering::SeqCst);
            Timestamp::from_millis(now)
        };
        let settings = settings(&running.url, &client);
        let options = console::Options::new(now);
        let options = options.with_public_url(PUBLIC).with_provider(settings);
        Self {
            world: World::with_options("autotask", options).await,
            identity,
            ahead_ms,
            _running: running,
        }
    }

    fn pass(&self, span: Duration) {
        let ms = i64::try_from(span.as_millis()).unwrap();
        self.ahead_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Sends a browser to the provider. Gives what brings it back.
    async fn go(&self, browser: &mut Browser<'_>) -> String {
        let sent = browser.get("/sign-in/provider").await.expect(303, &[]);
        browser.take_cookie();
        let led = self.identity.authorize(sent.header("location").unwrap());
        let back = led.unwrap();
        back.strip_prefix(PUBLIC).unwrap().to_owned()
    }

    /// One whole attempt in a browser of its own.
    async fn attempt(&self) -> Answer {
        let mut browser = self.world.stranger();
        let back = self.go(&mut browser).await;
        browser.get(&back).await
    }

    async fn fails(&self, status: u16, said: &str) {
        let refused = self.attempt().await.expect(status, &[said]);
        assert_eq!(refused.header("set-cookie"), None, "{said}");
    }
}

fn settings(issuer: &str, client: &Client) -> ProviderSettings {
    let rule = |value: &str, role| SignInRule {
        claim: "groups".to_owned(),
        value: value.to_owned(),
        role,
    };
    let north = ForPartner::Named(PartnerId::new(PARTNER).unwrap());
    ProviderSettings {
        title: "Company account".to_owned(),
        issuer: issuer.to_owned(),
        client_id: client.id.clone(),
        client_secret: Some(Secret::new(&client.secret)),
        scope: "openid groups".to_owned(),
        session: Duration::from_mins(30),
        rules: vec![
            rule("operators", Role::Operator),
            rule("north", Role::Administrator(north.clone())),
            rule("looks", Role::Reader(north)),
        ],
    }
}

#[tokio::test]
async fn an_account_with_a_rule_is_signed_in_as_what_the_rule_says() {
    let scene = Scene::start().await;
    for (groups, role, start) in [
        (
            json!(["north", "operators"]),
            "Operator",
            "Northwind &#38; Co",
        ),
        (json!("north"), "Administrator", "<h1>Integrations</h1>"),
        (json!(["looks"]), "Read only", "<h1>Integrations</h1>"),
    ] {
        scene
            .identity
            .sign_in_as(&json!({ "sub": "u-1", "groups": groups }));
        let mut browser = scene.world.stranger();
        let page = browser.get("/sign-in").await;
        page.expect(
            200,
            &[
                "Company account",
                "href=\"/sign-in/provider\"",
                "dovetail token",
            ],
        );
        let back = scene.go(&mut browser).await;
        let cookie = browser.shown.header("set-cookie").unwrap().to_owned();
        for part in ["HttpOnly", "SameSite=Lax", "Secure", "Max-Age=600"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let signed_in = browser.get(&back).await.expect(303, &[]);
        let cookies = signed_in.headers.get_all("set-cookie").iter();
        let cookies: Vec<&str> = cookies.map(|it| it.to_str().unwrap()).collect();
        assert!(cookies[0].contains("Max-Age=1800; Secure"), "{cookies:?}");
        assert!(cookies[1].starts_with("dovetail_asked=; "), "{cookies:?}");
        assert!(cookies[2].starts_with("dovetail_attempt=; "), "{cookies:?}");
        assert_eq!(signed_in.header("location"), Some("/"));
        browser.take_cookie();
        browser.get("/").await.expect(303, &[]);
        browser.follow().await.expect(200, &[role, start]);
    }
}

#[tokio::test]
async fn an_account_elsewhere_comes_back_to_the_page_that_was_asked_for() {
    let scene = Scene::start().await;
    let own = format!("/partners/{PARTNER}/activity?q=1650");
    for (asked, start) in [
        (own.as_str(), own.as_str()),
        ("/partners/other/issues", "/"),
    ] {
        let mut browser = scene.world.stranger();
        browser.get(asked).await.expect(303, &[]);
        browser.take_cookie();
        let remembered = browser.clone_cookie();
        let back = scene.go(&mut browser).await;
        let both = format!("{remembered}; {}", browser.clone_cookie());
        browser.set_cookie(&both);
        let signed_in = browser.get(&back).await.expect(303, &[]);
        assert_eq!(signed_in.header("location"), Some(start));
        browser.take_cookie();
        browser.follow().await;
        assert_ne!(browser.shown.header("location"), Some("/sign-in"));
    }
}

#[tokio::test]
async fn whoever_signs_out_is_out_until_the_provider_is_asked_again() {
    let scene = Scene::start().await;
    let mut browser = scene.world.stranger();
    let back = scene.go(&mut browser).await;
    browser.get(&back).await.expect(303, &[]);
    browser.take_cookie();
    let path = format!("/partners/{PARTNER}/integrations");
    let proof = browser.get(&path).await.value("_proof").unwrap();
    let left = browser.post("/sign-out", &[("_proof", &proof)]).await;
    assert_eq!(left.header("location"), Some("/sign-in?left=yes"));
    let said = browser.get("/sign-in?left=yes").await;
    said.expect(200, &["You are signed out here.", "/leave?client_id="]);
    let again = browser.get(&path).await.expect(303, &[]);
    assert_eq!(again.header("location"), Some("/sign-in"));
}

#[tokio::test]
async fn a_session_lasts_for_as_long_as_the_settings_say() {
    let scene = Scene::start().await;
    let mut browser = scene.world.stranger();
    let back = scene.go(&mut browser).await;
    browser.get(&back).await.expect(303, &[]);
    browser.take_cookie();
    let path = format!("/partners/{PARTNER}/integrations");
    scene.pass(Duration::from_mins(29));
    browser.get(&path).await.expect(200, &["Sign out"]);
    scene.pass(Duration::from_mins(2));
    browser.get(&path).await.expect(303, &[]);
}

#[tokio::test]
async fn nobody_is_signed_in_by_a_token_that_is_not_true() {
    let scene = Scene::start().await;
    let seconds = SystemClock.now().as_millis() / 1000;
    let false_claims = [
        json!({ "nonce": "another" }),
        json!({ "nonce": null }),
        json!({ "aud": "another" }),
        json!({ "aud": ["dovetail", "another"] }),
        json!({ "azp": "another" }),
        json!({ "iss": "https://another.example" }),
        json!({ "exp": seconds - 3_600 }),
        json!({ "exp": null }),
        json!({ "iat": seconds + 3_600 }),
        json!({ "nbf": seconds + 3_600 }),
    ];
    let lies = [
        Lie::Unsigned,
        Lie::SignedWithWhatIsPublic,
        Lie::ForeignKey,
        Lie::UnknownKey,
        answers("/token", 200, &json!({ "access_token": "x" })),
        answers("/token", 200, &json!({ "id_token": "x.y" })),
    ];
    for lie in false_claims.map(Lie::Claims).into_iter().chain(lies) {
        scene.identity.lie(lie);
        scene.fails(403, UNVERIFIED).await;
    }
    scene.identity.be_honest();
    scene.attempt().await.expect(303, &[]);
}

#[tokio::test]
async fn nobody_is_signed_in_without_a_rule() {
    let scene = Scene::start().await;
    for claims in [
        json!({ "sub": "u-1" }),
        json!({ "sub": "u-1", "groups": ["strangers", "North"] }),
        json!({ "sub": "u-1", "roles": ["operators"] }),
    ] {
        scene.identity.sign_in_as(&claims);
        scene.fails(403, "not allowed in here").await;
    }
}

#[tokio::test]
async fn an_attempt_belongs_to_its_browser_and_works_once() {
    let scene = Scene::start().await;
    let mut browser = scene.world.stranger();
    let back = scene.go(&mut browser).await;
    scene.world.stranger().get(&back).await.expect(403, &[OVER]);
    let mut other = scene.world.stranger();
    let others = scene.go(&mut other).await;
    browser.get(&others).await.expect(403, &[OVER]);
    let before = browser.clone_cookie();
    browser.get(&back).await.expect(303, &[]);
    // The same answer in the same browser, as by its button to go back.
    browser.set_cookie(&before);
    let calls = scene.identity.calls("/token");
    browser.get(&back).await.expect(403, &[OVER]);
    assert_eq!(
        scene.identity.calls("/token"),
        calls,
        "the provider is not asked again"
    );
    // One that took too long.
    let back = scene.go(&mut browser).await;
    scene.pass(Duration::from_mins(10));
    browser.get(&back).await.expect(403, &[OVER]);
}

#[tokio::test]
async fn what_is_in_the_address_is_neither_believed_nor_shown() {
    let scene = Scene::start().await;
    let mut browser = scene.world.stranger();
    let back = scene.go(&mut browser).await;
    let state = back.split("state=").nth(1).unwrap();
    let state = state.split('&').next().unwrap();
    let declined = "did not sign you in";
    for (answer, said) in [
        (
            format!("error=%3Cb%3ECall+us%3C/b%3E&state={state}"),
            declined,
        ),
        (format!("code=&state={state}"), declined),
        (
            format!("code={}&state={state}", "x".repeat(9 << 10)),
            declined,
        ),
        (
            format!("code=x&iss=https://another.example&state={state}"),
            declined,
        ),
        (format!("code=x&code=y&state={state}"), OVER),
        ("code=x".to_owned(), OVER),
        ("code=x&state=".to_owned(), OVER),
        // A code that was not given for this attempt.
        (format!("code=x&state={state}"), UNAVAILABLE),
    ] {
        let path = format!("/sign-in/provider/back?{answer}");
        let page = browser.get(&path).await;
        assert_ne!(page.status, 303, "{answer}");
        assert!(page.text().contains(said), "{answer}: {}", page.text());
        assert!(!page.text().contains("Call us"), "{}", page.text());
        assert_eq!(page.header("set-cookie"), None);
    }
}

#[tokio::test]
async fn keys_that_the_provider_has_changed_are_found_and_not_looked_for_at_every_token() {
    let scene = Scene::start().await;
    for _ in 0..3 {
        scene.attempt().await.expect(303, &[]);
    }
    let calls = || (scene.identity.calls(DOCUMENT), scene.identity.calls(KEYS));
    assert_eq!(calls(), (1, 1), "asked once, not for each visitor");
    scene.identity.change_keys();
    scene.fails(403, UNVERIFIED).await;
    assert_eq!(calls(), (1, 1), "they were asked for a moment ago");
    scene.pass(Duration::from_mins(1));
    scene.attempt().await.expect(303, &[]);
    scene.identity.lie(Lie::UnknownKey);
    for _ in 0..3 {
        scene.fails(403, UNVERIFIED).await;
    }
    assert_eq!(calls(), (1, 2), "a wrong token causes no call");
    // A key that is withdrawn counts no longer than this, even while nobody meets another.
    let hour = SystemClock.now().as_millis() / 1000 + 3_600;
    scene.identity.lie(Lie::Claims(json!({ "exp": hour })));
    scene.pass(Duration::from_mins(15));
    scene.attempt().await.expect(303, &[]);
    assert_eq!(calls(), (2, 3));
}

#[tokio::test]
async fn a_provider_that_cannot_be_used_is_said_so_and_left_in_peace() {
    for (lie, path) in [
        (answers(DOCUMENT, 500, &json!({})), "/sign-in/provider"),
        (answers(DOCUMENT, 200, &json!({})), "/sign-in/provider"),
        (
            answers(DOCUMENT, 200, &json!("x".repeat(300_000))),
            "/sign-in/provider",
        ),
        (Lie::OtherIssuer, "/sign-in/provider"),
    ] {
        let scene = Scene::start().await;
        scene.identity.lie(lie.clone());
        let mut browser = scene.world.stranger();
        for _ in 0..3 {
            browser
                .get(path)
                .await
                .expect(502, &[UNAVAILABLE, "sign in with a link"]);
        }
        assert_eq!(scene.identity.calls(DOCUMENT), 1, "{lie:?}");
        scene.identity.be_honest();
        scene.pass(Duration::from_secs(5));
        scene.attempt().await.expect(303, &[]);
    }
    let scene = Scene::start().await;
    for (path, status) in [("/token", 401), (KEYS, 500)] {
        scene
            .identity
            .lie(answers(path, status, &json!({ "error": "invalid_client" })));
        scene.fails(502, UNAVAILABLE).await;
        scene.pass(Duration::from_secs(5));
    }
}

/// What a browser is told that waits for the answer of one of the provider's addresses.
async fn waits_for(path: &'static str) {
    let scene = Scene::start().await;
    let mut browser = scene.world.stranger();
    let back = match path {
        DOCUMENT => "/sign-in/provider".to_owned(),
        _ => scene.go(&mut browser).await,
    };
    scene.identity.lie(Lie::Silent(path));
    // From here on time passes as soon as nothing else is to be done.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    browser.get(&back).await.expect(502, &[UNAVAILABLE]);
    assert!(began.elapsed() < Duration::from_mins(1), "{path}");
}

#[tokio::test]
async fn a_provider_that_does_not_say_what_it_is_is_waited_for_with_an_end() {
    waits_for(DOCUMENT).await;
}

#[tokio::test]
async fn a_provider_that_gives_no_token_is_waited_for_with_an_end() {
    waits_for("/token").await;
}

#[tokio::test]
async fn a_provider_that_gives_no_keys_is_waited_for_with_an_end() {
    waits_for(KEYS).await;
}

#[tokio::test]
async fn without_a_provider_there_is_no_such_way() {
    let world = World::new("autotask").await;
    let page = world.stranger().get("/sign-in").await.expect(200, &[]);
    assert!(
        !page.text().contains("/sign-in/provider"),
        "{}",
        page.text()
    );
    for path in ["/sign-in/provider", "/sign-in/provider/back?code=x&state=y"] {
        let answer = world.call(Method::GET, path, &[], String::new()).await;
        answer.expect(404, &["no such page"]);
    }
}

fn answers(path: &'static str, status: u16, body: &Value) -> Lie {
    Lie::Answers {
        path,
        status,
        body: body.to_string(),
    }
}
