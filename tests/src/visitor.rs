//! Somebody with a browser that has no script: it keeps cookies, and goes where it is led only when
//! the test says so.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use crate::api::trusting_nobody;

/// How long a page may take before the program counts as dead.
const PATIENCE: Duration = Duration::from_mins(1);

/// Somebody who looks at pages.
#[derive(Clone, Debug)]
pub struct Visitor {
    client: Client,
    base: String,
    /// By name.
    pub cookies: BTreeMap<String, String>,
}

/// A page, or where it leads.
#[derive(Clone, Debug)]
pub struct Page {
    /// HTTP status.
    pub status: u16,
    /// Where the browser is led to instead.
    pub leads_to: Option<String>,
    /// The page.
    pub text: String,
}

impl Visitor {
    /// Somebody who has not been at `base` yet, such as `http://127.0.0.1:8080`.
    pub fn of(base: &str) -> Self {
        let client = trusting_nobody().timeout(PATIENCE).redirect(Policy::none());
        Self {
            client: client.build().expect("a client without certificates"),
            base: base.to_owned(),
            cookies: BTreeMap::new(),
        }
    }

    /// Opens a page: a path of the program's, or a whole address.
    pub async fn open(&mut self, address: &str) -> Page {
        let url = if address.starts_with('/') {
            format!("{}{address}", self.base)
        } else {
            address.to_owned()
        };
        let is_ours = url.starts_with(&format!("{}/", self.base));
        let mut request = self.client.get(url);
        if is_ours {
            request = request.header(COOKIE, self.cookie());
        }
        let answer = request.send().await.expect("an answer");
        if is_ours {
            self.keep(&answer);
        }
        let leads_to = answer.headers().get(LOCATION);
        let leads_to = leads_to.and_then(|it| it.to_str().ok()).map(str::to_owned);
        Page {
            status: answer.status().as_u16(),
            leads_to,
            text: answer.text().await.expect("a whole page"),
        }
    }

    /// Opens a page, and goes on until it is led no further.
    pub async fn follow(&mut self, address: &str) -> Page {
        let mut page = self.open(address).await;
        while let Some(next) = page.leads_to.clone() {
            page = self.open(&next).await;
        }
        page
    }

    fn cookie(&self) -> String {
        let pairs = self.cookies.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn keep(&mut self, answer: &Response) {
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let text = cookie.to_str().expect("a cookie is text");
            let (pair, terms) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            if terms.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
