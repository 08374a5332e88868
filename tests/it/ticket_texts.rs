//! What tickets say: the partner's own title, rules per report type and scripts, over the API and
//! into the PSA.

use harness::{Partner, Stage};
use reqwest::Method;
use serde_json::{Value, json};

/// The ticket settings as they are saved, to be changed and saved again.
async fn saved(partner: &Partner) -> Value {
    let section = partner.get_here("settings/tickets").await;
    json!({ "on": true, "values": section["values"] })
}

/// Saves the ticket settings with these values and rules besides.
async fn save(partner: &Partner, values: Value, rules: Value) {
    let mut body = saved(partner).await;
    for (name, value) in values.as_object().expect("values") {
        body["values"][name] = value.clone();
    }
    body["rules"] = rules;
    partner.put_here("settings/tickets", body).await;
}

/// A call about the ticket settings, with whatever answer.
async fn call(partner: &Partner, method: Method, rest: &str, body: &Value) -> harness::Answer {
    let path = partner.here(&format!("settings/tickets{rest}"));
    partner.api.call(method, &path, Some(body)).await
}

/// What a preview says.
async fn preview(partner: &Partner, body: Value) -> Value {
    let answer = call(partner, Method::POST, "/preview", &body).await;
    answer.good("preview")
}

/// Hands in a request of this report type and waits until it is in that state.
async fn report(partner: &Partner, id: &str, report_type: &str, state: &str) -> Value {
    let body = json!({
        "id": id,
        "customer_id": "alpha",
        "report_type": report_type,
        "hostname": "files.example",
        "url": "https://files.example/a.b",
        "user": { "username": "dana" },
    });
    partner.api.post(&partner.path("requests"), body).await;
    partner.wait_state(id, state).await
}

#[tokio::test]
async fn a_choice_that_is_left_open_is_the_systems_own_and_null_is_none() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let mut body = saved(&partner).await;
    body["values"]["priority"] = Value::Null;
    partner.put_here("settings/tickets", body.clone()).await;
    assert_eq!(saved(&partner).await["values"]["priority"], Value::Null);
    body["values"]
        .as_object_mut()
        .expect("values")
        .remove("priority");
    partner.put_here("settings/tickets", body).await;
    assert!(!saved(&partner).await["values"]["priority"].is_null());
}

#[tokio::test]
async fn a_title_is_previewed_saved_and_read_on_the_ticket() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    report(&partner, "r-1", "user_feedback", "ticketed").await;
    assert_eq!(
        partner.ticket("r-1").title,
        "New user request: User Feedback"
    );
    let title = "[{{user}}]\n{{ report_type }}: {{hostname}}";
    let shown = preview(
        &partner,
        json!({ "values": { "title": title }, "request": "r-1" }),
    )
    .await;
    let expected = "[dana] User Feedback: files.example";
    assert_eq!(shown["draft"]["title"], expected, "{shown:#}");
    assert_eq!(shown["request"]["id"], "r-1");
    let unsaved = partner.get_here("settings/tickets").await;
    assert_eq!(
        unsaved["values"]["title"],
        Value::Null,
        "a preview saves nothing"
    );
    save(
        &partner,
        json!({ "title": title, "defang_urls": true }),
        json!({}),
    )
    .await;
    report(&partner, "r-2", "url_block", "ticketed").await;
    let ticket = partner.ticket("r-2");
    assert_eq!(ticket.title, "[dana] URL Block: files[.]example");
    let description = ticket.description.unwrap_or_default();
    assert!(
        description.contains("hxxps://files[.]example/a.b"),
        "{description}"
    );
    assert!(partner.violations().is_empty());
}

#[tokio::test]
async fn whatever_a_request_says_its_title_is_one_the_psa_takes() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    save(&partner, json!({ "title": "{{hostname}}" }), json!({})).await;
    let long = format!("\u{202e}a\r\nb\u{0} {}", "👩\u{200d}👧".repeat(200));
    for (id, hostname) in [
        ("r-1", long.as_str()),
        ("r-2", " \u{202e}\n"),
        ("r-3", "{{user}}"),
    ] {
        let body = json!({
            "id": id, "customer_id": "alpha", "report_type": "url_block", "hostname": hostname,
        });
        partner.api.post(&partner.path("requests"), body).await;
        partner.wait_state(id, "ticketed").await;
    }
    let cut = partner.ticket("r-1").title;
    assert!(
        cut.starts_with("a b 👩\u{200d}👧") && cut.ends_with("👧…"),
        "{cut:?}"
    );
    assert!(
        cut.encode_utf16().count() <= 255 && cut.encode_utf16().count() > 240,
        "{cut:?}"
    );
    assert_eq!(partner.ticket("r-2").title, "New user request: URL Block");
    assert_eq!(partner.ticket("r-3").title, "{{user}}");
}

