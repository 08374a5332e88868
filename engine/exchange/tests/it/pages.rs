//! Pagers against a model of a server: whatever the paging kind and the quirk, either every record
//! comes exactly once and the verdict says so, or the verdict says that it may not.

use std::sync::Arc;
use std::time::Duration;

use exchange::{
    Answer, Content, Failure, Page, PageRead, Pager, Pages, Paging, Position, Request, Stop,
    Verdict,
};
use exchange::{Exchange, Kind};
use model::Class;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::scripted::{HOST, Plan, Reply, Scripted, exchange, get, json, status, with_header};

/// How a model server departs from good manners.
#[derive(Clone, Copy, Debug, Default)]
struct Quirks {
    /// No page has more records, whatever is asked for.
    cap: Option<u64>,
    /// Paging parameters are ignored.
    deaf: bool,
    /// It says how many records there are.
    promises: bool,
    /// It promises this many more than there are.
    exaggerates: u64,
    /// Records that go after the first page.
    loses: u64,
}

fn param(url: &str, name: &str) -> Option<u64> {
    let query = url.split_once('?')?.1;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(key, _)| *key == name)
        .find_map(|(_, value)| value.parse().ok())
}

/// A list of records with the ids `1..=total`, in pages of `size`.
fn serve(request: &Request, before: usize, total: u64, size: u64, quirks: Quirks) -> Reply {
    let lost = if before > 0 { quirks.loses } else { 0 };
    let ids: Vec<u64> = (1 + lost..=total).collect();
    let size = size.min(quirks.cap.unwrap_or(size));
    let url = &request.url;
    let after_id = param(url, "after").unwrap_or(0);
    let skip = match (
        param(url, "page"),
        param(url, "offset"),
        param(url, "token"),
    ) {
        _ if quirks.deaf => 0,
        (Some(page), ..) => (page - 1) * size,
        (_, Some(offset), _) => offset,
        (.., Some(token)) => token,
        _ => 0,
    };
    let rest: Vec<u64> = ids
        .into_iter()
        .filter(|id| quirks.deaf || *id > after_id)
        .skip(skip as usize)
        .collect();
    let page: Vec<Value> = rest
        .iter()
        .take(size as usize)
        .map(|id| json!({"id": id}))
        .collect();
    let end = skip + page.len() as u64;
    let more = (rest.len() > page.len()).then_some(end);
    let mut body = json!({"items": page});
    let fields = body.as_object_mut().unwrap();
    if quirks.promises {
        // A list that is asked for from an id on has a total from there on.
        let begun = if quirks.deaf {
            lost
        } else {
            lost.max(after_id)
        };
        let all = total.saturating_sub(begun);
        fields.insert("total".into(), json!(all + quirks.exaggerates));
    }
    if let Some(end) = more {
        fields.insert("token".into(), json!(end.to_string()));
        fields.insert("next".into(), json!(format!("/list?token={end}")));
    }
    let answer = json(200, &body);
    match more {
        Some(end) => with_header(
            answer,
            "Link",
            &format!("<{HOST}/list?token={end}>; rel=\"next\""),
        ),
        None => answer,
    }
}

/// Reads the model server's lists.
struct List {
    paging: Paging,
}

impl Pages for List {
    fn request(&self, position: &Position) -> Result<Request, String> {
        Ok(get(&match &self.paging {
            Paging::Number { .. } => format!("/list?page={}", position.number),
            Paging::Offset { .. } => format!("/list?offset={}", position.records),
            Paging::IdCursor { .. } => match &position.last_id {
                Some(id) => format!("/list?after={id}"),
                None => "/list".to_owned(),
            },
            Paging::Cursor => match &position.next {
                Some(token) => format!("/list?token={token}"),
                None => "/list".to_owned(),
            },
            Paging::None | Paging::NextUrl | Paging::LinkHeader => "/list".to_owned(),
        }))
    }

    fn read(&self, answer: Answer) -> Result<PageRead, String> {
        let Content::Json(body) = answer.body else {
            return Err("not JSON".to_owned());
        };
        let records = body.get("items").and_then(Value::as_array).cloned();
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let next = match self.paging {
            Paging::NextUrl => text("next"),
            Paging::Cursor => text("token"),
            _ => None,
        };
        let selector_hit = records.is_some();
        let records = records.unwrap_or_default();
        Ok(PageRead {
            items: u64::try_from(records.len()).unwrap(),
            ids: records
                .iter()
                .filter_map(|record| record.get("id").cloned())
                .collect(),
            next,
            promised_total: body.get("total").and_then(Value::as_u64),
            has_more: body.get("more").and_then(Value::as_bool),
            selector_hit,
            records,
        })
    }
}

