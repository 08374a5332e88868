//! The mapping, on a page without script.

use crate::world::World;

/// A world with an integration whose companies were read, and where its mapping is.
async fn read(world: &World, customers: &[&str]) -> String {
    world.customers(customers).await;
    let mut browser = world.administrator().await;
    let root = browser.connect().await;
    let path = format!("{root}/mapping");
    let first = world.psa.companies().into_iter().next().unwrap();
    let first = first.replace('&', "\\u0026");
    let companies = format!("{root}/companies");
    browser
        .see(&companies, first.split("\\u").next().unwrap())
        .await;
    path
}

#[tokio::test]
async fn the_most_similar_company_is_offered_on_green_and_taken_by_its_button() {
    let world = World::new("autotask").await;
    let company = world.psa.companies().into_iter().next().unwrap();
    let path = read(&world, &[&company, "Nobody Knows Us"]).await;
    let mut browser = world.administrator().await;
    let page = browser
        .get(&path)
        .await
        .expect(200, &["class=\"suggestion\"", "Score"]);
    let (line, offer) = (
        page.value("take").unwrap(),
        page.value("offer.c-1").unwrap(),
    );
    assert_eq!(line, "c-1");
    let fields = [
        ("line.c-1", ""),
        ("offer.c-1", offer.as_str()),
        ("take", "c-1"),
    ];
    browser.fill(&path, &fields).await.expect(303, &[]);
    let saved = browser.follow().await;
    let saved = saved.expect(
        200,
        &["Mapping saved: 1 changed.", "<strong>1</strong> of 2"],
    );
    assert_eq!(saved.value("company.c-1.id"), Some(offer));
}

#[tokio::test]
async fn a_company_is_named_by_hand_and_one_that_nobody_knows_is_refused() {
    let world = World::new("halopsa").await;
    let company = world.psa.companies().into_iter().next().unwrap();
    let path = read(&world, &["First", "Second"]).await;
    let mut browser = world.administrator().await;
    let lines = [("line.c-1", ""), ("line.c-2", "")];
    let mut fields = lines.to_vec();
    fields.extend([
        ("company.c-1", company.as_str()),
        ("company.c-2", "<i>Nobody"),
    ]);
    let refused = browser.fill(&path, &fields).await;
    let refused = refused.expect(
        422,
        &["Nothing was saved yet", "There is no company of this"],
    );
    assert_eq!(refused.value("company.c-1").as_ref(), Some(&company));
    assert_eq!(
        refused.value("company.c-2").as_deref(),
        Some("&#60;i&#62;Nobody")
    );
    let mut fields = lines.to_vec();
    fields.extend([("company.c-1", company.as_str()), ("ignore.c-2", "on")]);
    browser.fill(&path, &fields).await.expect(303, &[]);
    let saved = browser.follow().await;
    saved.expect(
        200,
        &[
            "2 changed",
            "<strong>2</strong> of 2",
            "Save Client Mapping",
        ],
    );
    let mapped = browser.get(&format!("{path}?show=mapped")).await;
    let mapped = mapped.expect(200, &["First"]);
    assert!(!mapped.text().contains("Second"), "{}", mapped.text());
}

#[tokio::test]
async fn what_a_person_did_not_touch_is_not_saved_again() {
    let world = World::new("autotask").await;
    let company = world.psa.companies().into_iter().next().unwrap();
    let path = read(&world, &[&company]).await;
    let mut browser = world.administrator().await;
    let accept = format!("{path}/accept");
    let proof = browser.get(&path).await.value("_proof").unwrap();
    let fields = [("_proof", proof.as_str()), ("score", "60")];
    browser.post(&accept, &fields).await.expect(303, &[]);
    let page = browser.follow().await;
    let page = page.expect(200, &["Suggestions accepted: 1 mapped."]);
    let names = ["company.c-1", "company.c-1.was", "company.c-1.id"];
    let values = names.map(|name| page.value(name).unwrap());
    let mut fields = vec![("line.c-1", "")];
    fields.extend(names.into_iter().zip(values.iter().map(String::as_str)));
    browser.fill(&path, &fields).await.expect(303, &[]);
    browser
        .follow()
        .await
        .expect(200, &["Mapping saved: 0 changed."]);
}

#[tokio::test]
async fn names_from_outside_are_texts_and_nothing_else() {
    let world = World::new("autotask").await;
    let hostile = "<img src=x onerror=alert(1)>\"'";
    world.psa.add_company(hostile);
    let path = read(&world, &[hostile]).await;
    let mut browser = world.administrator().await;
    let page = browser.see(&path, "class=\"suggestion\"").await;
    assert!(!page.text().contains("<img src=x"), "{}", page.text());
    assert!(page.text().contains("&#60;img src=x onerror=alert(1)&#62;"));
}

