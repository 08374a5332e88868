//! Clients, sites and users: what comes with a new one.

use serde_json::json;

use super::client::Api;

#[tokio::test]
async fn a_new_client_has_a_site_and_that_site_a_general_user() {
    let api = Api::start().await;
    let fields = json!({ "name": "Contoso Ltd", "newclient_sitename": "Head Office",
        "newclient_contactname": "Jane Doe", "newclient_contactemail": "jane@contoso.example" });
    let client = api.write("/Client", fields).await;
    assert_eq!(client["main_site_name"], "Head Office");
    let path = format!("/Users?client_id={}", client["id"]);
    let users = api.rows(&path, "users").await;
    let names: Vec<_> = users
        .iter()
        .map(|user| user["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["General User", "Jane Doe"]);
    let ticket = json!({ "summary": "x", "client_id": client["id"] });
    assert_eq!(
        api.write("/Tickets", ticket).await["site_name"],
        "Head Office"
    );
    let fields = json!({ "name": "Fourth Coffee", "newclient_contactname": "Jim Roe" });
    let client = api.write("/Client", fields).await;
    let path = format!("/Users?client_id={}&exclude_generaluser=true", client["id"]);
    assert_eq!(api.rows(&path, "users").await.len(), 1);
    api.refused("/Client", json!({ "ref": "x" })).await;
}

#[tokio::test]
async fn a_new_site_has_a_general_user_too() {
    let api = Api::start().await;
    let fields = json!({ "name": "Annex", "client_id": api.client() });
    let site = api.write("/Site", fields).await;
    assert_eq!(site["clientsite_name"], "Acme Industries, Inc./Annex");
    let ticket = json!({ "summary": "x", "site_id": site["id"] });
    assert_eq!(
        api.write("/Tickets", ticket).await["client_id"],
        api.client()
    );
    api.refused("/Site", json!({ "name": "Nowhere" })).await;
}

#[tokio::test]
async fn a_user_belongs_to_a_site() {
    let api = Api::start().await;
    let fields = json!({ "firstname": "Ana", "surname": "Silva", "site_id": api.site(),
        "emailaddress": "ana@acme.example" });
    let user = api.write("/Users", fields).await;
    assert_eq!(user["name"], "Ana Silva");
    assert_eq!(user["client_id"], api.client());
    api.refused("/Users", json!({ "name": "Nobody" })).await;
}

#[tokio::test]
async fn a_general_user_can_be_made_over_the_api() {
    let api = Api::start().await;
    api.halo.remove_general_user(api.site());
    api.refused("/Tickets", api.ticket()).await;
    api.write(
        "/Users",
        json!({ "name": "General User", "site_id": api.site() }),
    )
    .await;
    api.open_ticket().await;
}

#[tokio::test]
async fn people_are_found_by_their_address() {
    let api = Api::start().await;
    let path = "/Users?search=morgan.ellis@acme-industries.example";
    let users = api.rows(path, "users").await;
    assert_eq!(users.len(), 1);
    assert_eq!(users[0]["site_id_int"], api.site());
}
