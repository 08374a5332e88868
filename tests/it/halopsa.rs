//! A partner with HaloPSA: pages that are capped, a site without a general user, tokens that end,
//! and its webhook in every form.

use std::path::Path;

use harness::{Api, Msp, SOON, Stage, copy_connector, wait};
use serde_json::{Value, json};
use simulators::halopsa::{Config, HaloPsa, Quirks};
use simulators::{Psa as _, Running};

/// The partner's path.
const PARTNER: &str = "/api/v1/partners/halo";

/// A program with one partner, whose PSA is a simulated HaloPSA.
struct World {
    _stage: Stage,
    halo: HaloPsa,
    _running: Running,
    api: Api,
    integration: String,
    /// The clients by the customers that are mapped to them.
    clients: [i64; 2],
}

impl World {
    /// With the customers `alpha` and `beta`, everything set up.
    async fn start() -> Self {
        Self::start_with(|_| Vec::new()).await
    }

    /// One whose program tries again after a second what the shipped connector tries after five
    /// minutes.
    async fn quick() -> Self {
        Self::start_with(|folder| {
            let connectors = folder.join("connectors");
            copy_connector("halopsa", &connectors.join("halopsa"), |text| {
                text.replace("recheck: 5m", "recheck: 1s")
            });
            vec!["--connectors".to_owned(), connectors.display().to_string()]
        })
        .await
    }

    async fn start_with(more: impl FnOnce(&Path) -> Vec<String>) -> Self {
        let halo = HaloPsa::new(Config::default());
        let running = halo.serve(([127, 0, 0, 1], 0).into()).await;
        let running = running.expect("the simulator should start");
        let trust = running.url.clone();
        let stage = Stage::start_with(|folder| {
            let trusted = ["--trust".to_owned(), trust];
            trusted.into_iter().chain(more(folder)).collect()
        })
        .await;
        let clients = ["alpha", "beta"].map(|name| halo.add_client(name));
        let api = stage.api.clone();
        api.put(PARTNER, json!({ "name": "Halo" })).await;
        let customers = ["alpha", "beta"].map(|name| json!({ "id": name, "name": name }));
        let path = format!("{PARTNER}/customers");
        api.put(&path, json!({ "customers": customers })).await;
        let credentials = simulators::Psa::credentials(&halo, &running.url);
        let new = json!({ "connector": "halopsa", "credentials": credentials });
        let made = api.post(&format!("{PARTNER}/integrations"), new).await;
        let integration = made["id"].as_str().expect("an id").to_owned();
        let world = Self {
            _stage: stage,
            halo,
            _running: running,
            api,
            integration,
            clients,
        };
        world.configure().await;
        world
    }

    async fn configure(&self) {
        let [alpha, beta] = self.clients;
        let mapped = json!({ "mappings": [
            { "customer": "alpha", "company": alpha },
            { "customer": "beta", "company": beta },
        ]});
        self.until("the companies are read", async || {
            let read = self.here("companies?limit=1000").await;
            let companies = read["companies"].as_array()?;
            let ids = companies.iter().map(|one| &one["id"]);
            ids.filter(|id| [alpha, beta].iter().any(|one| **id == json!(one)))
                .nth(1)
                .map(drop)
        })
        .await;
        self.api.put(&self.path("mappings/companies"), mapped).await;
        let mut values = json!({});
        for (setting, list, label) in [
            ("agent", "agents", "Unassigned"),
            ("team", "teams", "Security"),
            ("initial_status", "statuses", "New"),
            ("closing_status", "statuses", "Closed"),
        ] {
            values[setting] = self.choice(list, label).await;
        }
        let settings = json!({ "on": true, "values": values });
        self.api.put(&self.path("settings/tickets"), settings).await;
        self.until("the ticket type is made", async || {
            self.halo.has_mark().then_some(())
        })
        .await;
    }

