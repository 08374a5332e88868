//! Lists: envelopes, pages, caps, order, and how values show.

use serde_json::{Value, json};
use simulators::halopsa::{Config, HaloPsa, Violation};

use super::client::{Api, config};

/// A tenant with many tickets and clients.
async fn crowded() -> Api {
    Api::start_with(Config {
        generated_clients: 200,
        generated_tickets: 1_254,
        ..config()
    })
    .await
}

fn count(answer: &Value) -> u64 {
    answer["record_count"].as_u64().unwrap()
}

#[tokio::test]
async fn pages_exist_only_when_they_are_asked_for_by_the_misspelt_name() {
    let api = crowded().await;
    let first = api.get("/Tickets?order=id").await.json();
    let second = api
        .get("/Tickets?order=id&page_size=10&page_no=2")
        .await
        .json();
    assert_eq!(first["tickets"], second["tickets"]);
    assert_eq!(first["tickets"].as_array().unwrap().len(), 50);
    assert_eq!(count(&first), 1_254);
    assert!(first.get("page_no").is_none());
    assert_eq!(api.halo.violations(), [Violation::PageWithoutPageinate]);
}

#[tokio::test]
async fn a_page_of_tickets_is_cut_at_a_hundred_without_a_word() {
    let api = crowded().await;
    let page =
        |number: u32| format!("/Tickets?pageinate=true&page_size=1000&page_no={number}&order=id");
    let mut seen = Vec::new();
    for number in 1..=13 {
        let answer = api.get(&page(number)).await.json();
        assert_eq!(count(&answer), 1_254);
        assert_eq!(answer["page_size"], 100);
        let rows = answer["tickets"].as_array().cloned().unwrap();
        seen.extend(rows.iter().map(|row| row["id"].as_i64().unwrap()));
    }
    assert_eq!(seen.len(), 1_254);
    assert!(seen.is_sorted());
    assert_eq!(api.rows(&page(14), "tickets").await, Vec::<Value>::new());
    assert!(api.halo.violations().contains(&Violation::OversizedPage));
}

#[tokio::test]
async fn other_lists_give_larger_pages_and_count_limits_what_is_not_paged() {
    let api = crowded().await;
    let path = "/Client?pageinate=true&page_size=500&page_no=1";
    assert_eq!(api.rows(path, "clients").await.len(), 212);
    assert_eq!(api.rows("/Client?count=120", "clients").await.len(), 120);
    assert_eq!(
        api.rows("/Tickets?count=2000", "tickets").await.len(),
        1_000
    );
    assert_eq!(api.halo.violations(), []);
}

#[tokio::test]
async fn the_set_up_comes_in_bare_arrays() {
    let api = Api::start().await;
    for path in [
        "/Agent",
        "/Team",
        "/Status",
        "/TicketType",
        "/Priority",
        "/Outcome",
        "/FieldInfo",
        "/Webhook",
        "/Notification",
    ] {
        assert!(api.get(path).await.json().is_array(), "{path}");
    }
    let sites = api.get("/Site").await.json();
    assert!(sites["sites"].is_array());
    assert!(
        api.get("/users").await.json()["users"].is_array(),
        "any case"
    );
}

#[tokio::test]
async fn ids_of_sites_and_clients_show_as_doubles_where_the_api_has_them_so() {
    let api = Api::start().await;
    let site = api.site();
    let text = api.get(&format!("/Users?site_id={site}")).await.text;
    assert!(text.contains(&format!("\"site_id\":{site}.0,")), "{text}");
    assert!(text.contains(&format!("\"site_id_int\":{site},")), "{text}");
    let text = api.get(&format!("/Site/{site}")).await.text;
    assert!(
        text.contains(&format!("\"client_id\":{}.0,", api.client())),
        "{text}"
    );
}

#[tokio::test]
async fn no_date_is_a_date() {
    let api = Api::start().await;
    let ticket = api.open_ticket().await;
    let shown = api.get(&format!("/Tickets/{ticket}")).await.json();
    assert_eq!(shown["dateclosed"], "1900-01-01T00:00:00");
    assert_eq!(
        shown["dateoccurred"], "2026-05-27T10:30:00.250",
        "UTC without a zone"
    );
    let odd = Api::start_with_quirks(|quirks| {
        quirks.no_date = "1899-12-30T00:00:00".to_owned();
        quirks.zone_suffix = "Z".to_owned();
    });
    let odd = odd.await;
    let ticket = odd.open_ticket().await;
    let shown = odd.get(&format!("/Tickets/{ticket}")).await.json();
    assert_eq!(shown["dateclosed"], "1899-12-30T00:00:00Z");
}

#[tokio::test]
async fn rows_of_tickets_carry_names_only_when_they_are_asked_for() {
    let api = Api::start().await;
    api.open_ticket().await;
    let row = api.rows("/Tickets", "tickets").await.remove(0);
    for absent in [
        "status_name",
        "agent_name",
        "tickettype_name",
        "datecreated",
        "details_html",
    ] {
        assert!(row.get(absent).is_none(), "{absent}");
    }
    let path = "/Tickets?includestatus=true&includeagent=true&includetickettype=true";
    let row = api.rows(path, "tickets").await.remove(0);
    assert_eq!(row["status_name"], "New");
    assert_eq!(row["agent_name"], "Unassigned");
    assert_eq!(row["tickettype_name"], "Service Request");
    let row = api
        .rows("/Tickets?ticketidonly=true", "tickets")
        .await
        .remove(0);
    assert!(row.get("summary").is_none());
}

