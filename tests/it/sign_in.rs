//! Signing in with an account elsewhere, by a provider on this machine that can be made to lie.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use harness::{Program, Serve, Visitor};
use serde_json::{Value, json};
use simulators::identity::{Client, Lie};
use simulators::{Identity, Running};

const SECRET: &str = "client-secret-12345";

/// A program with a provider, and nothing else in the world.
struct Scene {
    program: Program,
    identity: Identity,
    provider: Running,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn start() -> Self {
        let identity = Identity::new();
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let provider = identity.serve(free).await.expect("a provider");
        let folder = tempfile::tempdir().expect("a folder");
        let serve = serve(folder.path(), &sign_in(folder.path(), &provider.url));
        identity.register(Client {
            id: "dovetail".to_owned(),
            secret: SECRET.to_owned(),
            back: format!("http://127.0.0.1:{}/sign-in/provider/back", serve.port),
        });
        identity.sign_in_as(&json!({ "sub": "u-1", "groups": ["staff", "ops"] }));
        Self {
            program: serve.start().await,
            identity,
            provider,
            _folder: folder,
        }
    }

    /// Goes to the provider and back, in a browser of its own.
    async fn attempt(&self) -> (Visitor, harness::Page) {
        let mut visitor = Visitor::of(&self.program.url);
        let page = visitor.follow("/sign-in/provider").await;
        (visitor, page)
    }
}

/// What the file says, with the file of the secret beside it.
fn sign_in(folder: &Path, issuer: &str) -> Value {
    let secret = folder.join("client.secret");
    fs::write(&secret, format!("{SECRET}\n")).expect("a file");
    json!({
        "title": "Company account",
        "issuer": issuer,
        "client_id": "dovetail",
        "client_secret_file": secret,
        "rules": [
            { "claim": "groups", "value": "ops", "role": "operator" },
            { "claim": "groups", "value": "north", "role": "reader", "partner": "north" },
        ],
    })
}

/// A program of this configuration, which is told its own address.
fn serve(folder: &Path, sign_in: &Value) -> Serve {
    let mut serve = Serve::from_folder(&folder.join("data"));
    let config = folder.join(format!("{}.yaml", serve.port));
    fs::write(&config, json!({ "sign_in": sign_in }).to_string()).expect("a file");
    serve.config = Some(config);
    let own = format!("http://127.0.0.1:{}", serve.port);
    serve.arguments = vec!["--public-url".to_owned(), own];
    serve
}

#[tokio::test]
async fn an_account_is_let_in_by_a_rule_and_by_nothing_else() {
    let scene = Scene::start().await;
    let page = Visitor::of(&scene.program.url).open("/sign-in").await;
    assert!(page.text.contains("Company account"), "{}", page.text);

    let (mut visitor, page) = scene.attempt().await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("Operator"), "{}", page.text);
    assert_eq!(
        visitor.cookies.keys().collect::<Vec<_>>(),
        ["dovetail_session"]
    );
    assert_eq!(visitor.open("/partners").await.status, 200);

    scene
        .identity
        .sign_in_as(&json!({ "sub": "u-2", "groups": ["staff"] }));
    let (visitor, page) = scene.attempt().await;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("not allowed in here"), "{}", page.text);
    assert!(!visitor.cookies.contains_key("dovetail_session"));
    // Somebody of one partner does not see the list of all.
    scene
        .identity
        .sign_in_as(&json!({ "sub": "u-3", "groups": ["north"] }));
    let (mut visitor, _) = scene.attempt().await;
    assert_eq!(visitor.open("/partners").await.status, 403);

    let log = scene.program.output();
    for said in [
        "u-1",
        "operator",
        "u-2",
        "no rule lets this account in",
        "reader:north",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    for secret in [SECRET, "code-", "eyJ"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[tokio::test]
async fn no_lie_and_no_repetition_lets_anybody_in() {
    let scene = Scene::start().await;
    let lies = [
        Lie::Claims(json!({ "nonce": "another" })),
        Lie::Claims(json!({ "aud": "another" })),
        Lie::Claims(json!({ "iss": "https://another.example" })),
        Lie::Claims(json!({ "exp": 1_000_000_000 })),
        Lie::Unsigned,
        Lie::SignedWithWhatIsPublic,
        Lie::ForeignKey,
        Lie::UnknownKey,
    ];
    for lie in lies {
        scene.identity.lie(lie.clone());
        let (mut visitor, page) = scene.attempt().await;
        assert_eq!(page.status, 403, "{lie:?}: {}", page.text);
        assert!(
            page.text.contains("cannot be verified"),
            "{lie:?}: {}",
            page.text
        );
        let start = visitor.open("/partners").await;
        assert_eq!(start.leads_to.as_deref(), Some("/sign-in"), "{lie:?}");
    }
    scene.identity.be_honest();
    let mut visitor = Visitor::of(&scene.program.url);
    let there = visitor
        .open("/sign-in/provider")
        .await
        .leads_to
        .expect("a way");
    let back = visitor.open(&there).await.leads_to.expect("a way back");
    let mut thief = Visitor::of(&scene.program.url);
    assert_eq!(
        thief.open(&back).await.status,
        403,
        "it belongs to another browser"
    );
    let before = visitor.cookies.clone();
    assert_eq!(visitor.open(&back).await.leads_to.as_deref(), Some("/"));
    thief.cookies = before;
    let again = thief.open(&back).await;
    assert_eq!(again.status, 403, "{}", again.text);
    assert!(!thief.cookies.contains_key("dovetail_session"));
}

#[tokio::test]
async fn while_the_provider_is_gone_links_let_people_in() {
    let scene = Scene::start().await;
    scene.provider.stop().await;
    let mut visitor = Visitor::of(&scene.program.url);
    let page = visitor.open("/sign-in/provider").await;
    assert_eq!(page.status, 502, "{}", page.text);
    assert!(page.text.contains("sign in with a link"), "{}", page.text);
    assert!(
        scene
            .program
            .output()
            .contains("the provider of accounts cannot be used")
    );
    assert_eq!(visitor.open("/sign-in").await.status, 200);
}

#[tokio::test]
async fn what_would_not_be_safe_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = sign_in(folder.path(), "http://127.0.0.1:9");
    let with = |name: &str, value: Value| {
        let mut sign_in = good.clone();
        sign_in[name] = value;
        serve(folder.path(), &sign_in)
    };
    let public = |url: &str| {
        let mut serve = serve(folder.path(), &good);
        serve.arguments = match url {
            "" => Vec::new(),
            url => vec!["--public-url".to_owned(), url.to_owned()],
        };
        serve
    };
    let missing = folder.path().join("nowhere");
    for (serve, said) in [
        (
            with("issuer", json!("http://login.example")),
            "no address that identities can come from",
        ),
        (with("client_secret_file", json!(missing)), "cannot read"),
        (with("rules", json!([])), "rules"),
        (public("http://dovetail.example"), "others can listen in"),
        (public(""), "where to send people back to"),
    ] {
        let ended = serve.fail().await;
        assert_eq!(ended.code, Some(3), "{said}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
        assert!(!ended.stderr.contains(SECRET), "{}", ended.stderr);
    }
}