#[tokio::test]
async fn a_title_that_cannot_be_printed_is_refused_where_it_is_wrong() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    for (title, said) in [
        (
            "For {{reprot_type}}",
            ["/values/title", "did you mean `report_type`?", "7"],
        ),
        ("For {{ user", ["/values/title", "`user`", "column"]),
        (
            "{{#each user}}x{{/each}}",
            ["/values/title", "variables alone", "column"],
        ),
    ] {
        let mut body = saved(&partner).await;
        body["values"]["title"] = json!(title);
        let answer = call(&partner, Method::PUT, "", &body).await;
        let text = answer.problem(422, "invalid");
        for part in said {
            assert!(text.contains(part), "`{part}` is not said: {text}");
        }
        let shown = preview(&partner, json!({ "values": body["values"] })).await;
        assert_eq!(shown["faults"][0]["pointer"], "/values/title", "{shown:#}");
    }
    let section = partner.get_here("settings/tickets").await;
    assert_eq!(section["values"]["title"], Value::Null);
    let fields = section["form"]["fields"].as_array().expect("fields");
    let title = fields
        .iter()
        .find(|field| field["name"] == "title")
        .expect("a title");
    assert_eq!(title["label"], "Ticket Title");
    assert_eq!(title["variables"][0]["sample"], "URL Block");
}

#[tokio::test]
async fn rules_send_report_types_elsewhere_or_nowhere() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let queue = partner.choice("queues", "Security").await;
    let rules = json!({
        "user_feedback": { "ignore": true },
        "url_block": { "values": { "queue": queue, "title": "Blocked: {{hostname}}" } },
    });
    let shown = preview(&partner, json!({ "rules": rules })).await;
    assert_eq!(
        (&shown["has_rule"], &shown["settings"]["queue"]),
        (&json!(true), &queue)
    );
    save(&partner, json!({}), rules.clone()).await;
    let ignored = report(&partner, "r-1", "user_feedback", "ignored").await;
    assert!(
        ignored["history"]
            .to_string()
            .contains("by the rule for user_feedback"),
        "{ignored}"
    );
    report(&partner, "r-2", "url_block", "ticketed").await;
    let ticket = partner.ticket("r-2");
    assert_eq!(
        (ticket.title.as_str(), json!(ticket.queue_id)),
        ("Blocked: files.example", queue)
    );
    report(&partner, "r-3", "something_else", "ticketed").await;
    let usual = partner.choice("queues", "Service Desk").await;
    assert_eq!(json!(partner.ticket("r-3").queue_id), usual);
    assert!(partner.autotask.tickets_by_external_id("r-1").is_empty());
    // A caller that knows nothing of rules leaves them as they are.
    let body = saved(&partner).await;
    partner.put_here("settings/tickets", body).await;
    let section = partner.get_here("settings/tickets").await;
    assert_eq!(
        section["rules"]["user_feedback"]["ignore"], true,
        "{section}"
    );
    assert_eq!(
        section["report_types"],
        json!(["url_block", "user_feedback"])
    );
}

#[tokio::test]
async fn rules_that_cannot_hold_are_refused_all_at_once() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let mut body = saved(&partner).await;
    body["rules"] = json!({
        "a": {},
        "b/c": { "values": { "queue": 4_711 } },
        "d": { "values": { "priorty": 1 } },
        "e": { "values": { "closing_status": 1 } },
        "f": { "values": { "title": "{{usr}}" } },
        "g": { "ignore": true, "values": { "queue": 1 } },
    });
    let text = call(&partner, Method::PUT, "", &body)
        .await
        .problem(422, "invalid");
    for part in [
        "/rules/a",
        "/rules/b~1c/values/queue",
        "did you mean `priority`?",
        "/rules/e/values/closing_status",
        "/rules/f/values/title",
        "did you mean `user`?",
        "/rules/g",
    ] {
        assert!(text.contains(part), "`{part}` is not said: {text}");
    }
    let many: serde_json::Map<String, Value> = (0..201)
        .map(|n| (format!("type_{n}"), json!({ "ignore": true })))
        .collect();
    body["rules"] = Value::Object(many);
    let text = call(&partner, Method::PUT, "", &body)
        .await
        .problem(422, "invalid");
    assert!(text.contains("the limit is 200"), "{text}");
}

/// Its faults are such as nobody finds before the script is run.
const SCRIPT: &str = r#"
fn title(request) {
    if request.report_type == "url_block" { return "Unblock " + request.hostname + "?"; }
    ()
}