/// Reads to the end, starting anew from the stored position before every page when `resumes`.
async fn read(
    exchange: &Exchange,
    paging: &Paging,
    resumes: bool,
) -> (Vec<u64>, Result<Verdict, Failure>) {
    let plan = Plan::new(exchange, Kind::Read);
    let list = List {
        paging: paging.clone(),
    };
    let begin = |position| Pager::new(exchange, plan.terms(), &list, paging.clone(), position);
    let mut pager = begin(Position::start(paging));
    let mut ids = Vec::new();
    loop {
        match pager.next().await {
            Ok(None) => return (ids, Ok(pager.verdict())),
            Err(failure) => {
                assert!(!pager.verdict().proven_complete);
                return (ids, Err(failure));
            }
            Ok(Some(Page {
                records,
                position_after,
            })) => {
                ids.extend(
                    records
                        .iter()
                        .filter_map(|r| r.get("id").and_then(Value::as_u64)),
                );
                if resumes && pager.verdict().stopped == Stop::NotYet {
                    let stored = serde_json::to_string(&position_after).unwrap();
                    pager = begin(serde_json::from_str(&stored).unwrap());
                }
            }
        }
    }
}

async fn read_all(
    paging: &Paging,
    total: u64,
    size: u64,
    quirks: Quirks,
) -> (Vec<u64>, Result<Verdict, Failure>) {
    let transport = Scripted::new(move |r, before| serve(r, before, total, size, quirks));
    read(&exchange(&transport), paging, false).await
}

fn kinds(size: u64) -> impl Strategy<Value = Paging> {
    prop_oneof![
        Just(Paging::NextUrl),
        Just(Paging::LinkHeader),
        Just(Paging::Cursor),
        Just(Paging::IdCursor { size: None }),
        Just(Paging::IdCursor { size: Some(size) }),
        Just(Paging::Number { start: 1, size }),
        Just(Paging::Offset { size }),
    ]
}

fn in_paused_time<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

