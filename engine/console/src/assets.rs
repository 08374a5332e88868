//! The style sheet and the script: part of the program, served under names that change with their
//! content, so that browsers may keep them for good.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

/// How long a browser may keep what lies under a name: a year, which is for good.
const KEEP: &str = "public, max-age=31536000, immutable";

/// How many bytes of the digest stand in a name.
const DIGEST_BYTES: usize = 8;

/// One file.
struct Asset {
    name: String,
    content_type: &'static str,
    bytes: &'static [u8],
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        asset(
            "console",
            "css",
            "text/css; charset=utf-8",
            include_bytes!("../assets/console.css"),
        ),
        asset(
            "console",
            "js",
            "text/javascript; charset=utf-8",
            include_bytes!("../assets/console.js"),
        ),
        asset(
            "mark",
            "svg",
            "image/svg+xml",
            include_bytes!("../assets/mark.svg"),
        ),
    ]
});

fn asset(stem: &str, kind: &str, content_type: &'static str, bytes: &'static [u8]) -> Asset {
    let digest = Sha256::digest(bytes);
    let digits = digest.iter().take(DIGEST_BYTES);
    let digest = digits.fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    Asset {
        name: format!("{stem}-{digest:016x}.{kind}"),
        content_type,
        bytes,
    }
}

/// Where pages find the files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links {
    /// The style sheet's name.
    pub(crate) style: &'static str,
    /// The script's name.
    pub(crate) script: &'static str,
    /// The name of the picture that stands for the program.
    pub(crate) mark: &'static str,
}

impl Links {
    pub(crate) fn new() -> Self {
        let [style, script, mark] = &*ASSETS;
        Self {
            style: &style.name,
            script: &script.name,
            mark: &mark.name,
        }
    }
}

pub(crate) async fn read_asset(Path(name): Path<String>) -> Response {
    let found = ASSETS.iter().find(|asset| asset.name == name);
    let Some(asset) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, KEEP),
    ];
    (headers, asset.bytes).into_response()
}
