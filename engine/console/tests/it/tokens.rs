//! Tokens, as people make and revoke them.

use access::{Claims, Scope};
use exchange::{Clock as _, SystemClock};
use model::PartnerId;

use crate::world::{PARTNER, World};

fn verified(world: &World, token: &str) -> Claims {
    world.keys.verify(token, SystemClock.now()).unwrap()
}

/// The token on the page that says that it was made.
fn shown(page: &str) -> String {
    let at = page.find("dvt_").expect("a token");
    page[at..].split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_administrator_makes_a_token_that_is_shown_once_and_revokes_it() {
    let world = World::new("autotask").await;
    let mut browser = world.administrator().await;
    let path = format!("/partners/{PARTNER}/tokens");
    let page = browser.get(&path).await;
    page.expect(200, &["No token yet", "Make Token", "90 days"]);
    let refused = browser.fill(&path, &[("do", "make"), ("name", " ")]).await;
    refused.expect(422, &["A name has 1 to 100 characters."]);
    let hostile = "<b>nightly";
    let fields = [
        ("do", "make"),
        ("name", hostile),
        ("role", "reader"),
        ("expires", "30d"),
    ];
    let made = browser.fill(&path, &fields).await;
    let made = made.expect(
        200,
        &["Here is the new token.", "&#60;b&#62;nightly", "Read only"],
    );
    let token = shown(&made.text());
    let claims = verified(&world, &token);
    let partner = PartnerId::new(PARTNER).unwrap();
    assert_eq!(claims.scope, Scope::Reader(partner.clone()));
    let id = claims.id.unwrap();
    let used = world.runtime.use_token(Some(&partner), &id).await.unwrap();
    assert_eq!(used.unwrap().entered.by, "Administrator in the console");
    let page = browser.get(&path).await.expect(200, &["Revoke"]);
    assert!(!page.text().contains("dvt_"), "{}", page.text());
    browser
        .fill(&path, &[("do", "revoke"), ("token", &id)])
        .await;
    browser
        .follow()
        .await
        .expect(200, &["Revoked.", "No token yet"]);
    let used = world.runtime.use_token(Some(&partner), &id).await.unwrap();
    assert_eq!(used, None);
}

#[tokio::test]
async fn operators_have_tokens_of_their_own_and_readers_make_none() {
    let world = World::new("autotask").await;
    let mut operator = world.browser(Scope::Operator).await;
    let made = operator
        .fill("/tokens", &[("do", "make"), ("name", "deploy")])
        .await;
    let token = shown(&made.expect(200, &["It may do everything"]).text());
    assert_eq!(verified(&world, &token).scope, Scope::Operator);
    let mut administrator = world.administrator().await;
    administrator.get("/tokens").await.expect(403, &[]);
    let partner = PartnerId::new(PARTNER).unwrap();
    let mut reader = world.browser(Scope::Reader(partner)).await;
    let page = reader.get(&format!("/partners/{PARTNER}/tokens")).await;
    let page = page.expect(200, &["No token yet"]);
    assert!(!page.text().contains("Make Token"), "{}", page.text());
}
