//! The life of one call: what is retried, what is never sent, what is learned from an answer.

use std::sync::Arc;
use std::time::Duration;

use exchange::{
    Answer, Auth, Body, Content, Credential, Expect, Kind, Lack, Limit, Method, RawAnswer,
    Rejection, Request, Retry, TransportError,
};
use model::{Class, Secret};
use serde_json::json;
use tokio::time::Instant;

use crate::scripted::{
    HOST, Plan, Reply, Scripted, credential, exchange, get, json, status, with_header,
};

fn post() -> Request {
    let mut request = Request::new(Method::Post, format!("{HOST}/tickets"));
    request.body = Body::Json(json!({"title": "Test"}));
    request
}

/// Makes one call against `script`; gives what came of it and how often it was sent.
async fn outcome(
    kind: Kind,
    script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
) -> (Result<Answer, exchange::Failure>, usize) {
    let transport = Scripted::new(script);
    let exchange = exchange(&transport);
    let plan = Plan::new(&exchange, kind);
    let result = exchange.call(&post(), &plan.terms()).await;
    (result, transport.count())
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_until_it_succeeds() {
    let (result, sent) = outcome(Kind::Read, |_, before| {
        status(if before < 3 { 503 } else { 200 })
    })
    .await;
    assert_eq!((result.unwrap().status, sent), (200, 4));
}

#[tokio::test(start_paused = true)]
async fn attempts_run_out() {
    let (result, sent) = outcome(Kind::Read, |_, _| status(503)).await;
    let failure = result.unwrap_err();
    assert_eq!(
        (failure.class, failure.attempts, sent),
        (Class::Unavailable, 4, 4)
    );
    assert_eq!(failure.status, Some(503));
}

#[tokio::test(start_paused = true)]
async fn an_effect_of_unknown_outcome_is_sent_once() {
    let scripts: [fn() -> Reply; 6] = [
        || status(500),
        || status(504),
        || status(408),
        || Err(TransportError::unknown(Lack::Broken, "reset")),
        || Err(TransportError::unknown(Lack::TooLarge, "large")),
        || {
            Ok(RawAnswer {
                status: 200,
                headers: vec![],
                body: b"<html>sign in".to_vec(),
            })
        },
    ];
    for script in scripts {
        let (result, sent) = outcome(Kind::Effect, move |_, _| script()).await;
        let failure = result.unwrap_err();
        assert_eq!(
            (failure.class, sent),
            (Class::UnknownOutcome, 1),
            "{}",
            failure.message
        );
        assert!(failure.sent);
    }
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_surely_did_not_happen_is_sent_again() {
    let scripts: [fn() -> Reply; 2] = [
        || status(429),
        || Err(TransportError::not_sent(Lack::Connect, "refused")),
    ];
    for script in scripts {
        let (result, sent) = outcome(Kind::Effect, move |_, before| {
            if before == 0 {
                script()
            } else {
                json(200, &json!({"id": 1}))
            }
        })
        .await;
        assert_eq!(sent, 2);
        assert_eq!(result.unwrap().body, Content::Json(json!({"id": 1})));
    }
}

#[tokio::test(start_paused = true)]
async fn never_sent_is_known_as_never_sent() {
    let refuse = |_: &Request, _| Err(TransportError::not_sent(Lack::Connect, "refused"));
    let failure = outcome(Kind::Effect, refuse).await.0.unwrap_err();
    assert_eq!((failure.class, failure.sent), (Class::Unavailable, false));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_an_effect_is_an_unknown_outcome() {
    let transport = Scripted::slow(Duration::from_mins(1), |_, _| status(200));
    let exchange = exchange(&transport);
    let plan = Plan::new(&exchange, Kind::Effect);
    let begun = Instant::now();
    let failure = exchange.call(&post(), &plan.terms()).await.unwrap_err();
    assert_eq!(failure.class, Class::UnknownOutcome);
    assert_eq!(begun.elapsed(), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_calls_an_effects_500_unavailable_lets_it_be_repeated() {
    let transport = Scripted::new(|_, before| {
        if before == 0 {
            json(500, &json!({"errors": ["busy"]}))
        } else {
            status(204)
        }
    });
    let exchange = exchange(&transport);
    let mut plan = Plan::new(&exchange, Kind::Effect);
    plan.rules = Box::new(|answer: &Answer| {
        (answer.as_value().pointer("/body/errors/0")? == "busy").then(|| Rejection {
            class: Class::Unavailable,
            rule: "busy".to_owned(),
            message: None,
            remedy: None,
            cause: None,
            retry_after: Some(Duration::from_secs(9)),
        })
    });
    let begun = Instant::now();
    assert_eq!(
        exchange.call(&post(), &plan.terms()).await.unwrap().status,
        204
    );
    assert!(begun.elapsed() >= Duration::from_secs(9));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_with_status_200_is_a_refusal() {
    let transport = Scripted::new(|_, _| json(200, &json!({"ok": false, "why": "queue 7"})));
    let exchange = exchange(&transport);
    let mut plan = Plan::new(&exchange, Kind::Effect);
    plan.rules = Box::new(|answer: &Answer| {
        (answer.as_value().pointer("/body/ok")? == &json!(false)).then(|| Rejection {
            class: Class::Invalid,
            rule: "not ok".to_owned(),
            message: Some("the queue does not exist".to_owned()),
            remedy: Some("Choose another queue.".to_owned()),
            cause: None,
            retry_after: None,
        })
    });
    let failure = exchange.call(&post(), &plan.terms()).await.unwrap_err();
    assert_eq!(failure.class, Class::Invalid);
    assert_eq!(failure.rule.as_deref(), Some("not ok"));
    assert_eq!(failure.remedy.as_deref(), Some("Choose another queue."));
    assert_eq!(failure.message, "the queue does not exist");
}

#[tokio::test(start_paused = true)]
async fn retry_after_holds_the_whole_credential() {
    let transport = Scripted::new(|_, before| match before {
        0 => with_header(status(429), "Retry-After", "30"),
        _ => status(200),
    });
    let exchange = exchange(&transport);
    let mut plan = Plan::new(&exchange, Kind::Read);
    // The first call does not even retry; the pause is for everybody.
    plan.retry = Retry::never();
    let failure = exchange.call(&get("/a"), &plan.terms()).await.unwrap_err();
    assert_eq!(failure.class, Class::RateLimited);
    assert_eq!(failure.retry_after, Some(Duration::from_secs(30)));
    let begun = Instant::now();
    exchange.call(&get("/b"), &plan.terms()).await.unwrap();
    assert!(
        begun.elapsed() >= Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(plan.broker.stats().rate_limited, 1);
}

/// Whoever saves credentials while the other side has us wait would otherwise end the wait.
#[tokio::test(start_paused = true)]
async fn credentials_that_take_the_place_of_others_wait_with_them() {
    let transport = Scripted::new(|_, before| match before {
        0 => with_header(status(429), "Retry-After", "30"),
        _ => status(200),
    });
    let exchange = exchange(&transport);
    let mut plan = Plan::new(&exchange, Kind::Read);
    plan.retry = Retry::never();
    plan.broker = exchange.set_broker("north/psa#0", credential());
    exchange.call(&get("/a"), &plan.terms()).await.unwrap_err();
    exchange.retire_broker("north/psa#0");
    let begun = Instant::now();
    plan.broker = exchange.set_broker("north/other#0", credential());
    exchange.call(&get("/b"), &plan.terms()).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO, "somebody else need not");
    plan.broker = exchange.set_broker("north/psa#1", credential());
    exchange.call(&get("/b"), &plan.terms()).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_was_too_short_costs_one_refusal() {
    // The server has had enough from the first call on, for 100 s, and says 30 s each time.
    for proven in [false, true] {
        let enough_until = Instant::now() + Duration::from_secs(100);
        let transport = Scripted::slow(Duration::from_secs(1), move |_, before| {
            if Instant::now() < enough_until && (before > 0 || !proven) {
                with_header(status(429), "Retry-After", "30")
            } else {
                status(200)
            }
        });
        let exchange = exchange(&transport);
        let mut plan = Plan::new(&exchange, Kind::Effect);
        plan.retry.attempts = 10;
        let (terms, request) = (plan.terms(), post());
        if proven {
            exchange.call(&request, &terms).await.unwrap();
        }
        let calls = (0..20).map(|_| exchange.call(&request, &terms));
        assert!(
            futures::future::join_all(calls)
                .await
                .iter()
                .all(Result::is_ok)
        );
        // Those that were under way together are refused together, but only once.
        let at_once = if proven { 20 } else { 1 };
        let refused = plan.broker.stats().rate_limited;
        assert!(
            (at_once + 2..=at_once + 3).contains(&refused),
            "{proven}: {refused}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_longer_than_the_calls_patience_is_reported_at_once() {
    let transport = Scripted::new(|_, _| {
        with_header(status(429), "Retry-After", "Wed, 01 Jul 2026 12:30:00 GMT")
    });
    let exchange = exchange(&transport);
    let plan = Plan::new(&exchange, Kind::Read);
    let begun = Instant::now();
    for sent in [true, false] {
        let failure = exchange.call(&get("/"), &plan.terms()).await.unwrap_err();
        assert_eq!((failure.class, failure.sent), (Class::RateLimited, sent));
        assert!(failure.retry_after.unwrap() >= Duration::from_mins(30));
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(transport.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_credential_is_not_used_again_until_it_changes() {
    let transport = Scripted::new(|_, before| status(if before == 0 { 401 } else { 200 }));
    let exchange = exchange(&transport);
    let plan = Plan::new(&exchange, Kind::Read);
    for _ in 0..3 {
        let failure = exchange.call(&get("/"), &plan.terms()).await.unwrap_err();
        assert_eq!(failure.class, Class::CredentialsRejected);
    }
    assert_eq!(transport.count(), 1);
    assert!(plan.broker.is_rejected());
    plan.broker.credentials_changed();
    assert!(exchange.call(&get("/"), &plan.terms()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_credential_is_tried_once_however_many_calls_wait() {
    let transport = Scripted::slow(Duration::from_secs(2), |_, _| status(401));
    let exchange = exchange(&transport);
    let plan = Plan::new(&exchange, Kind::Read);
    let (terms, request) = (plan.terms(), get("/"));
    let calls = (0..20).map(|_| exchange.call(&request, &terms));
    for result in futures::future::join_all(calls).await {
        assert_eq!(result.unwrap_err().class, Class::CredentialsRejected);
    }
    assert_eq!(transport.count(), 1);
}

/// Also one that was good until now, whoever waits with it: reads, effects, and calls under way
/// that would be tried again.
#[tokio::test(start_paused = true)]
async fn a_rejected_credential_stops_all_use_of_it_at_once() {
    const AT_ONCE: u32 = 2;
    let transport = Scripted::slow(Duration::from_secs(2), |_, before| {
        status(if before == 0 { 200 } else { 401 })
    });
    let exchange = exchange(&transport);
    let mut reads = Plan::new(&exchange, Kind::Read);
    let mut plan = Plan::new(&exchange, Kind::Effect);
    assert!(exchange.call(&get("/"), &plan.terms()).await.is_ok());
    plan.limits = vec![Limit::Concurrent {
        key: "entity".to_owned(),
        at_most: AT_ONCE,
    }];
    reads.limits = plan.limits.clone();
    let (effects, reads, read, write) = (plan.terms(), reads.terms(), get("/"), post());
    let calls = (0..50).flat_map(|_| {
        [
            exchange.call(&read, &reads),
            exchange.call(&write, &effects),
        ]
    });
    for result in futures::future::join_all(calls).await {
        assert_eq!(result.unwrap_err().class, Class::CredentialsRejected);
    }
    assert_eq!(transport.count(), 1 + AT_ONCE as usize);
}

#[tokio::test(start_paused = true)]
async fn once_proven_a_credential_is_used_by_many_at_once() {
    let transport = Scripted::slow(Duration::from_secs(2), |_, _| status(200));
    let exchange = exchange(&transport);
    let plan = Plan::new(&exchange, Kind::Read);
    let (terms, request) = (plan.terms(), get("/"));
    let begun = Instant::now();
    let calls = (0..20).map(|_| exchange.call(&request, &terms));
    assert!(
        futures::future::join_all(calls)
            .await
            .iter()
            .all(Result::is_ok)
    );
    assert_eq!(begun.elapsed(), Duration::from_secs(4));
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_to_the_old_credential_does_not_judge_the_new_one() {
    let transport = Scripted::slow(Duration::from_secs(5), |_, before| {
        status(if before == 0 { 401 } else { 200 })
    });
    let exchange = exchange(&transport);
    let plan = Plan::new(&exchange, Kind::Read);
    let (terms, request) = (plan.terms(), get("/"));
    let change = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        exchange.set_broker("contoso", credential());
    };
    let (result, ()) = futures::join!(exchange.call(&request, &terms), change);
    assert_eq!(result.unwrap_err().class, Class::CredentialsRejected);
    assert!(!plan.broker.is_rejected());
    assert!(exchange.call(&request, &terms).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_budget_ends_a_storm_of_retries() {
    let transport = Scripted::new(|_, _| status(503));
    let exchange = exchange(&transport);
    let mut plan = Plan::new(&exchange, Kind::Read);
    plan.retry.attempts = 10;
    plan.retry.budget.per = Duration::from_hours(1);
    let (terms, request) = (plan.terms(), get("/"));
    let calls = (0..50).map(|_| exchange.call(&request, &terms));
    assert!(
        futures::future::join_all(calls)
            .await
            .iter()
            .all(Result::is_err)
    );
    let retries = plan.broker.stats().retries;
    assert!((30..=33).contains(&retries), "{retries}");
    assert_eq!(plan.broker.stats().attempts, 50 + retries);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_not_allowed_is_refused_before_anything_is_sent() {
    let transport = Scripted::new(|_, _| status(200));
    let exchange = exchange(&transport);
    let plan = Plan::new(&exchange, Kind::Effect);
    for address in [
        "https://evil.example/",
        "http://api.example.net/",
        "nonsense",
    ] {
        let request = Request::new(Method::Get, address);
        let failure = exchange.call(&request, &plan.terms()).await.unwrap_err();
        assert_eq!(
            (failure.class, failure.sent),
            (Class::Invalid, false),
            "{address}"
        );
    }
    assert_eq!(transport.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_in_a_failure() {
    let secret = "s3cr3t/+value";
    let transport = Scripted::new(move |request, before| match before {
        0 => json(
            400,
            &json!({"you sent": request.url, "auth": request.header("x-key")}),
        ),
        _ => Err(TransportError::unknown(
            Lack::Broken,
            format!("at {}", request.url),
        )),
    });
    let exchange = exchange(&transport);
    let auth = Auth::Headers(vec![("X-Key".to_owned(), Secret::new(secret))]);
    let mut plan = Plan::new(&exchange, Kind::Read);
    plan.broker = exchange.set_broker(
        "contoso",
        Credential {
            auth,
            ..credential()
        },
    );
    plan.retry = Retry::never();
    let mut request = get("/x");
    assert!(request.add_query("k", secret));
    for _ in 0..2 {
        let failure = exchange.call(&request, &plan.terms()).await.unwrap_err();
        assert!(failure.message.contains("•••"), "{failure}");
        assert!(!format!("{failure:?}").contains("s3cr3t"), "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn fixed_credentials_are_added_to_every_request() {
    let fixed = [
        (Auth::Bearer(Secret::new("token")), "Bearer token"),
        (
            Auth::Basic {
                user: "u".into(),
                password: Secret::new("p"),
            },
            "Basic dTpw",
        ),
    ];
    for (auth, wanted) in fixed {
        let transport = Scripted::new(|_, _| status(200));
        let exchange = exchange(&transport);
        let mut plan = Plan::new(&exchange, Kind::Read);
        plan.broker = exchange.set_broker(
            "contoso",
            Credential {
                auth,
                ..credential()
            },
        );
        exchange.call(&get("/"), &plan.terms()).await.unwrap();
        let seen = transport.seen();
        let sent = seen.first().unwrap();
        assert_eq!(sent.request.header("Authorization"), Some(wanted));
    }
    let transport = Scripted::new(|_, _| status(200));
    let exchange = exchange(&transport);
    let mut plan = Plan::new(&exchange, Kind::Read);
    let auth = Auth::QueryKey {
        name: "key".into(),
        key: Secret::new("a b"),
    };
    plan.broker = exchange.set_broker(
        "contoso",
        Credential {
            auth,
            ..credential()
        },
    );
    exchange.call(&get("/?x=1"), &plan.terms()).await.unwrap();
    let seen = transport.seen();
    assert_eq!(
        seen.first().unwrap().request.url,
        format!("{HOST}/?x=1&key=a+b")
    );
}

#[tokio::test(start_paused = true)]
async fn a_conditional_read_may_be_answered_by_not_modified() {
    let transport = Scripted::new(|_, _| status(304));
    let exchange = exchange(&transport);
    let plan = Plan::new(&exchange, Kind::Read);
    let mut request = get("/");
    request.expect = Expect::Json;
    request.set_header("If-None-Match", "\"v1\"");
    assert_eq!(
        exchange.call(&request, &plan.terms()).await.unwrap().status,
        304
    );
    let failure = exchange.call(&get("/"), &plan.terms()).await.unwrap_err();
    assert_eq!(failure.class, Class::Invalid);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_frees_its_place() {
    let transport = Scripted::slow(Duration::from_secs(20), |_, _| status(200));
    let exchange = Arc::new(exchange(&transport));
    let mut plan = Plan::new(&exchange, Kind::Read);
    plan.limits = vec![exchange::Limit::Concurrent {
        key: "one".to_owned(),
        at_most: 1,
    }];
    let (terms, request) = (plan.terms(), get("/"));
    let cancelled = tokio::time::timeout(Duration::from_secs(1), exchange.call(&request, &terms));
    assert!(cancelled.await.is_err());
    let begun = Instant::now();
    assert!(exchange.call(&request, &terms).await.is_ok());
    assert_eq!(begun.elapsed(), Duration::from_secs(20));
}
