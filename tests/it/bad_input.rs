//! Bad input gets a clear answer, which says what, where and how to mend it, and loses nothing.

use std::fs;

use harness::{Ended, Partner, SOON, Serve, Stage, copy_connector, run};
use reqwest::Method;
use serde_json::{Value, json};

/// Everything that a command said when it could not do what was asked, checked for its form.
fn refusal(ended: &Ended, code: i32) -> String {
    assert_eq!(ended.code, Some(code), "{}", ended.stderr);
    assert!(
        ended.stdout.is_empty(),
        "standard output is for data: {}",
        ended.stdout
    );
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    assert!(ended.stderr.contains("error: "), "{}", ended.stderr);
    ended.stderr.clone()
}

pub(crate) fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not said: {text}");
    }
}

/// Posts a body that is refused, and checks that it is refused as expected.
async fn refused(partner: &Partner, body: &str, status: u16, code: &str, parts: &[&str]) {
    let path = partner.path("requests");
    let answer = partner
        .api
        .post_raw(&path, "application/json", body.into())
        .await;
    says(&answer.expect("an answer").problem(status, code), parts);
}

#[tokio::test]
async fn wrong_credentials_are_said_before_anything_is_saved() {
    let stage = Stage::start().await;
    stage
        .outside
        .add("north", simulators::autotask::Config::default());
    stage
        .api
        .put("/api/v1/partners/north", json!({ "name": "North" }))
        .await;
    let path = "/api/v1/partners/north/integrations";
    for (username, secret) in [
        ("north@psa.example", "wrong-secret-value"),
        ("nobody@psa.example", "wrong-secret-value"),
    ] {
        let new = json!({
            "connector": "autotask",
            "credentials": { "username": username, "secret": secret },
        });
        let report = stage.api.post(&format!("{path}/test"), new.clone()).await;
        assert_eq!(report["ok"], false, "{report}");
        assert!(
            report["remedy"]
                .as_str()
                .is_some_and(|it| it.contains("key") || it.contains("Key")),
            "{report}"
        );
        let answer = stage.api.call(Method::POST, path, Some(&new)).await;
        let text = answer.problem(422, "refused");
        assert!(!text.contains(secret), "a secret is shown: {text}");
    }
    let missing = json!({ "connector": "autotask", "credentials": { "user": "x" } });
    let answer = stage.api.call(Method::POST, path, Some(&missing)).await;
    says(&answer.problem(422, "invalid"), &["username", "secret"]);
    let unknown = json!({ "connector": "autotsk", "credentials": {} });
    let answer = stage.api.call(Method::POST, path, Some(&unknown)).await;
    assert_eq!(answer.status, 404, "{}", answer.text);
    assert_eq!(stage.api.get(path).await["integrations"], json!([]));
    assert!(
        !stage.output().contains("wrong-secret-value"),
        "a secret is in the log"
    );
}

#[tokio::test]
async fn a_psa_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = folder.path().join("dovetail.yaml");
    // Nothing listens on port 1 of this machine.
    let text = "vendor: { autotask: { integration_code: x, api_root: 'http://127.0.0.1:1/x' } }";
    fs::write(&config, text).expect("a file");
    let serve = Serve {
        config: Some(config),
        ..Serve::from_folder(&folder.path().join("data"))
    };
    let program = serve.start().await;
    let data = serve.data.display().to_string();
    let token = run(&["token", "--data", &data]).await.stdout;
    let api = harness::Api::new(&program.url, token.trim());
    api.put("/api/v1/partners/north", json!({ "name": "North" }))
        .await;
    let new = json!({
        "connector": "autotask",
        "credentials": { "username": "a@b.example", "secret": "x-secret" },
    });
    let path = "/api/v1/partners/north/integrations";
    let answer = api.call(Method::POST, path, Some(&new)).await;
    says(&answer.problem(502, "psa-unavailable"), &["127.0.0.1:1"]);
}

#[tokio::test]
async fn a_request_that_cannot_be_used_says_where_it_is_wrong() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let good = json!({ "id": "r-1", "customer_id": "alpha", "report_type": "url_block" });
    let with = |key: &str, value: Value| {
        let mut body = good.clone();
        body[key] = value;
        body.to_string()
    };
    refused(&partner, "", 400, "body-not-json", &[]).await;
    refused(
        &partner,
        "{\"id\": \"r-1\",",
        400,
        "body-not-json",
        &["line 1"],
    )
    .await;
    refused(&partner, "<request/>", 400, "body-not-json", &[]).await;
    refused(&partner, "[]", 422, "invalid", &[]).await;
    refused(&partner, "{}", 422, "invalid", &["id"]).await;
    let slip = with("custmer_id", json!("alpha"));
    refused(
        &partner,
        &slip,
        422,
        "invalid",
        &["custmer_id", "customer_id"],
    )
    .await;
    for (key, value) in [
        ("id", json!(7)),
        ("id", json!("")),
        ("id", json!("x".repeat(51))),
        ("id", json!("a/b")),
        ("customer_id", Value::Null),
        ("opened_at", json!("yesterday")),
        ("user", json!("Dana")),
    ] {
        let pointer = format!("/{key}");
        refused(&partner, &with(key, value), 422, "invalid", &[&pointer]).await;
    }
    let path = partner.path("requests");
    let answer = partner
        .api
        .post_raw(&path, "text/plain", good.to_string().into())
        .await;
    answer
        .expect("an answer")
        .problem(415, "media-type-unsupported");
    assert_eq!(partner.ledger().await["accepted"], 0);
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_refused_without_being_read() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let body = vec![b' '; 10 << 20];
    let path = partner.path("requests");
    // Whoever refuses early may close before all is sent; then there is no answer to read.
    if let Some(answer) = partner.api.post_raw(&path, "application/json", body).await {
        says(&answer.problem(413, "body-too-large"), &["1"]);
    }
    partner.send("r-1", "alpha").await;
    partner.wait_state("r-1", "ticketed").await;
}

