//! Tokens: obtained once for all, renewed in time, never in a loop, and durable before use.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use exchange::{
    Allowance, Answer, Auth, Content, Credential, Exchange, Failure, Grant, Kind, Left, Method,
    OAuth2, Placement, Proof, Rejection, Request, Reset, ResetForm, Retry, SecretPlace, Session,
    Token, TokenKeeper,
};
use futures::future::join_all;
use model::{Class, Secret};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::scripted::{
    HOST, Plan, Reply, Scripted, credential, exchange, get, json, status, with_header,
};

fn oauth2(grant: Grant) -> Auth {
    Auth::OAuth2(OAuth2 {
        token_url: format!("{HOST}/token"),
        client_id: Some("client".to_owned()),
        proof: Proof::Secret(Secret::new("client-secret")),
        secret_place: SecretPlace::Body,
        scope: None,
        extra: Vec::new(),
        grant,
    })
}

fn is_login(request: &Request) -> bool {
    request.url.ends_with("/token")
}

fn logins(transport: &Scripted) -> usize {
    transport
        .seen()
        .iter()
        .filter(|seen| is_login(&seen.request))
        .count()
}

/// A server that gives out token 1, 2, 3, … and accepts those from `accepts` on.
struct Server {
    given: Mutex<u64>,
    accepts: Mutex<u64>,
    lives: Value,
}

impl Server {
    fn new(lives: Value) -> Arc<Self> {
        Arc::new(Self {
            given: Mutex::new(0),
            accepts: Mutex::new(1),
            lives,
        })
    }

    /// Declares every token given so far void.
    fn revoke(&self) {
        *self.accepts.lock().unwrap() = *self.given.lock().unwrap() + 1;
    }

    fn answer(&self, request: &Request) -> Reply {
        if is_login(request) {
            let mut given = self.given.lock().unwrap();
            *given += 1;
            let token = format!("token-{given}");
            return json(
                200,
                &json!({"access_token": token, "expires_in": self.lives}),
            );
        }
        let token = request
            .header("authorization")
            .and_then(|h| h.strip_prefix("Bearer token-"));
        let serial: Option<u64> = token.and_then(|serial| serial.parse().ok());
        let good = serial.is_some_and(|serial| serial >= *self.accepts.lock().unwrap());
        status(if good { 200 } else { 401 })
    }
}

fn setup(transport: &Arc<Scripted>, auth: Auth) -> (Exchange, Plan) {
    let exchange = exchange(transport);
    let mut plan = Plan::new(&exchange, Kind::Effect);
    plan.broker = exchange.set_broker(
        "contoso",
        Credential {
            auth,
            ..credential()
        },
    );
    (exchange, plan)
}

fn serving(server: &Arc<Server>) -> Arc<Scripted> {
    let server = Arc::clone(server);
    Scripted::slow(Duration::from_millis(100), move |request, _| {
        server.answer(request)
    })
}

async fn calls(exchange: &Exchange, plan: &Plan, count: usize) -> Vec<Result<Answer, Failure>> {
    let (terms, request) = (plan.terms(), get("/tickets"));
    join_all((0..count).map(|_| exchange.call(&request, &terms))).await
}

#[tokio::test(start_paused = true)]
async fn many_calls_share_one_login() {
    let server = Server::new(json!(3600));
    let transport = serving(&server);
    let (exchange, plan) = setup(&transport, oauth2(Grant::ClientCredentials));
    for _ in 0..2 {
        assert!(calls(&exchange, &plan, 100).await.iter().all(Result::is_ok));
    }
    assert_eq!(logins(&transport), 1);
    assert_eq!(transport.count(), 201);
}