#[tokio::test]
async fn tickets_are_filtered_as_the_parameters_say() {
    let api = Api::start().await;
    let (open, closed) = (api.open_ticket().await, api.open_ticket().await);
    api.write("/Tickets", json!({ "id": closed, "status_id": 9 }))
        .await;
    let ids = async |query: &str| {
        let rows = api
            .rows(&format!("/Tickets?order=id&{query}"), "tickets")
            .await;
        rows.iter()
            .map(|row| row["id"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    let client = api.client();
    assert_eq!(ids("open_only=true").await, [open]);
    assert_eq!(ids("closed_only=true").await, [closed]);
    assert_eq!(ids("status_id=9").await, [closed]);
    assert_eq!(ids("status=1,2").await, [open]);
    assert_eq!(ids(&format!("client_id={client}")).await, [open, closed]);
    assert_eq!(ids("client_id=1").await, [] as [i64; 0]);
    assert_eq!(
        ids(&format!("requesttype_id={}", api.ticket_type())).await,
        [open, closed]
    );
    assert_eq!(
        ids("tickettype_id=1").await,
        [open, closed],
        "no parameter of that name"
    );
    assert_eq!(ids("search_summary=blocked").await, [open, closed]);
    assert_eq!(ids("search_summary=missing").await, [] as [i64; 0]);
    assert_eq!(ids(&format!("search={closed}")).await, [closed]);
    assert_eq!(ids(&format!("ticketids={open}")).await, [open]);
    assert_eq!(
        ids("lastupdatefromdate=2026-05-27T10:30:00").await,
        [open, closed]
    );
    assert_eq!(ids("lastupdatefromdate=2026-05-28").await, [] as [i64; 0]);
    assert_eq!(
        ids("datesearch=dateclosed&startdate=2026-05-27").await,
        [closed]
    );
}

#[tokio::test]
async fn agents_and_users_that_are_special_come_when_they_are_asked_for() {
    let api = Api::start().await;
    let names = async |path: &str| {
        let rows = api.bare_rows(path).await;
        rows.iter()
            .map(|row| row["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let usual = names("/Agent").await;
    assert_eq!(usual, ["Dana Whitfield", "Priya Raman", "Tomás Ibarra"]);
    assert!(
        names("/Agent?includeunassigned=true")
            .await
            .contains(&"Unassigned".to_owned())
    );
    assert!(
        names("/Agent?includedisabled=true")
            .await
            .contains(&"Greg Holloway".to_owned())
    );
    let site = api.site();
    let users = api.rows(&format!("/Users?site_id={site}"), "users").await;
    let general = |user: &&Value| user["name"] == "General User";
    assert_eq!(users.iter().filter(general).count(), 1);
    assert!(
        users[0].get("isgeneraluser").is_none(),
        "told by its name alone"
    );
    let path = format!("/Users?site_id={site}&exclude_generaluser=true");
    assert_eq!(api.rows(&path, "users").await.len(), users.len() - 1);
}

#[tokio::test]
async fn priorities_have_an_id_of_their_own_and_a_number_under_their_sla() {
    let api = Api::start().await;
    let rows = api.bare_rows("/Priority?slaid=2").await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["id"].as_str().unwrap().len(), 36);
    assert_eq!(rows[0]["priorityid"], 1);
    assert_eq!(api.bare_rows("/Priority").await.len(), 6);
}

#[tokio::test]
async fn inactive_clients_come_when_they_are_asked_for() {
    let api = Api::start().await;
    let usual = api.rows("/Client", "clients").await;
    let all = api.rows("/Client?includeinactive=true", "clients").await;
    assert_eq!(all.len(), usual.len() + 1);
    assert!(usual[0].get("website").is_none(), "only by itself");
    let id = &usual[1]["id"];
    let client = api.get(&format!("/Client/{id}")).await.json();
    assert_eq!(client["website"], "https://www.acme-industries.example");
    assert_eq!(client["main_site_name"], "Main");
}

#[tokio::test]
async fn only_a_directory_id_can_be_searched_for_by_condition() {
    let api = Api::start().await;
    let path =
        r#"/Users?advanced_search=[{"filter_name":"shoe","filter_type":2,"filter_value":"9"}]"#;
    let answer = api.get(path).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json()["Message"],
        "Invalid advanced search parameter"
    );
}

#[test]
fn the_same_seed_makes_the_same_tenant() {
    let records = |seed: u64| {
        let halo = HaloPsa::new(Config { seed, ..config() });
        ["Client", "Priority", "RecurringInvoice"].map(|entity| halo.records(entity))
    };
    assert_eq!(records(3), records(3));
    assert_ne!(records(3), records(4));
}

#[tokio::test]
async fn a_list_can_give_smaller_pages_than_asked_for_and_promise_more_than_there_is() {
    let api = Api::start_with_quirks(|quirks| {
        quirks.page_rows_max = Some(5);
        quirks.overcount = 2;
    });
    let api = api.await;
    let page = api.get("/Client?pageinate=true&page_size=100").await.json();
    assert_eq!(page["clients"].as_array().unwrap().len(), 5);
    assert_eq!(page["record_count"], 14);
}