#[tokio::test]
async fn a_request_of_an_unknown_customer_is_kept_until_it_is_known() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    partner.send("r-1", "newcomer").await;
    partner.wait_state("r-1", "parked").await;
    let issue = partner.wait_issue("unmapped_customer").await;
    assert!(issue.to_string().contains("newcomer"), "{issue}");
    let all = ["alpha", "beta", "gamma", "stray", "newcomer"];
    let customers = all.map(|name| json!({ "id": name, "name": name }));
    partner
        .api
        .put(
            &partner.path("customers"),
            json!({ "customers": customers }),
        )
        .await;
    let company = partner.autotask.companies()[1].id;
    let mapping = json!({ "mappings": [{ "customer": "newcomer", "company": company }] });
    partner.put_here("mappings/companies", mapping).await;
    partner.wait_state("r-1", "ticketed").await;
    partner.wait_no_issues().await;
}

#[tokio::test]
async fn other_content_under_a_known_id_changes_nothing() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    partner.send("r-1", "alpha").await;
    let answer = partner.try_send("r-1", "stray").await.expect("an answer");
    says(&answer.problem(409, "id-taken"), &["r-1"]);
    let request = partner.wait_state("r-1", "ticketed").await;
    assert_eq!(request["request"]["customer_id"], "alpha");
}

#[tokio::test]
async fn who_has_no_right_token_gets_nothing() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let other_key = tempfile::tempdir().expect("a temporary folder");
    let folder = other_key.path().display().to_string();
    let foreign = run(&["token", "--data", &folder]).await.stdout;
    let mut forged = stage.token(&[]).await;
    forged.replace_range(10..11, if &forged[10..11] == "A" { "B" } else { "A" });
    let path = partner.path("requests/r-1");
    for token in ["", "x", "dvt_a.b", foreign.trim(), &forged] {
        let answer = stage
            .api
            .with_token(token)
            .call(Method::GET, &path, None)
            .await;
        answer.problem(401, "unauthenticated");
        assert!(answer.headers.contains_key("www-authenticate"), "{token}");
    }
    let short = stage.token(&["--expires", "1s"]).await;
    let expired = async || {
        let answer = stage
            .api
            .with_token(&short)
            .call(Method::GET, &path, None)
            .await;
        (answer.status == 401).then_some(answer)
    };
    let answer = partner.wait_for("the token expires", SOON, expired).await;
    says(&answer.problem(401, "unauthenticated"), &["expired"]);
}

#[tokio::test]
async fn addresses_and_methods_that_are_not_there_are_explained() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let api = &stage.api;
    let slip = api.call(Method::GET, "/api/v1/partner/north", None).await;
    assert_eq!(slip.status, 404, "{}", slip.text);
    let wrong = api
        .call(Method::DELETE, &partner.path("customers"), None)
        .await;
    assert_eq!(wrong.status, 405, "{}", wrong.text);
    assert!(wrong.headers.contains_key("allow"));
    for path in [
        "/api/v1/partners/south",
        &partner.path("requests/none"),
        &partner.path("integrations/x"),
    ] {
        let answer = api.call(Method::GET, path, None).await;
        assert_eq!(answer.status, 404, "{}", answer.text);
        assert!(answer.json["detail"].is_string(), "{}", answer.text);
    }
}

