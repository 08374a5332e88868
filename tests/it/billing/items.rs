//! What usage is billed as: one line for each item, however many products and customers are billed
//! as it and whether they name it or choose it.

use serde_json::{Value, json};
use simulators::psa_names;

use super::{BILLED, HERE, PRODUCT, billed, billing, lines, run, until_billed, written};

/// A second product.
const OTHER: &str = "email";

const NEW: &str = "Secure Browsing";
const SCHOOLS: &str = "Secure Browsing for schools";

fn new(name: &str) -> Value {
    json!({ "create": { "name": name, "price": "4.5" } })
}

#[tokio::test]
async fn what_is_made_new_is_one_line_for_all_products_and_another_for_a_customer_of_its_own() {
    for name in psa_names() {
        let (msp, _) = billing(name).await;
        let path = msp.side_path(HERE, "/mappings/products");
        let mapped = json!([
            { "product": PRODUCT, "target": new(NEW), "overrides": { "alpha": new(SCHOOLS) } },
            { "product": OTHER, "target": new(NEW) },
        ]);
        msp.api.put(&path, json!({ "mappings": mapped })).await;
        let used = [
            ("alpha", PRODUCT, 5),
            ("beta", PRODUCT, 6),
            ("beta", OTHER, 2),
        ];
        let usage = used.map(|(customer, product, quantity)| {
            json!({ "customer_id": customer, "product_id": product, "status": "active",
                "term_start": "2026-07-01", "term_end": "2099-12-31", "quantity": quantity })
        });
        msp.api
            .put(&msp.path("/usage"), json!({ "usage": usage }))
            .await;
        run(&msp).await;
        for line in until_billed(&msp, 2).await {
            let (item, quantity) = match line["company_name"].as_str() {
                Some(company) if company == BILLED[0].1 => (SCHOOLS, 5.0),
                _ => (NEW, 8.0),
            };
            assert_eq!(line["item_name"], item, "{name}: {line}");
            assert_eq!(billed(&msp, &line, item), Some(quantity), "{name}: {line}");
        }
        assert_eq!(written(&msp), 2, "{name}: each line once");

        // Whoever now chooses what was made is billed on the same line, and nothing is written.
        let items = msp.here(HERE, "/items").await;
        let made = || items["items"].as_array().into_iter().flatten();
        if made().all(|item| item["name"] != NEW) {
            msp.run(HERE, "read_items").await;
        }
        let items = msp.here(HERE, "/items").await;
        let mut made = items["items"].as_array().into_iter().flatten();
        let made = made
            .find(|item| item["name"] == NEW)
            .expect("what was made");
        let chosen = json!({ "product": OTHER, "target": { "item": made["id"] } });
        msp.api.put(&path, json!({ "mappings": [chosen] })).await;
        for _ in 0..2 {
            run(&msp).await;
            until_billed(&msp, 2).await;
        }
        assert_eq!(lines(&msp).await.len(), 2, "{name}");
        assert_eq!(written(&msp), 2, "{name}: nothing was changed");
        assert_eq!(msp.misuse(), Vec::<String>::new());
    }
}