    fn path(&self, rest: &str) -> String {
        format!("{PARTNER}/integrations/{}/{rest}", self.integration)
    }

    async fn here(&self, rest: &str) -> Value {
        self.api.get(&self.path(rest)).await
    }

    async fn choice(&self, list: &str, label: &str) -> Value {
        let offered = self.here(&format!("choices/{list}")).await;
        let choices = offered["choices"].as_array().expect("choices");
        let found = choices.iter().find(|one| one["label"] == label);
        found.unwrap_or_else(|| panic!("{label} is not in {offered}"))["value"].clone()
    }

    /// Waits for a condition, with what there was when it never came.
    async fn until<T>(&self, what: &str, condition: impl AsyncFnMut() -> Option<T>) -> T {
        let found = wait(SOON, condition).await;
        let Some(found) = found else {
            let issues = self.api.get(&format!("{PARTNER}/issues")).await;
            let ledger = self.api.get(&format!("{PARTNER}/ledger")).await;
            panic!("{what} did not happen; {ledger} {issues}");
        };
        found
    }

    async fn send(&self, id: &str, customer: &str) {
        let request = json!({ "id": id, "customer_id": customer, "report_type": "url_block" });
        self.api.post(&format!("{PARTNER}/requests"), request).await;
    }

    async fn is(&self, id: &str, state: &str) {
        let path = format!("{PARTNER}/requests/{id}");
        self.until(&format!("{id} {state}"), async || {
            (self.api.get(&path).await["state"] == state).then_some(())
        })
        .await;
    }

    /// How many requests are in a state.
    async fn count(&self, state: &str) -> u64 {
        let ledger = self.api.get(&format!("{PARTNER}/ledger")).await;
        ledger["states"][state].as_u64().unwrap_or(0)
    }

    fn misuse(&self) -> Vec<String> {
        self.halo
            .violations()
            .iter()
            .map(|one| format!("{one:?}"))
            .collect()
    }
}

#[tokio::test]
async fn a_site_without_a_general_user_holds_up_its_own_requests_and_no_others() {
    let world = World::quick().await;
    let [_, beta] = world.clients;
    let site = world.halo.record("Client", beta).expect("a client")["main_site_id"].clone();
    let site = site.as_i64().expect("a main site");
    assert!(world.halo.remove_general_user(site), "{site}");
    for number in 0..50 {
        let customer = if number % 5 == 0 { "beta" } else { "alpha" };
        world.send(&format!("r-{number}"), customer).await;
    }
    world
        .until(
            "forty tickets, and ten requests behind an issue",
            async || {
                let (ticketed, failed) =
                    (world.count("ticketed").await, world.count("failed").await);
                (ticketed == 40 && failed == 10).then_some(())
            },
        )
        .await;
    assert_eq!(world.halo.tickets().len(), 40);
    let issues = world.api.get(&format!("{PARTNER}/issues")).await;
    let open = issues["issues"].as_array().expect("issues");
    assert_eq!(open.len(), 1, "{issues}");
    assert_eq!(open[0]["behind"], 10, "{issues}");
    let remedy = open[0]["remedy"].as_str().expect("a remedy");
    assert!(remedy.contains("'general user'"), "{remedy}");
    assert!(world.halo.add_general_user(site));
    world
        .until("fifty tickets", async || {
            (world.count("ticketed").await == 50).then_some(())
        })
        .await;
    let mut references: Vec<String> = world
        .halo
        .tickets()
        .into_iter()
        .map(|one| one.reference)
        .collect();
    references.sort();
    references.dedup();
    assert_eq!((references.len(), world.halo.tickets().len()), (50, 50));
    assert_eq!(world.misuse(), Vec::<String>::new());
}

