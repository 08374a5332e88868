//! Ticket Integration: settings, rules, preview, the partner's own script and the test ticket.

use std::collections::BTreeMap;

use simulators::TicketSettings;

use crate::world::{Answer, Browser, World, borrowed};

/// The fields of the form that the simulated PSA's settings need, by the labels that people see.
fn settings(page: &Answer, wanted: &TicketSettings) -> Vec<(String, String)> {
    let (text, mut fields) = (page.text(), vec![("on".to_owned(), "on".to_owned())]);
    for (name, label) in &wanted.choose {
        let name = format!("values.{name}");
        let list = text
            .split(&format!("<select id=\"{name}\""))
            .nth(1)
            .unwrap();
        let list = list.split("</select>").next().unwrap();
        let options = list.split("<option value=\"").skip(1);
        let mut options = options.filter_map(|option| {
            let (value, rest) = option.split_once('"')?;
            let (_, shown) = rest.split_once('>')?;
            shown
                .starts_with(&format!("{label}<"))
                .then(|| value.to_owned())
        });
        let value = options.next();
        assert!(value.is_some(), "{label} in {list}");
        fields.push((name, value.unwrap()));
    }
    fields.push(("do".to_owned(), "save".to_owned()));
    fields
}

/// Where the ticket settings of a new integration are.
async fn page(browser: &mut Browser<'_>) -> String {
    format!("{}/settings/tickets", browser.connect().await)
}

#[tokio::test]
async fn a_person_switches_tickets_on_with_choices_read_live() {
    for name in simulators::psa_names() {
        let world = World::new(name).await;
        let mut browser = world.administrator().await;
        let path = page(&mut browser).await;
        let form = browser.get(&path).await;
        let form = form.expect(
            200,
            &[
                "<h1>Ticket Integration</h1>",
                "Save Ticket Configuration",
                "Send test ticket",
                "Ticket Title",
                "{{hostname}}",
                "New user request: ",
            ],
        );
        let fields = settings(&form, &world.psa.ticket_settings());
        browser
            .fill(&path, &borrowed(&fields))
            .await
            .expect(303, &[]);
        let saved = browser.follow().await;
        let saved = saved.expect(200, &["Configuration saved.", "Switched on."]);
        for (name, value) in &fields {
            let chosen = format!("<option value=\"{value}\" selected>");
            let is_value = name.starts_with("values.");
            assert!(!is_value || saved.text().contains(&chosen), "{name}");
        }
    }
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_said_beside_its_field_and_what_was_typed_stays() {
    let world = World::new("autotask").await;
    let mut browser = world.administrator().await;
    let path = page(&mut browser).await;
    let fields = [
        ("on", "on"),
        ("values.title", "About {{host}} <b>"),
        ("values.catch_all_company", "Nobody at all"),
        ("do", "save"),
    ];
    let refused = browser.fill(&path, &fields).await;
    let refused = refused.expect(422, &["Nothing was saved yet", "no company of this name"]);
    assert!(refused.text().contains("About {{host}} &#60;b&#62;"));
    let fields = [fields[0], fields[1], fields[3]];
    let refused = browser.fill(&path, &fields).await;
    refused.expect(
        422,
        &[
            "Default Queue is missing.",
            "“host”",
            "aria-invalid=\"true\"",
        ],
    );
    let unchanged = browser.get(&path).await;
    unchanged.expect(200, &["Switched off."]);
}

#[tokio::test]
async fn a_rule_ignores_a_report_type_and_the_preview_says_so() {
    let world = World::new("autotask").await;
    let mut browser = world.administrator().await;
    let path = page(&mut browser).await;
    let form = browser.get(&path).await;
    let mut fields = settings(&form, &world.psa.ticket_settings());
    let report_type = form
        .text()
        .split("name=\"ignore.")
        .nth(1)
        .unwrap()
        .to_owned();
    let report_type = report_type.split('"').next().unwrap().to_owned();
    fields.pop();
    let title = ("values.title".to_owned(), "Look: {{hostname}}".to_owned());
    fields.push(title);
    fields.push(("do".to_owned(), "preview".to_owned()));
    let shown = browser.fill(&path, &borrowed(&fields)).await;
    shown.expect(200, &["Look: example.com", "Switched on."]);
    browser.get(&path).await.expect(200, &["Switched off."]);
    fields.pop();
    fields.push((format!("ignore.{report_type}"), "on".to_owned()));
    fields.push(("do".to_owned(), "save".to_owned()));
    browser
        .fill(&path, &borrowed(&fields))
        .await
        .expect(303, &[]);
    browser
        .follow()
        .await
        .expect(200, &["No ticket", "this request gets no ticket"]);
}

#[tokio::test]
async fn a_script_with_a_mistake_is_shown_at_its_line_and_not_kept() {
    let world = World::new("autotask").await;
    let mut browser = world.administrator().await;
    let path = format!("{}/script", page(&mut browser).await);
    browser
        .get(&path)
        .await
        .expect(200, &["Save Script", "fn title("]);
    let wrong = "fn title(request, customer) {\n    request.</textarea>\n}\n";
    let refused = browser
        .fill(&path, &[("source", wrong), ("do", "save")])
        .await;
    let refused = refused.expect(422, &["Line 2", "Nothing was saved yet"]);
    assert!(refused.text().contains("request.&#60;/textarea&#62;"));
    let right = "fn title(request, customer) { \"From a script\" }";
    browser
        .fill(&path, &[("source", right), ("do", "save")])
        .await
        .expect(303, &[]);
    let saved = browser.follow().await;
    saved.expect(
        200,
        &["Script saved.", "<code>title</code>", "Remove Script"],
    );
    browser
        .fill(&path, &[("do", "remove")])
        .await
        .expect(303, &[]);
    browser.follow().await.expect(200, &["Script removed."]);
}

#[tokio::test]
async fn a_test_ticket_is_sent_and_told_check_by_check() {
    let world = World::new("autotask").await;
    let company = world.psa.companies().into_iter().next().unwrap();
    world.customers(&[&company]).await;
    let mut browser = world.administrator().await;
    let path = page(&mut browser).await;
    let root = path.strip_suffix("/settings/tickets").unwrap().to_owned();
    let form = browser.get(&path).await;
    let fields = settings(&form, &world.psa.ticket_settings());
    browser
        .fill(&path, &borrowed(&fields))
        .await
        .expect(303, &[]);
    let mapping = browser
        .see(&format!("{root}/mapping"), "class=\"suggestion\"")
        .await;
    let proof = mapping.value("_proof").unwrap();
    let proof = [("_proof", proof.as_str())];
    browser
        .post(&format!("{root}/mapping/accept"), &proof)
        .await
        .expect(303, &[]);
    browser
        .post(&format!("{root}/test-tickets"), &proof)
        .await
        .expect(303, &[]);
    let test = browser.shown.header("location").unwrap().to_owned();
    let told = browser.see(&test, "made, checked and closed.").await;
    assert!(told.text().contains("class=\"granted\""), "{}", told.text());
    let tickets: BTreeMap<String, bool> = world
        .psa
        .tickets()
        .into_iter()
        .map(|ticket| (ticket.id, ticket.closed))
        .collect();
    assert_eq!(tickets.into_values().collect::<Vec<_>>(), [true]);
}