/// Two jobs find no broker at the same time, and the first has told it how to log in since.
#[tokio::test(start_paused = true)]
async fn who_comes_second_takes_nothing_away_from_a_broker() {
    let server = Server::new(json!(3600));
    let transport = serving(&server);
    let exchange = exchange(&transport);
    let mut plan = Plan::new(&exchange, Kind::Read);
    let first = exchange.broker_or("race", credential());
    first.set_credential(Credential {
        auth: oauth2(Grant::ClientCredentials),
        ..credential()
    });
    plan.broker = exchange.broker_or("race", credential());
    assert!(plan.broker.is(&first));
    assert!(calls(&exchange, &plan, 2).await.iter().all(Result::is_ok));
    assert_eq!(logins(&transport), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_it_ends() {
    let server = Server::new(json!(600));
    let transport = serving(&server);
    let (exchange, plan) = setup(&transport, oauth2(Grant::ClientCredentials));
    for (wait, wanted) in [(0, 1), (530, 1), (20, 2)] {
        sleep(Duration::from_secs(wait)).await;
        assert!(calls(&exchange, &plan, 5).await.iter().all(Result::is_ok));
        assert_eq!(logins(&transport), wanted);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_may_live_for_ever() {
    let server = Server::new(json!(u64::MAX));
    let transport = serving(&server);
    let (exchange, plan) = setup(&transport, oauth2(Grant::ClientCredentials));
    assert!(calls(&exchange, &plan, 3).await.iter().all(Result::is_ok));
    assert_eq!(logins(&transport), 1);
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_is_renewed_once_for_all() {
    let server = Server::new(json!(3600));
    let transport = serving(&server);
    let (exchange, plan) = setup(&transport, oauth2(Grant::ClientCredentials));
    assert!(calls(&exchange, &plan, 1).await.iter().all(Result::is_ok));
    sleep(Duration::from_mins(2)).await;
    server.revoke();
    assert!(calls(&exchange, &plan, 10).await.iter().all(Result::is_ok));
    assert_eq!(logins(&transport), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_a_new_token_is_a_missing_right_and_no_loop() {
    let server = Server::new(json!(3600));
    *server.accepts.lock().unwrap() = u64::MAX;
    let transport = serving(&server);
    let (exchange, plan) = setup(&transport, oauth2(Grant::ClientCredentials));
    for result in calls(&exchange, &plan, 5).await {
        let failure = result.unwrap_err();
        assert_eq!(
            (failure.class, failure.status),
            (Class::Forbidden, Some(401))
        );
    }
    // One renewal, since even a new token may have been revoked, and none after that.
    assert_eq!(logins(&transport), 2);
    for result in calls(&exchange, &plan, 5).await {
        assert_eq!(result.unwrap_err().class, Class::Forbidden);
    }
    assert_eq!(logins(&transport), 2);
    // Much later one renewal is tried, and only one.
    sleep(Duration::from_mins(10)).await;
    assert_eq!(calls(&exchange, &plan, 1).await.len(), 1);
    assert_eq!((logins(&transport), transport.count()), (3, 16));
    // Of the calls that waited, none showed the token that the first one had been refused with.
    let shown = transport.seen();
    let shown = shown
        .iter()
        .map(|seen| seen.request.header("authorization"));
    assert_eq!(shown.filter(|it| *it == Some("Bearer token-1")).count(), 1);
    assert!(!plan.broker.is_rejected());
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_takes_401_for_something_else_is_believed() {
    let server = Server::new(json!(3600));
    let transport = serving(&server);
    let (exchange, mut plan) = setup(&transport, oauth2(Grant::ClientCredentials));
    assert!(calls(&exchange, &plan, 1).await.iter().all(Result::is_ok));
    sleep(Duration::from_mins(10)).await;
    server.revoke();
    plan.rules = Box::new(|answer: &Answer| {
        (answer.status == 401).then(|| Rejection {
            class: Class::NotFound,
            rule: "hidden".to_owned(),
            message: None,
            remedy: None,
            cause: None,
            retry_after: None,
        })
    });
    for result in calls(&exchange, &plan, 3).await {
        assert_eq!(result.unwrap_err().class, Class::NotFound);
    }
    assert_eq!(logins(&transport), 1);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_login_is_tried_once_and_explained_by_the_connector() {
    let transport = Scripted::slow(Duration::from_secs(1), |_, _| {
        json(
            400,
            &json!({"error": "invalid_client", "sent": "client-secret"}),
        )
    });
    let (exchange, mut plan) = setup(&transport, oauth2(Grant::ClientCredentials));
    plan.rules = Box::new(|answer: &Answer| {
        (answer.as_value().pointer("/body/error")? == "invalid_client").then(|| Rejection {
            class: Class::CredentialsRejected,
            rule: "client".to_owned(),
            message: None,
            remedy: Some("Paste the client secret again.".to_owned()),
            cause: None,
            retry_after: None,
        })
    });
    for result in calls(&exchange, &plan, 8).await {
        let failure = result.unwrap_err();
        assert_eq!(
            (failure.class, failure.sent),
            (Class::CredentialsRejected, false)
        );
        assert_eq!(
            failure.remedy.as_deref(),
            Some("Paste the client secret again.")
        );
        assert!(!failure.message.contains("client-secret"), "{failure}");
    }
    assert_eq!(transport.count(), 1);
    assert!(plan.broker.is_rejected());
}

#[tokio::test(start_paused = true)]
async fn a_login_that_fails_for_now_is_tried_again_also_for_an_effect() {
    let server = Server::new(json!(3600));
    let transport = Scripted::new(move |request, before| match before {
        0 => json(503, &json!({})),
        1 => with_header(json(429, &json!({})), "retry-after", "20"),
        _ => server.answer(request),
    });
    let (exchange, plan) = setup(&transport, oauth2(Grant::ClientCredentials));
    let begun = Instant::now();
    assert!(calls(&exchange, &plan, 1).await.iter().all(Result::is_ok));
    assert_eq!(logins(&transport), 3);
    assert!(begun.elapsed() >= Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn a_login_that_fails_is_not_repeated_by_every_call_that_waits() {
    for proven in [false, true] {
        let server = Server::new(json!(100));
        let transport = Scripted::slow(Duration::from_secs(1), move |request, before| {
            if is_login(request) && (before > 0 || !proven) {
                status(503)
            } else {
                server.answer(request)
            }
        });
        let (exchange, mut plan) = setup(&transport, oauth2(Grant::ClientCredentials));
        plan.retry = Retry::never();
        if proven {
            assert!(calls(&exchange, &plan, 1).await.iter().all(Result::is_ok));
            sleep(Duration::from_secs(100)).await;
        }
        let before = logins(&transport);
        for result in calls(&exchange, &plan, 20).await {
            assert_eq!(result.unwrap_err().class, Class::Unavailable);
        }
        assert_eq!(logins(&transport), before + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_unusable_login_does_not_show_what_it_said() {
    let transport = Scripted::new(|_, _| json(200, &json!({"accessToken": "misnamed-token"})));
    let (exchange, plan) = setup(&transport, oauth2(Grant::ClientCredentials));
    for result in calls(&exchange, &plan, 1).await {
        assert!(!format!("{:?}", result.unwrap_err()).contains("misnamed"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_obtained_token_is_hidden_in_errors() {
    let transport = Scripted::new(|request, _| {
        if is_login(request) {
            json(200, &json!({"access_token": "very-secret-token"}))
        } else {
            json(400, &json!({"you sent": request.header("authorization")}))
        }
    });
    let (exchange, plan) = setup(&transport, oauth2(Grant::ClientCredentials));
    for result in calls(&exchange, &plan, 1).await {
        let failure = result.unwrap_err();
        assert!(failure.message.contains("Bearer •••"), "{failure}");
    }
}

/// Keeps refresh tokens, or fails to for a while.
#[derive(Default)]
struct Keeper {
    kept: Mutex<Vec<String>>,
    failures_left: Mutex<u32>,
}

#[async_trait]
impl TokenKeeper for Keeper {
    async fn keep(&self, name: &str, refresh_token: &Secret) -> Result<(), String> {
        assert_eq!(name, "contoso");
        sleep(Duration::from_secs(3)).await;
        let mut failures_left = self.failures_left.lock().unwrap();
        if *failures_left > 0 {
            *failures_left -= 1;
            return Err("disk full".to_owned());
        }
        self.kept
            .lock()
            .unwrap()
            .push(refresh_token.expose().to_owned());
        Ok(())
    }
}

/// A server whose refresh tokens are good for one use.
fn rotating(keeper: &Arc<Keeper>) -> Arc<Scripted> {
    let (good, keeper) = (Mutex::new("refresh-0".to_owned()), Arc::clone(keeper));
    Scripted::slow(Duration::from_millis(500), move |request, before| {
        if !is_login(request) {
            // The access token must not be used before its refresh token is durable.
            let good = good.lock().unwrap().clone();
            assert_eq!(keeper.kept.lock().unwrap().last(), Some(&good));
            return status(200);
        }
        let form = String::from_utf8(request.body.to_bytes()).unwrap();
        let mut good = good.lock().unwrap();
        if !form.contains(&format!("refresh_token={good}&")) {
            return json(400, &json!({"error": "invalid_grant"}));
        }
        *good = format!("refresh-{}", before + 1);
        let token = format!("access-{before}");
        json(
            200,
            &json!({"access_token": token, "refresh_token": *good, "expires_in": 100}),
        )
    })
}

fn refreshing(keeper: &Arc<Keeper>) -> Auth {
    let keeper: Arc<dyn TokenKeeper> = Arc::clone(keeper) as Arc<dyn TokenKeeper>;
    oauth2(Grant::RefreshToken {
        token: Secret::new("refresh-0"),
        keeper,
    })
}

#[tokio::test(start_paused = true)]
async fn a_rotating_refresh_token_is_durable_before_its_access_token_is_used() {
    let keeper = Arc::new(Keeper::default());
    let transport = rotating(&keeper);
    let (exchange, plan) = setup(&transport, refreshing(&keeper));
    for _ in 0..3 {
        assert!(calls(&exchange, &plan, 4).await.iter().all(Result::is_ok));
        sleep(Duration::from_secs(100)).await;
    }
    assert_eq!(keeper.kept.lock().unwrap().len(), 3);
    // Mending something else on the other side does not bring the first refresh token back.
    plan.broker.credentials_changed();
    assert!(calls(&exchange, &plan, 1).await.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_that_could_not_be_stored_is_not_lost() {
    let keeper = Arc::new(Keeper::default());
    *keeper.failures_left.lock().unwrap() = 2;
    let transport = rotating(&keeper);
    let (exchange, plan) = setup(&transport, refreshing(&keeper));
    assert!(calls(&exchange, &plan, 1).await.iter().all(Result::is_ok));
    assert_eq!(keeper.kept.lock().unwrap().len(), 2);
    assert!(!plan.broker.is_rejected());
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_does_not_take_the_renewal_with_it() {
    let keeper = Arc::new(Keeper::default());
    let transport = rotating(&keeper);
    let (exchange, plan) = setup(&transport, refreshing(&keeper));
    let (terms, request) = (plan.terms(), get("/tickets"));
    let leaving = tokio::time::timeout(Duration::from_secs(1), exchange.call(&request, &terms));
    assert!(leaving.await.is_err());
    assert!(exchange.call(&request, &terms).await.is_ok());
    assert_eq!(logins(&transport), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_begun_shown_and_begun_again() {
    let server = Server::new(json!(null));
    let inner = Arc::clone(&server);
    let transport = Scripted::new(move |request, _| {
        let mut request = request.clone();
        if let Some(cookie) = request.header("cookie").map(str::to_owned) {
            let token = cookie.strip_prefix("lang=en; sid=").unwrap();
            request.set_header("authorization", format!("Bearer {token}"));
        }
        match inner.answer(&request) {
            Ok(raw) if raw.status == 401 => status(440),
            reply => reply,
        }
    });
    let session = Session {
        login: Request::new(Method::Post, format!("{HOST}/token")),
        jwt: None,
        pick: Arc::new(|answer: &Answer| {
            let Content::Json(body) = &answer.body else {
                return Err("no JSON".to_owned());
            };
            let text = body
                .get("access_token")
                .and_then(Value::as_str)
                .ok_or("no token")?;
            Ok(Token {
                text: Secret::new(text),
                lives: None,
            })
        }),
        placement: Placement::Cookie("sid".to_owned()),
        renew_on: vec![440],
    };
    let (exchange, plan) = setup(&transport, Auth::Session(session));
    let mut request = get("/tickets");
    request.set_header("Cookie", "lang=en");
    for wanted in [1, 2] {
        assert!(exchange.call(&request, &plan.terms()).await.is_ok());
        assert_eq!(logins(&transport), wanted);
        sleep(Duration::from_mins(2)).await;
        server.revoke();
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_that_answers_without_a_token_is_a_rejection() {
    let transport = Scripted::new(|_, _| json(200, &json!({"ok": false})));
    let session = Session {
        login: Request::new(Method::Post, format!("{HOST}/token")),
        jwt: None,
        pick: Arc::new(|_: &Answer| Err("wrong password".to_owned())),
        placement: Placement::bearer(),
        renew_on: vec![401],
    };
    let (exchange, plan) = setup(&transport, Auth::Session(session));
    for result in calls(&exchange, &plan, 6).await {
        assert_eq!(result.unwrap_err().class, Class::CredentialsRejected);
    }
    assert_eq!(transport.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_anonymous_call_shows_no_credential_and_proves_none() {
    let transport = Scripted::new(|request, _| match request.header("x-key") {
        None => status(200),
        Some(_) => status(401),
    });
    let auth = Auth::Headers(vec![("X-Key".to_owned(), Secret::new("secret"))]);
    let (exchange, mut plan) = setup(&transport, auth);
    plan.anonymous = true;
    assert!(calls(&exchange, &plan, 2).await.iter().all(Result::is_ok));
    plan.anonymous = false;
    assert!(calls(&exchange, &plan, 9).await.iter().all(Result::is_err));
    assert_eq!(transport.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_not_fetched_from_a_host_that_is_not_allowed() {
    let transport = Scripted::new(|_, _| status(200));
    let Auth::OAuth2(mut client) = oauth2(Grant::ClientCredentials) else {
        return;
    };
    client.token_url = "https://evil.example/token".to_owned();
    let (exchange, plan) = setup(&transport, Auth::OAuth2(client));
    for result in calls(&exchange, &plan, 1).await {
        assert_eq!(result.unwrap_err().class, Class::Invalid);
    }
    assert_eq!(transport.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_allowance_that_is_used_up_pauses_the_credential() {
    let transport = Scripted::new(|_, before| {
        let left = if before == 0 { "5" } else { "100" };
        let told = with_header(status(200), "X-RateLimit-Remaining", left);
        with_header(told, "X-RateLimit-Reset", "45")
    });
    let (exchange, mut plan) = setup(&transport, Auth::None);
    plan.allowance = Some(Allowance {
        left: Left::Remaining("x-ratelimit-remaining".to_owned()),
        reset: Reset::Header("x-ratelimit-reset".to_owned(), ResetForm::FromNow),
        keep: 5,
    });
    let begun = Instant::now();
    assert!(calls(&exchange, &plan, 1).await.iter().all(Result::is_ok));
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert!(calls(&exchange, &plan, 1).await.iter().all(Result::is_ok));
    assert_eq!(begun.elapsed(), Duration::from_secs(45));
}