fn fields(request) {
    if request.report_type == "url_block" { return #{ priority: HIGH }; }
    if request.report_type == "odd" { let odd = #{}; odd["priorit" + "ty"] = 1; return odd; }
    #{}
}

fn description(request) {
    if request.report_type == "broken" { return parse_int(request.hostname); }
    if request.report_type == "endless" { loop {} }
    ""
}
"#;

#[tokio::test]
async fn a_script_of_the_partners_own_has_the_last_word() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let high = partner.choice("priorities", "High").await;
    let source = SCRIPT.replace("HIGH", &high.to_string());
    let shown = preview(&partner, json!({ "script": source })).await;
    assert_eq!(shown["draft"]["title"], "Unblock example.com?", "{shown:#}");
    assert_eq!(shown["settings"]["priority"], high);
    let kept = call(
        &partner,
        Method::PUT,
        "/script",
        &json!({ "source": source }),
    )
    .await;
    assert_eq!(
        kept.good("script")["functions"],
        json!(["description", "fields", "title"])
    );
    save(&partner, json!({ "title": "{{report_type}}" }), json!({})).await;
    report(&partner, "r-1", "url_block", "ticketed").await;
    report(&partner, "r-2", "user_feedback", "ticketed").await;
    let ticket = partner.ticket("r-1");
    assert_eq!(
        (
            ticket.title.as_str(),
            partner
                .autotask
                .record("Tickets", ticket.id)
                .expect("a record")["priority"]
                .clone()
        ),
        ("Unblock files.example?", high)
    );
    let usual = partner.ticket("r-2");
    assert_eq!(usual.title, "User Feedback");
    assert!(
        usual
            .description
            .unwrap_or_default()
            .contains("files.example")
    );
}

#[tokio::test]
async fn a_script_that_fails_for_one_request_holds_up_no_other() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let high = partner.choice("priorities", "High").await.to_string();
    let body = json!({ "source": SCRIPT.replace("HIGH", &high) });
    call(&partner, Method::PUT, "/script", &body)
        .await
        .good("script");
    for (id, report_type) in [("r-1", "broken"), ("r-2", "odd"), ("r-3", "endless")] {
        report(&partner, id, report_type, "failed").await;
    }
    report(&partner, "r-4", "url_block", "ticketed").await;
    let issues = json!(partner.issues("script_failed").await).to_string();
    for part in [
        "own.rhai:14:",
        "`prioritty`",
        "did you mean `priority`?",
        "operations",
    ] {
        assert!(issues.contains(part), "`{part}` is not said: {issues}");
    }
    // Without the script they go on by themselves.
    let path = partner.here("settings/tickets/script");
    let removed = partner.api.call(Method::DELETE, &path, None).await;
    assert_eq!(removed.status, 204, "{}", removed.text);
    for id in ["r-1", "r-2", "r-3"] {
        partner.wait_state(id, "ticketed").await;
        partner.ticket(id);
    }
    partner.wait_no_issues().await;
    partner
        .api
        .call(Method::GET, &path, None)
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn a_script_with_a_fault_is_refused_with_the_place_and_the_good_one_stays() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let good = json!({ "source": "fn title(request) { request.id }" });
    call(&partner, Method::PUT, "/script", &good)
        .await
        .good("script");
    for (source, line, said) in [
        ("fn title(request) {\n    let = 1;\n}", 2, ""),
        ("fn titel(request) { \"x\" }", 1, "did you mean `title`?"),
        ("fn title(reqest) { \"x\" }", 1, "did you mean `request`?"),
        ("fn title(credentials) { \"x\" }", 1, "holds secrets"),
        (
            "fn title(request) {\n    text_upper(request.id)\n}",
            2,
            "text_upper",
        ),
    ] {
        let answer = call(
            &partner,
            Method::PUT,
            "/script",
            &json!({ "source": source }),
        )
        .await;
        let text = answer.problem(422, "invalid");
        assert!(text.contains(said), "`{said}` is not said: {text}");
        let place = &answer.json["faults"][0]["place"];
        assert_eq!(place["line"], line, "{source}: {text}");
        let excerpt = place["excerpt"].as_str().unwrap_or_default();
        assert!(excerpt.contains('^'), "{excerpt}");
    }
    let none = json!({ "source": "fn other() { 1 }" });
    let text = call(&partner, Method::PUT, "/script", &none)
        .await
        .problem(422, "invalid");
    assert!(text.contains("title(request)"), "{text}");
    let long = json!({ "source": "//".repeat(40_000) });
    let text = call(&partner, Method::PUT, "/script", &long)
        .await
        .problem(422, "invalid");
    assert!(text.contains("65536"), "{text}");
    let kept = partner.get_here("settings/tickets/script").await;
    assert_eq!(kept["source"], good["source"]);
}