#[tokio::test]
async fn every_ticket_of_a_list_in_capped_pages_is_seen() {
    let world = World::start().await;
    let kind = world
        .halo
        .id_of("TicketType", "DefensX Ticket")
        .expect("our type");
    let [alpha, _] = world.clients;
    for number in 0..1_254 {
        let ticket = json!({
            "summary": format!("Ticket {number}"),
            "tickettype_id": kind,
            "client_id": alpha,
            "third_party_id_string": format!("other-{number}"),
        });
        world.halo.create("Tickets", ticket).expect("a ticket");
    }
    let sync = world.path("sync");
    world
        .api
        .post(&sync, json!({ "pipeline": "poll_tickets" }))
        .await;
    let verdict = world
        .until("all tickets are read", async || {
            let runs = world.here("runs").await;
            let runs = runs["runs"].as_array().cloned().unwrap_or_default();
            let verdicts = runs.iter().map(|run| run["verdicts"][0].clone());
            verdicts
                .into_iter()
                .find(|verdict| verdict["records"] == 1_254)
        })
        .await;
    assert_eq!(verdict["promised"], 1_254, "{verdict}");
    assert_eq!(verdict["complete"], true, "{verdict}");
    assert_eq!(world.misuse(), Vec::<String>::new());
}

#[tokio::test]
async fn a_token_that_ended_is_renewed_and_a_close_comes_by_webhook_with_its_password() {
    let world = World::start().await;
    world.send("r-1", "alpha").await;
    world.is("r-1", "ticketed").await;
    world.halo.expire_tokens();
    world.send("r-2", "beta").await;
    world.is("r-2", "ticketed").await;
    let basic = json!({ "username": "halo", "password": "made-up" });
    world.api.put(&world.path("callout"), basic).await;
    let integration = world.api.get(world.path("").trim_end_matches('/')).await;
    let url = integration["callout"]["url"].as_str();
    let path = url.and_then(|url| url.find("/callouts/").map(|at| &url[at..]));
    let url = format!("{}{}", world.api.base(), path.expect("an address"));
    world
        .halo
        .set_webhook(&url, Some(("halo", "made-up")))
        .expect("a webhook");
    for id in ["r-1", "r-2"] {
        world.halo.close_ticket(id).expect("a ticket");
        world.is(id, "closed").await;
    }
    let deliveries = world.halo.deliveries();
    let accepted = deliveries.iter().filter(|one| one.accepted()).count();
    assert_eq!(accepted, deliveries.len(), "{deliveries:?}");
    assert_eq!(world.misuse(), Vec::<String>::new());
}

#[tokio::test]
async fn a_request_before_the_ticket_type_waits_and_goes_on_by_itself() {
    let msp = Msp::with("halopsa").await;
    let halo = msp.halo.clone().expect("a tenant");
    let type_id = halo.id_of("TicketType", "DefensX Ticket").expect("a type");
    halo.rename("TicketType", type_id, "Something else");
    // What is known of the ticket type is used again for ten minutes by a program that runs.
    let mut msp = msp;
    msp.go_public().await;
    msp.send("r-1", "alpha").await;
    msp.until("the request says what it waits for", async || {
        let request = msp.request("r-1").await;
        request["history"]
            .to_string()
            .contains("ticket type")
            .then_some(())
    })
    .await;
    assert_eq!(msp.request("r-1").await["state"], "waiting");
    assert_eq!(msp.issues().await, Vec::<Value>::new());
    msp.run(0, "provision").await;
    msp.is("r-1", "ticketed").await;
    assert_eq!(msp.tickets("r-1").len(), 1);
}

#[tokio::test]
async fn what_is_done_with_a_warning_says_so_in_the_history() {
    let msp = Msp::with("halopsa").await;
    let halo = msp.halo.clone().expect("a tenant");
    halo.set_quirks(Quirks {
        warning: Some("The team was changed by a rule.".to_owned()),
        ..Quirks::default()
    });
    msp.send("r-1", "alpha").await;
    let request = msp.is("r-1", "ticketed").await;
    let history = request["history"].to_string();
    assert!(
        history.contains("HaloPSA: The team was changed by a rule."),
        "{history}"
    );
}
