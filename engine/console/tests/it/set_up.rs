//! Integrations and Create, with both simulated PSAs: the pages come from the definitions.

use crate::world::{PARTNER, World, borrowed, credential_fields};

fn integrations() -> String {
    format!("/partners/{PARTNER}/integrations")
}

#[tokio::test]
async fn a_person_tests_a_connection_and_then_creates_the_integration() {
    for name in simulators::psa_names() {
        let world = World::new(name).await;
        let mut browser = world.administrator().await;
        let list = browser.get(&integrations()).await;
        list.expect(200, &[">ADD<", &format!("/integrations/new/{name}")]);
        let path = format!("{}/new/{name}", integrations());
        let form = browser.get(&path).await;
        let form = form.expect(
            200,
            &[
                "Test Connection",
                "Create Integration",
                "First, in ",
                "Navigate to ",
            ],
        );
        assert!(
            form.text().contains("data-needs-test disabled"),
            "{}",
            form.text()
        );
        let credentials = world.psa.credentials(&world.psa_url);
        let mut fields = credential_fields(&credentials);
        fields.push(("do".to_owned(), "test".to_owned()));
        let tested = browser.fill(&path, &borrowed(&fields)).await;
        let tested = tested.expect(200, &["Connection successful", "granted"]);
        assert!(!tested.text().contains("data-needs-test disabled"));
        for (name, value) in &credentials {
            let kept = tested.value(&format!("credentials.{name}"));
            assert_eq!(kept.as_ref(), Some(value));
        }
        fields.pop();
        fields.push(("do".to_owned(), "create".to_owned()));
        browser
            .fill(&path, &borrowed(&fields))
            .await
            .expect(303, &[]);
        browser.follow().await;
        let mapping = browser.follow().await;
        mapping.expect(200, &["Integration created", " Mapping</h1>"]);
        let list = browser.see(&integrations(), "Last sync").await;
        list.expect(200, &["No open issues"]);
    }
}

#[tokio::test]
async fn credentials_that_are_wrong_are_refused_and_kept_in_the_form() {
    for name in simulators::psa_names() {
        let world = World::new(name).await;
        let mut browser = world.administrator().await;
        let path = format!("{}/new/{name}", integrations());
        let wrong = world.psa.wrong_credentials(&world.psa_url);
        for action in ["test", "create"] {
            let mut fields = credential_fields(&wrong);
            fields.push(("do".to_owned(), action.to_owned()));
            let refused = browser.fill(&path, &borrowed(&fields)).await;
            let refused = refused.expect(422, &["notice bad", "data-needs-test disabled"]);
            for (name, value) in &wrong {
                let kept = refused.value(&format!("credentials.{name}"));
                assert_eq!(kept.as_ref(), Some(value));
            }
        }
        let list = browser.get(&integrations()).await;
        assert!(
            !list.text().contains("class=\"connected\""),
            "{}",
            list.text()
        );
    }
}

#[tokio::test]
async fn a_field_that_is_missing_is_named_beside_it() {
    let world = World::new("autotask").await;
    let mut browser = world.administrator().await;
    let path = format!("{}/new/autotask", integrations());
    let hostile = "\"><script>alert(1)</script>";
    let fields = [("credentials.username", hostile), ("do", "test")];
    let refused = browser.fill(&path, &fields).await;
    let refused = refused.expect(422, &["Password (Secret) is missing.", "aria-invalid"]);
    assert!(
        !refused.text().contains("<script>alert"),
        "{}",
        refused.text()
    );
    assert!(refused.text().contains("&#60;script&#62;alert(1)"));
    let unknown = browser
        .get(&format!("{}/new/nothing", integrations()))
        .await;
    unknown.expect(404, &["There is no connector nothing"]);
}
