//! Typed records: what is written comes back, older formats are upgraded, newer ones refused.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Batch, Error, Expect, Memory, Record, Records, Store};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Mapping {
    company: String,
    score: u8,
}

impl Record for Mapping {
    const TABLE: &'static str = "mapping";
    const FORMAT: u16 = 2;

    fn upgrade(format: u16, value: Value) -> Result<Value, Error> {
        match format {
            1 => Ok(json!({ "company": value, "score": 0 })),
            found => Err(Error::OlderFormat {
                table: Self::TABLE,
                found,
                known: Self::FORMAT,
            }),
        }
    }
}

fn mapping(company: &str) -> Mapping {
    Mapping {
        company: company.to_owned(),
        score: 9,
    }
}

#[tokio::test(start_paused = true)]
async fn records_come_back_as_they_were_written() {
    let store = Memory::new();
    let mut batch = Batch::new();
    for (partner, customer) in [("p", "c1"), ("p", "c2"), ("q", "c3")] {
        batch.put_record(
            partner,
            &["i", customer],
            &mapping(customer),
            Expect::Absent,
        );
    }
    let version = store.commit(batch).await.unwrap();
    let found = store
        .get_record::<Mapping>("p", &["i", "c1"])
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.version, found.value), (version, mapping("c1")));
    assert!(
        store
            .get_record::<Mapping>("q", &["i", "c1"])
            .await
            .unwrap()
            .is_none()
    );

    let page = store
        .scan_records::<Mapping>("p", &["i"], None, 1)
        .await
        .unwrap();
    assert_eq!(
        (&page[0].0, &page[0].1.value),
        (&Mapping::key("p", &["i", "c1"]), &mapping("c1"))
    );
    let rest = store
        .scan_records::<Mapping>("p", &["i"], Some(&page[0].0), 9)
        .await
        .unwrap();
    assert_eq!(rest.len(), 1);
}

async fn stored(value: &str) -> Result<Mapping, Error> {
    let store = Memory::new();
    let mut batch = Batch::new();
    batch.put(Mapping::key("p", &["x"]), value, Expect::Any);
    store.commit(batch).await.unwrap();
    let found = store.get_record::<Mapping>("p", &["x"]).await?;
    Ok(found.unwrap().value)
}

#[tokio::test(start_paused = true)]
async fn the_format_decides_how_a_record_is_read() {
    assert_eq!(
        stored(r#"2 {"company":"a","score":9}"#).await.unwrap(),
        mapping("a")
    );
    let old = stored(r#"1 "a""#).await.unwrap();
    assert_eq!(
        old,
        Mapping {
            company: "a".to_owned(),
            score: 0
        }
    );
    assert!(matches!(
        stored("0 {}").await,
        Err(Error::OlderFormat {
            found: 0,
            known: 2,
            ..
        })
    ));

    let newer = stored("3 unreadable").await.unwrap_err();
    assert!(matches!(
        newer,
        Error::NewerFormat {
            table: "mapping",
            found: 3,
            known: 2
        }
    ));
    assert!(matches!(stored("2 {}").await, Err(Error::Decode { .. })));
    assert!(matches!(stored("{}").await, Err(Error::Damaged { .. })));
}

#[derive(Serialize, Deserialize)]
struct Unwritable(std::collections::BTreeMap<(u8, u8), u8>);

impl Record for Unwritable {
    const TABLE: &'static str = "unwritable";
    const FORMAT: u16 = 1;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_json_cannot_express_fails_its_whole_batch() {
    let store = Memory::new();
    let mut batch = Batch::new();
    batch.put_record("p", &["a"], &mapping("a"), Expect::Any);
    batch.put_record("p", &["b"], &Unwritable([((1, 2), 3)].into()), Expect::Any);
    let error = store.commit(batch).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Encode {
                table: "unwritable",
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        store
            .get_record::<Mapping>("p", &["a"])
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test(start_paused = true)]
async fn pages_give_each_record_once_whatever_is_removed_and_added_meanwhile() {
    let store = Memory::new();
    let put = |batch: &mut Batch, customer: &str| {
        batch.put_record("p", &["i", customer], &mapping(customer), Expect::Any);
    };
    for size in [1, 2, 5, 9] {
        let mut batch = Batch::new();
        for customer in ["c1", "c2", "c3", "c4", "c5"] {
            put(&mut batch, customer);
        }
        // Neither another integration's nor another partner's.
        batch.put_record("p", &["j", "c0"], &mapping("c0"), Expect::Any);
        batch.put_record("q", &["i", "c0"], &mapping("c0"), Expect::Any);
        store.commit(batch).await.unwrap();
        let mut seen = Vec::new();
        let mut pages = store.pages::<Mapping>("p", &["i"], size);
        while let Some(page) = pages.next().await.unwrap() {
            assert!(page.len() <= size);
            let mut batch = Batch::new();
            for (key, row) in page {
                batch.delete(key, Expect::Version(row.version));
                seen.push(row.value.company);
            }
            // Before the place that was reached.
            put(&mut batch, &format!("a{}", seen.len()));
            store.commit(batch).await.unwrap();
        }
        assert_eq!(seen, ["c1", "c2", "c3", "c4", "c5"], "{size} at once");
        assert!(pages.next().await.unwrap().is_none());

        let third = Mapping::key("p", &["i", "c3"]);
        let mut pages = store.pages::<Mapping>("p", &["i"], size).after(Some(third));
        let first = pages.next().await.unwrap().unwrap();
        assert!(first.is_empty(), "all of them are gone: {first:?}");

        let mut batch = Batch::new();
        let mut pages = store.pages::<Mapping>("p", &["i"], size);
        while let Some(page) = pages.next().await.unwrap() {
            for (key, _) in page {
                batch.delete(key, Expect::Any);
            }
        }
        store.commit(batch).await.unwrap();
    }
}
