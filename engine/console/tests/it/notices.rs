//! Where notices go: shown to all, set by operators, tried out by whoever may change things.

use access::Scope;
use model::{PartnerId, Secret};
use runtime::{NewPartner, NewWebhook};
use simulators::product::{Config, Product};

use crate::world::{PARTNER, World};

fn path() -> String {
    format!("/partners/{PARTNER}/notices")
}

#[tokio::test]
async fn an_operator_sets_the_address_and_an_administrator_sees_whether_notices_are_taken() {
    let world = World::new("autotask").await;
    let mut administrator = world.administrator().await;
    let page = administrator.get(&path()).await;
    let page = page.expect(200, &["Notices go nowhere", "The last ", "7 days"]);
    assert!(!page.text().contains("Save Address"), "{}", page.text());
    let set = [("do", "address"), ("address", "https://mine.example")];
    administrator.fill(&path(), &set).await.expect(403, &[]);

    let mut operator = world.browser(Scope::Operator).await;
    let wrong = operator
        .fill(&path(), &[("do", "address"), ("address", "mine")])
        .await;
    wrong.expect(
        422,
        &["A webhook address starts with https://", "value=\"mine\""],
    );
    // Nobody listens there.
    let gone = [("do", "address"), ("address", "http://127.0.0.1:9")];
    let saved = operator.fill(&path(), &gone).await;
    saved.expect(200, &["whsec_", "shown this once"]);
    let shown = administrator
        .get(&path())
        .await
        .expect(200, &["http://127.0.0.1:9"]);
    assert!(!shown.text().contains("whsec_"), "{}", shown.text());
    let refused = administrator.fill(&path(), &[("do", "test")]).await;
    refused.expect(422, &["The product does not take notice.test"]);

    let product = Product::new(Config::default());
    let free = std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 0));
    let running = product.serve(free).await.unwrap();
    let partner = NewPartner {
        id: PartnerId::new(PARTNER).unwrap(),
        name: "Northwind & Co".to_owned(),
        webhook: Some(NewWebhook {
            url: format!("{}/webhooks", running.url),
            secret: Some(Secret::new(product.secret())),
        }),
    };
    world.runtime.put_partner(partner).await.unwrap();
    administrator.fill(&path(), &[("do", "test")]).await;
    let taken = administrator.follow().await;
    taken.expect(200, &["The test notice was taken.", "/webhooks"]);
    assert_eq!(product.received_of("notice.test").len(), 1);
}