#[tokio::test]
async fn a_table_goes_out_and_comes_in_and_a_wrong_line_keeps_all_of_it_out() {
    let world = World::new("autotask").await;
    let company = world.psa.companies().into_iter().next().unwrap();
    let path = read(&world, &[&company, "=cmd()"]).await;
    let mut browser = world.administrator().await;
    let table = browser
        .get(&format!("{path}.csv"))
        .await
        .expect(200, &["customer_id,"]);
    assert!(table.text().contains("c-2,\"'=cmd()\""), "{}", table.text());
    let import = format!("{path}/import");
    let wrong = format!("customer_id;company\r\nc-1;{company}\r\nc-2;Nobody\r\nc-9;\r\n");
    let refused = browser.fill(&import, &[("table", &wrong)]).await;
    let refused = refused.expect(422, &["Nothing was saved", "Line 3: ", "Line 4: "]);
    assert!(refused.text().contains(";Nobody"), "{}", refused.text());
    let none = browser.fill(&import, &[("table", "name\n")]).await;
    none.expect(422, &["Line 1: ", "must name the columns"]);
    let right = format!("company,customer_id,ignored\n\"{company}\",c-1,\n,c-2,yes\n");
    browser
        .fill(&import, &[("table", &right)])
        .await
        .expect(303, &[]);
    browser
        .follow()
        .await
        .expect(200, &["2 changed", "<strong>2</strong> of 2"]);
    let out = browser.get(&format!("{path}.csv")).await.text();
    browser
        .fill(&import, &[("table", &out)])
        .await
        .expect(303, &[]);
    browser
        .follow()
        .await
        .expect(200, &["Import saved: 0 changed."]);
}

#[tokio::test]
async fn thousands_of_customers_are_shown_a_page_at_a_time() {
    let world = World::new("autotask").await;
    let names: Vec<String> = (0..2_000)
        .map(|number| format!("Customer {number}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let path = read(&world, &names).await;
    let mut browser = world.administrator().await;
    let page = browser
        .get(&path)
        .await
        .expect(200, &["of 2000", "Page 1 of 20"]);
    assert_eq!(page.text().matches("placeholder=\"Choose").count(), 100);
    assert!(page.body.len() < 200_000, "{} bytes", page.body.len());
    let last = browser.get(&format!("{path}?page=999")).await;
    last.expect(200, &["Page 20 of 20"]);
    let found = browser.get(&format!("{path}?q=CUSTOMER+1234")).await;
    let found = found.expect(200, &["Customer 1234"]);
    assert!(!found.text().contains("Customer 1235"));
}

#[tokio::test]
async fn ticks_are_saved_with_their_line_and_found_by_their_filter() {
    let world = World::new("autotask").await;
    let company = world.psa.companies().into_iter().next().unwrap();
    let path = read(&world, &["First", "Second"]).await;
    let mut browser = world.administrator().await;
    let ticked = "name=\"tickets.c-1\" value=\"on\" aria-label=\"Tickets\"";
    let page = browser.get(&path).await.expect(200, &[ticked]);
    let (was, second) = (page.value("line.c-1"), page.value("line.c-2"));
    assert_eq!(was.as_deref(), Some("tickets billing"));
    let (was, second) = (was.unwrap(), second.unwrap());
    // The second one is unmapped: its tick would be forgotten.
    let lines = [
        ("line.c-1", was.as_str()),
        ("company.c-1", company.as_str()),
        ("billing.c-1", "on"),
    ];
    let mut fields = lines.to_vec();
    fields.extend([("line.c-2", second.as_str()), ("tickets.c-2", "on")]);
    let refused = browser.fill(&path, &fields).await;
    refused.expect(422, &["A tick can be taken off once a company is chosen."]);
    browser.fill(&path, &lines).await.expect(303, &[]);
    browser.follow().await.expect(200, &["1 changed"]);
    let off = browser.get(&format!("{path}?show=off")).await;
    let off = off.expect(200, &["First", "Switched off"]);
    assert!(!off.text().contains("Second"), "{}", off.text());
    assert_eq!(off.value("line.c-1").as_deref(), Some("billing"));
    let table = browser.get(&format!("{path}.csv")).await.text();
    assert!(table.contains(",no,yes,"), "{table}");
    let import = format!("{path}/import");
    let wrong = "customer_id,company_id,tickets\nc-1,1,maybe\nc-2,,no\n";
    let refused = browser.fill(&import, &[("table", wrong)]).await;
    refused.expect(
        422,
        &["Line 2: A tick is yes or no", "Line 3: A tick needs"],
    );
    let right = table.replace(",no,yes,", ",yes,no,");
    browser
        .fill(&import, &[("table", &right)])
        .await
        .expect(303, &[]);
    browser.follow().await.expect(200, &["1 changed"]);
    let page = browser.get(&path).await;
    assert_eq!(page.value("line.c-1").as_deref(), Some("tickets"));
}