#[tokio::test]
async fn settings_and_mappings_that_cannot_work_are_refused_whole() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let before = partner.get_here("settings/tickets").await["values"].clone();
    let with = |key: &str, value: Value| {
        let mut values = before.clone();
        values[key] = value;
        json!({ "on": true, "values": values })
    };
    let old_status = partner
        .autotask
        .picklist_value("Tickets", "status", "Dispatched (old)");
    for (key, value) in [
        ("closing_status", before["initial_status"].clone()),
        ("initial_status", json!(old_status)),
        ("queue", json!(999_999)),
        ("queue", Value::Null),
        ("due_in", json!("soon")),
        ("queu", json!(1)),
    ] {
        let body = with(key, value);
        let path = partner.here("settings/tickets");
        let answer = partner.api.call(Method::PUT, &path, Some(&body)).await;
        says(&answer.problem(422, "invalid"), &[key]);
    }
    assert_eq!(partner.get_here("settings/tickets").await["values"], before);

    let company = partner.autotask.companies()[1].id;
    let body = json!({ "mappings": [
        { "customer": "stray", "company": company },
        { "customer": "alpha", "company": 999_999 },
    ] });
    let path = partner.here("mappings/companies");
    let answer = partner.api.call(Method::PUT, &path, Some(&body)).await;
    says(&answer.problem(422, "invalid"), &["999999"]);
    let lines = partner.get_here("mappings/companies").await;
    let mut lines = lines["mappings"].as_array().into_iter().flatten();
    let stray = lines
        .find(|line| line["customer"]["id"] == "stray")
        .expect("a line");
    assert!(stray["company"].is_null(), "half of it was saved: {stray}");

    let body = json!({ "every": { "poll_tickets": "often" } });
    let answer = partner
        .api
        .call(Method::PUT, &partner.here("schedule"), Some(&body))
        .await;
    says(&answer.problem(422, "invalid"), &["poll_tickets"]);
}

#[tokio::test]
async fn a_store_is_not_opened_twice() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let second = Serve {
        config: stage.serve.config.clone(),
        ..Serve::from_folder(&stage.serve.data)
    };
    let text = refusal(&second.fail().await, 4);
    says(&text, &[&stage.serve.data.display().to_string()]);
    partner.send("r-1", "alpha").await;
    partner.wait_state("r-1", "ticketed").await;
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let stage = Stage::start().await;
    let other = Serve {
        port: stage.serve.port,
        ..Serve::from_folder(&stage.folder().join("other"))
    };
    let text = refusal(&other.fail().await, 5);
    says(&text, &[&stage.serve.port.to_string(), "--listen"]);
}

#[tokio::test]
async fn a_folder_that_cannot_hold_the_state_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").expect("a file");
    let text = refusal(&Serve::from_folder(&file.join("data")).fail().await, 4);
    says(&text, &["file/data"]);
    assert_eq!(fs::read_to_string(&file).expect("a file"), "not a folder");
}

#[tokio::test]
async fn a_slip_in_the_configuration_is_shown_with_its_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = folder.path().join("dovetail.yaml");
    let serve = Serve {
        config: Some(config.clone()),
        ..Serve::from_folder(&folder.path().join("data"))
    };
    let text = refusal(&serve.fail().await, 3);
    says(&text, &["dovetail.yaml"]);
    for (slip, parts) in [
        (
            "data: here\nlisen: 127.0.0.1:1\n",
            ["dovetail.yaml:2", "lisen", "listen"],
        ),
        ("grace: 5\n", ["dovetail.yaml:1", "grace", "5"]),
        ("workers: [\n", ["dovetail.yaml", "", ""]),
        (
            "vendor: { autotask: { integration_cod: s3cret-value } }\n",
            ["integration_cod", "", ""],
        ),
    ] {
        fs::write(&config, slip).expect("a file");
        let text = refusal(&serve.fail().await, 3);
        says(&text, &parts);
        assert!(!text.contains("s3cret-value"), "a secret is shown: {text}");
    }
    let text = run(&["serve", "--dta", "x"]).await;
    assert_eq!(text.code, Some(2));
    says(&text.stderr, &["--dta", "--data"]);
}

#[tokio::test]
async fn a_broken_connector_does_not_stop_the_good_ones() {
    let stage = Stage::start_with(|folder| {
        let connectors = folder.join("mine");
        copy_connector("autotask", &connectors.join("broken"), |text| {
            text.replace("connector: autotask", "connector: broken")
                .replace("post: /Tickets\n", "pots: /Tickets\n")
        });
        copy_connector("autotask", &connectors.join("fine"), |text| {
            text.replace("connector: autotask", "connector: fine")
        });
        vec!["--connectors".to_owned(), connectors.display().to_string()]
    })
    .await;
    says(&stage.output(), &["broken/connector.yaml:", "pots"]);
    let all = stage.api.get("/api/v1/connectors").await;
    let names: Vec<&Value> = all["connectors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["name"])
        .collect();
    assert!(names.contains(&&json!("autotask")), "{names:?}");
    assert!(names.contains(&&json!("fine")), "{names:?}");
    assert!(!names.contains(&&json!("broken")), "{names:?}");
    let partner = stage.partner("north").await;
    partner.send("r-1", "alpha").await;
    partner.wait_state("r-1", "ticketed").await;
}

#[tokio::test]
async fn check_says_what_is_wrong_with_a_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let broken = folder.path().join("broken");
    copy_connector("autotask", &broken, |text| {
        text.replace("connector: autotask", "connector: broken")
            .replace("$.itemId", "$.itemId[")
    });
    let path = broken.display().to_string();
    let ended = run(&["check", &path]).await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    says(&ended.stdout, &["connector.yaml:", "$.itemId[", "^"]);
    let ended = run(&["check", "--format", "json", &path]).await;
    assert_eq!(ended.code, Some(1));
    let problems: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert!(problems[0]["code"].is_string(), "{problems}");
}
