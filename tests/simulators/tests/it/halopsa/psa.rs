//! The simulated HaloPSA in the shape of every PSA, as a demo uses it.

use std::net::{Ipv4Addr, SocketAddr};

use simulators::psa::{psa, serve_by_name};
use simulators::{names, psa_names};

use super::client::Api;

#[tokio::test]
async fn it_is_served_by_its_name_with_a_guide() {
    assert!(psa_names().contains(&"halopsa") && names().contains(&"halopsa"));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let (running, guide) = serve_by_name("halopsa", 3, address).await.unwrap().unwrap();
    let guide = guide.join("\n");
    assert!(
        guide.contains(&format!("authorization_url: \"{}/auth\"", running.url)),
        "{guide}"
    );
    assert!(!guide.contains("vendor"), "{guide}");
}

#[tokio::test]
async fn labels_to_choose_exist_and_tickets_show_as_people_see_them() {
    let api = Api::start().await;
    let psa: &dyn simulators::Psa = &api.halo;
    let settings = psa.ticket_settings();
    for (setting, label) in &settings.choose {
        let entity = match *setting {
            "agent" => "Agent",
            "team" => "Team",
            "priority" => "Priority",
            _ => "Status",
        };
        assert!(
            api.halo.id_of(entity, label).is_some(),
            "{setting}: {label}"
        );
    }
    assert!(!psa.has_mark());
    let name = serde_json::json!({ "name": "DefensX Ticket" });
    let kind = api.write("/TicketType", name).await["id"].clone();
    assert!(psa.has_mark());
    let mut ticket = api.ticket_with("tickettype_id", kind);
    ticket["third_party_id_string"] = serde_json::json!("R-1");
    ticket["team"] = serde_json::json!(settings.queue);
    api.write("/Tickets", ticket).await;
    let shown = psa.tickets().remove(0);
    assert_eq!(shown.reference, "R-1");
    assert_eq!(shown.company, "Acme Industries, Inc.");
    assert_eq!(
        (shown.queue.as_str(), shown.status.as_str()),
        ("Security", "New")
    );
    assert!(shown.marked && !shown.closed);
    psa.close_ticket("R-1").unwrap();
    assert!(psa.tickets()[0].closed);
    assert!(psa.close_ticket("R-2").is_err());
    assert_eq!(psa.creation_calls(), [201]);
    assert_eq!(psa.violations(), Vec::<String>::new());
}

#[test]
fn its_companies_are_those_of_the_other_simulated_psas() {
    let companies = |name| {
        let mut companies = psa(name, 1).unwrap().companies();
        companies.retain(|company| company.as_str() != "Northwind Managed Services");
        companies
    };
    assert_eq!(companies("halopsa"), companies("autotask"));
}