proptest! {
    #[test]
    fn every_record_comes_once_and_is_proven(
        (size, paging) in (1_u64..7).prop_flat_map(|size| (Just(size), kinds(size))),
        total in 0_u64..40,
        promises: bool,
        resumes: bool,
    ) {
        let quirks = Quirks { promises, ..Quirks::default() };
        let (ids, verdict) = in_paused_time(async {
            let transport = Scripted::new(move |r, before| serve(r, before, total, size, quirks));
            read(&exchange(&transport), &paging, resumes).await
        });
        prop_assert_eq!(ids, (1..=total).collect::<Vec<_>>());
        let verdict = verdict.unwrap();
        prop_assert!(verdict.proven_complete, "{:?}", verdict);
        prop_assert_eq!(verdict.records, total);
    }

    #[test]
    fn what_is_missing_is_never_proven_complete(
        (size, paging) in (1_u64..7).prop_flat_map(|size| (Just(size), kinds(size))),
        total in 0_u64..40,
        cap in 1_u64..7,
        deaf: bool,
        exaggerates in 0_u64..3,
        loses in 0_u64..3,
    ) {
        let loses = loses.min(total);
        let quirks = Quirks { cap: Some(cap), deaf, promises: true, exaggerates, loses };
        let (mut ids, verdict) = in_paused_time(read_all(&paging, total, size, quirks));
        let came = ids.len();
        ids.sort_unstable();
        ids.dedup();
        let Ok(verdict) = verdict else { return Ok(()) };
        let stayed = ids.iter().filter(|id| **id > loses).count() as u64;
        let misses = stayed < total - loses;
        if misses || exaggerates > 0 {
            prop_assert!(!verdict.proven_complete, "{} came: {:?}", came, verdict);
            prop_assert!(verdict.doubt.is_some());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_api_that_ignores_the_page_number_is_found_out() {
    let quirks = Quirks {
        deaf: true,
        ..Quirks::default()
    };
    let paging = Paging::Number { start: 1, size: 5 };
    let failure = read_all(&paging, 12, 5, quirks).await.1.unwrap_err();
    assert!(failure.message.contains("same page"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_cap_on_the_page_size_does_not_cut_the_list() {
    let quirks = Quirks {
        cap: Some(3),
        promises: true,
        ..Quirks::default()
    };
    for paging in [
        Paging::Number { start: 1, size: 5 },
        Paging::Offset { size: 5 },
    ] {
        let (ids, verdict) = read_all(&paging, 11, 5, quirks).await;
        assert_eq!(ids.len(), 11);
        assert_eq!(verdict.unwrap().stopped, Stop::TotalReached);
    }
}

/// Ten at most on a page, whatever is asked for, and no word about it: fourteen are read all the
/// same. The page that is shorter than the one before ends the list.
#[tokio::test(start_paused = true)]
async fn a_cap_that_nothing_tells_of_does_not_cut_the_list() {
    let quirks = Quirks {
        cap: Some(10),
        ..Quirks::default()
    };
    for paging in [
        Paging::Number { start: 1, size: 50 },
        Paging::Offset { size: 50 },
        Paging::IdCursor { size: Some(50) },
    ] {
        let (ids, verdict) = read_all(&paging, 14, 50, quirks).await;
        assert_eq!(ids.len(), 14, "{paging:?}");
        assert_eq!(verdict.unwrap().stopped, Stop::ShortPage);
        let (ids, verdict) = read_all(&paging, 30, 50, quirks).await;
        assert_eq!(ids.len(), 30, "{paging:?}");
        assert_eq!(verdict.unwrap().stopped, Stop::EmptyPage);
    }
}

#[tokio::test(start_paused = true)]
async fn a_next_page_that_the_definition_knows_nothing_of_is_noticed() {
    let transport = Scripted::new(|_, _| {
        let page = json(200, &json!({"items": [{"id": 1}]}));
        with_header(
            page,
            "link",
            "<https://api.example/list?page=2>; rel=\"next\"",
        )
    });
    let (_, verdict) = read(&exchange(&transport), &Paging::None, false).await;
    assert!(!verdict.unwrap().proven_complete);
}

/// Reads a list whose answers are given.
async fn scripted(paging: Paging, answers: Vec<Value>) -> (Vec<u64>, Result<Verdict, Failure>) {
    let transport = Scripted::new(move |_, before| match answers.get(before) {
        Some(answer) => json(200, answer),
        None => status(404),
    });
    read(&exchange(&transport), &paging, false).await
}

#[tokio::test(start_paused = true)]
async fn a_next_page_at_another_host_is_not_asked_for() {
    for next in [
        // Allowed for the credential, but not where this list is.
        "https://other.example.net/list",
        "https://evil.example/list",
        "http://api.example.net/list",
        "//evil.example/",
    ] {
        let transport = Scripted::new(move |_, _| json(200, &json!({"items": [], "next": next})));
        let failure = read(&exchange(&transport), &Paging::NextUrl, false)
            .await
            .1
            .unwrap_err();
        assert_eq!(
            (failure.class, failure.sent),
            (Class::Invalid, false),
            "{next}"
        );
        assert_eq!(transport.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_address_gets_the_same_method_and_body() {
    struct Query;
    impl Pages for Query {
        fn request(&self, _: &Position) -> Result<Request, String> {
            let mut request = get("/query");
            request.method = exchange::Method::Post;
            request.body = exchange::Body::Json(json!({"filter": []}));
            Ok(request)
        }
        fn read(&self, answer: Answer) -> Result<PageRead, String> {
            List {
                paging: Paging::NextUrl,
            }
            .read(answer)
        }
    }
    let transport = Scripted::new(|_, before| match before {
        0 => json(
            200,
            &json!({"items": [{"id": 1}], "next": "/query/next?paging=%7B%7D"}),
        ),
        _ => json(200, &json!({"items": [{"id": 2}]})),
    });
    let exchange = exchange(&transport);
    let plan = Plan::new(&exchange, Kind::Read);
    let start = Position::start(&Paging::NextUrl);
    let mut pager = Pager::new(&exchange, plan.terms(), &Query, Paging::NextUrl, start);
    while pager.next().await.unwrap().is_some() {}
    let seen = transport.seen();
    let [first, second] = seen.as_slice() else {
        panic!("{seen:?}")
    };
    assert_eq!(
        second.request.url,
        format!("{HOST}/query/next?paging=%7B%7D")
    );
    assert_eq!(second.request.method, first.request.method);
    assert_eq!(second.request.body, first.request.body);
}

#[tokio::test(start_paused = true)]
async fn lists_that_never_end_are_ended() {
    let circle = vec![
        json!({"items": [{"id": 1}], "next": "/list?b"}),
        json!({"items": [{"id": 2}], "next": "/list?c"}),
        json!({"items": [{"id": 3}], "next": "/list?b"}),
    ];
    let failure = scripted(Paging::NextUrl, circle).await.1.unwrap_err();
    assert!(failure.message.contains("circle"), "{failure}");
    let transport = Scripted::new(|_, before| {
        json(
            200,
            &json!({"items": [{"id": before}], "token": before.to_string()}),
        )
    });
    let failure = read(&exchange(&transport), &Paging::Cursor, false)
        .await
        .1
        .unwrap_err();
    assert!(failure.message.contains("10000 pages"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn ids_that_do_not_ascend_break_an_id_cursor() {
    let paging = Paging::IdCursor { size: Some(2) };
    let answers = vec![
        json!({"items": [{"id": 1}, {"id": 5}]}),
        json!({"items": [{"id": 4}, {"id": 6}]}),
    ];
    let failure = scripted(paging.clone(), answers).await.1.unwrap_err();
    assert!(failure.message.contains("out of order"), "{failure}");
    let nameless = vec![json!({"items": [{"id": 1}, {"name": "x"}]})];
    let failure = scripted(paging, nameless).await.1.unwrap_err();
    assert!(failure.message.contains("each needs one"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_and_a_wrong_selector_are_told_apart() {
    let (_, verdict) = scripted(Paging::None, vec![json!({"items": []})]).await;
    assert!(verdict.unwrap().proven_complete);
    let (_, verdict) = scripted(Paging::None, vec![json!({"records": [{"id": 1}]})]).await;
    let verdict = verdict.unwrap();
    assert!(!verdict.proven_complete && !verdict.selector_hit);
    assert!(verdict.doubt.unwrap().contains("selector"));
    // A promise of none makes the absence believable.
    let (_, verdict) = scripted(Paging::None, vec![json!({"total": 0})]).await;
    assert!(verdict.unwrap().proven_complete);
}

#[tokio::test(start_paused = true)]
async fn one_page_that_says_there_is_more_is_not_complete() {
    let (_, verdict) = scripted(Paging::None, vec![json!({"items": [], "more": true})]).await;
    assert!(!verdict.unwrap().proven_complete);
    let (_, verdict) = scripted(Paging::Cursor, vec![json!({"items": [], "more": true})]).await;
    assert!(!verdict.unwrap().proven_complete);
    let short = vec![
        json!({"items": [{"id": 1}], "more": true}),
        json!({"items": [{"id": 2}], "more": false}),
    ];
    let (ids, verdict) = scripted(Paging::Number { start: 1, size: 5 }, short).await;
    assert_eq!((ids, verdict.unwrap().stopped), (vec![1, 2], Stop::NoMore));
}

#[tokio::test(start_paused = true)]
async fn a_total_is_not_believed_while_the_api_says_that_there_is_more() {
    // What looks like a total is the number of records on the page.
    let answers = vec![
        json!({"items": [{"id": 1}, {"id": 2}], "total": 2, "more": true}),
        json!({"items": [{"id": 3}], "total": 1, "more": false}),
    ];
    let (ids, verdict) = scripted(Paging::Number { start: 1, size: 2 }, answers).await;
    assert_eq!(ids, [1, 2, 3]);
    assert!(!verdict.unwrap().proven_complete);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_failed_is_asked_for_again_from_where_it_stood() {
    let transport = Scripted::new(|request, before| {
        if before == 1 {
            status(400)
        } else {
            serve(request, 0, 4, 2, Quirks::default())
        }
    });
    let exchange = exchange(&transport);
    let plan = Plan::new(&exchange, Kind::Read);
    let paging = Paging::Offset { size: 2 };
    let list = List {
        paging: paging.clone(),
    };
    let start = Position::start(&paging);
    let mut pager = Pager::new(&exchange, plan.terms(), &list, paging, start);
    assert!(pager.next().await.is_ok());
    assert_eq!(pager.next().await.unwrap_err().class, Class::Invalid);
    assert_eq!(pager.verdict().stopped, Stop::NotYet);
    let page = pager.next().await.unwrap().unwrap();
    assert_eq!(page.records, [json!({"id": 3}), json!({"id": 4})]);
}

#[tokio::test(start_paused = true)]
async fn pages_keep_the_limits_of_their_terms() {
    let transport: Arc<Scripted> =
        Scripted::new(|r, before| serve(r, before, 10, 2, Quirks::default()));
    let exchange = exchange(&transport);
    let mut plan = Plan::new(&exchange, Kind::Read);
    let per = Duration::from_mins(1);
    plan.limits = vec![exchange::Limit::Window {
        key: "database".to_owned(),
        requests: 2,
        per,
        share_percent: 50,
    }];
    let paging = Paging::Offset { size: 2 };
    let list = List {
        paging: paging.clone(),
    };
    let start = Position::start(&paging);
    let mut pager = Pager::new(&exchange, plan.terms(), &list, paging, start);
    while pager.next().await.unwrap().is_some() {}
    let times: Vec<_> = transport.seen().into_iter().map(|seen| seen.at).collect();
    assert!(
        times
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if *b - *a >= per))
    );
}
