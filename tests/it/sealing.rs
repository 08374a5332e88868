//! Secrets where they are kept: not to be found in the store's files, and of no use to anybody
//! without the key, who is told so and loses nothing.

use std::fs;
use std::path::Path;

use harness::{Ended, Partner, Serve, Stage, run};
use serde_json::Value;

/// The bytes of every file of the store; the keys beside it are not the store.
fn stored(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            bytes.extend(stored(&path));
        } else if path.extension().is_none_or(|kind| kind != "key") {
            bytes.extend(fs::read(&path).expect("a file"));
        }
    }
    bytes
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

fn says(ended: &Ended, parts: &[&str]) {
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    for part in parts {
        assert!(ended.stderr.contains(part), "`{part}`: {}", ended.stderr);
    }
}

/// Everything about the partner that is a secret.
async fn secrets(partner: &Partner) -> Vec<String> {
    let url = partner.get_here("").await["callout"]["url"].clone();
    let token = url.as_str().and_then(|url| url.rsplit('/').next());
    vec![
        partner.autotask.credentials().secret,
        token.expect("a token").to_owned(),
        partner.product.secret().to_owned(),
    ]
}

async fn works(partner: &Partner, id: &str) {
    partner.send(id, "alpha").await;
    partner.wait_state(id, "ticketed").await;
}

#[tokio::test]
async fn no_secret_is_found_in_the_files_and_without_the_key_nothing_starts_and_nothing_is_lost() {
    let mut stage = Stage::start().await;
    let partner = stage.partner("north").await;
    works(&partner, "r-1").await;
    let secrets = secrets(&partner).await;
    stage.end().await;
    let data = stage.serve.data.clone();
    let bytes = stored(&data);
    assert!(
        holds(&bytes, "alpha"),
        "what is no secret lies there to be read"
    );
    for secret in &secrets {
        assert!(!holds(&bytes, secret), "{secret} lies in the store");
    }

    let key = data.join("seal.key");
    let right = fs::read_to_string(&key).expect("a key");
    fs::remove_file(&key).expect("it was there");
    let missing = stage.serve.fail().await;
    says(&missing, &["sealed", "seal.key", "--seal-key"]);
    assert!(!key.exists(), "no other key is made in its place");
    fs::write(&key, "f".repeat(64)).expect("a file");
    says(&stage.serve.fail().await, &["another key"]);
    fs::write(&key, "not a key").expect("a file");
    says(&stage.serve.fail().await, &["is not a key"]);

    // The right one may lie anywhere.
    fs::remove_file(&key).expect("it was there");
    let elsewhere = stage.folder().join("kept-apart.key");
    fs::write(&elsewhere, &right).expect("a file");
    let argument = elsewhere.display().to_string();
    let serve = Serve {
        arguments: vec!["--seal-key".to_owned(), argument],
        ..stage.serve.clone()
    };
    let program = serve.start().await;
    works(&partner, "r-2").await;
    assert_eq!(program.end().await, Some(0));
}

#[tokio::test]
async fn a_new_key_seals_everything_anew_while_the_server_is_stopped() {
    let mut stage = Stage::start().await;
    let partner = stage.partner("north").await;
    works(&partner, "r-1").await;
    let data = stage.serve.data.display().to_string();
    let rotate = ["rotate-key", "--data", &data];
    says(&run(&rotate).await, &["in use by another process"]);
    stage.end().await;
    let key = stage.serve.data.join("seal.key");
    let former = fs::read_to_string(&key).expect("a key");
    let rotated = run(&rotate).await;
    assert_eq!(rotated.code, Some(0), "{}", rotated.stderr);
    let new = fs::read_to_string(&key).expect("a key");
    assert!(!new.contains(former.trim()) && new.lines().count() == 1);
    // Nothing needs the former one, and nothing can be done with it.
    fs::write(&key, &former).expect("a file");
    says(&stage.serve.fail().await, &["another key"]);
    fs::write(&key, &new).expect("a file");
    let program = stage.serve.start().await;
    works(&partner, "r-2").await;
    let health: Value = partner.get_here("").await["health"].clone();
    assert_eq!(health["good"], true, "{health}");
    assert_eq!(program.end().await, Some(0));
}
