//! Sealed values: found by nobody who reads the store itself, old ones sealed in time.

use std::sync::Arc;

use store::{Batch, Cipher, Error, Expect, Key, Memory, Sealed, Store, was_sealed};

/// Turns the bytes over with a number; good enough to see who seals what.
struct Turned(u8);

impl Cipher for Turned {
    fn seal(&self, about: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        let turned = plain.iter().map(|byte| byte ^ self.0);
        let head = [b'~', self.0, u8::try_from(about.len()).ok()?];
        Some(head.into_iter().chain(turned).collect())
    }

    fn open(&self, about: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let about = u8::try_from(about.len()).ok()?;
        let turned = sealed.strip_prefix(&[b'~', self.0, about][..])?;
        Some(turned.iter().map(|byte| byte ^ self.0).collect())
    }

    fn is_sealed(&self, value: &[u8]) -> bool {
        value.first() == Some(&b'~')
    }

    fn is_current(&self, value: &[u8]) -> bool {
        value.starts_with(&[b'~', self.0])
    }
}

const TABLES: &[&str] = &["secret"];

fn key(table: &str) -> Key {
    Key::new("north", table, &["1"])
}

async fn put(store: &impl Store, table: &str) {
    let mut batch = Batch::new();
    batch.put(key(table), "plain", Expect::Any);
    store.commit(batch).await.unwrap();
}

#[tokio::test]
async fn values_of_the_named_tables_are_sealed_below_and_plain_above() {
    let below = Arc::new(Memory::new());
    let store = Sealed::open(below.clone(), Arc::new(Turned(7)), TABLES)
        .await
        .unwrap();
    for table in ["secret", "open"] {
        put(&store, table).await;
        let read = store.get(&key(table)).await.unwrap().unwrap();
        assert_eq!(read.value, b"plain");
        let page = store.scan(&key(table), None, 10).await.unwrap();
        assert_eq!(page[0].value, b"plain");
        let lies = below.get(&key(table)).await.unwrap().unwrap().value;
        assert_eq!(lies == b"plain", table == "open");
    }
}

#[tokio::test]
async fn what_lay_there_before_is_read_and_then_sealed() {
    let below = Arc::new(Memory::new());
    put(&*below, "secret").await;
    assert!(!was_sealed(&*below).await.unwrap());
    let store = Sealed::open(below.clone(), Arc::new(Turned(7)), TABLES)
        .await
        .unwrap();
    assert!(was_sealed(&*below).await.unwrap());
    assert_eq!(
        store.get(&key("secret")).await.unwrap().unwrap().value,
        b"plain"
    );
    assert_eq!(store.reseal(&["north".to_owned()]).await.unwrap(), 1);
    let lies = below.get(&key("secret")).await.unwrap().unwrap().value;
    assert!(lies.starts_with(b"~"));
    assert_eq!(
        store.get(&key("secret")).await.unwrap().unwrap().value,
        b"plain"
    );
    assert_eq!(store.reseal(&["north".to_owned()]).await.unwrap(), 0);
}

#[tokio::test]
async fn another_key_opens_nothing_and_changes_nothing() {
    let below = Arc::new(Memory::new());
    let store = Sealed::open(below.clone(), Arc::new(Turned(7)), TABLES)
        .await
        .unwrap();
    put(&store, "secret").await;
    let refused = Sealed::open(below.clone(), Arc::new(Turned(9)), TABLES).await;
    assert!(matches!(refused.err(), Some(Error::OtherKey { .. })));
    assert_eq!(
        store.get(&key("secret")).await.unwrap().unwrap().value,
        b"plain"
    );
}
