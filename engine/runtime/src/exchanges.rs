//! The exchanges of requests: what was sent to the PSA for each and what it answered, for people
//! who look into what has become of it.
//!
//! It promises that no secret of the integration and nothing that names the request's user is in
//! what is kept, and that each request keeps a bounded number of bounded excerpts. It is no proof
//! of what happened: what a process that died was about to note is not there.

use std::sync::{Mutex, PoisonError};

use exchange::{Answer, Body, Content, Failure, Scrub};
use model::{
    EXCERPT_CHARS_MAX, EXCHANGES_MAX, Exchanged, PartnerId, Request, RequestId, Secret, Timestamp,
};
use store::{Batch, Expect, Records};

use crate::Runtime;
use crate::core::Core;
use crate::error::Error;
use crate::tables::ExchangesRow;

/// How many bytes of a text are looked at; what is kept of it is a beginning anyway, and masking
/// takes time in proportion.
const LOOKED_AT_BYTES_MAX: usize = 8 * 1_024;

/// Takes note of the exchanges of one request.
#[derive(Debug)]
pub(crate) struct Notes {
    /// Knows what names the user.
    people: Scrub,
    taken: Mutex<Vec<Exchanged>>,
}

impl Notes {
    /// For the exchanges of `request`.
    pub(crate) fn of(request: &Request) -> Self {
        let user = request.user().unwrap_or_default();
        let names = [user.id, user.name, user.email, user.username];
        let names: Vec<Secret> = names.into_iter().flatten().map(Secret::new).collect();
        Self {
            people: Scrub::new(&names),
            taken: Mutex::default(),
        }
    }

    /// Notes what became of a call; `secrets` knows those of the integration.
    pub(crate) fn note(
        &self,
        operation: &str,
        asked: &exchange::Request,
        result: &Result<Answer, Failure>,
        (secrets, at): (&Scrub, Timestamp),
    ) {
        let clean = |text: &str| self.clean(secrets, text);
        let (attempts, status, answered) = match result {
            Ok(answer) => (1, Some(answer.status), body_of(answer)),
            Err(failure) => {
                let message = Some(failure.message.clone());
                (failure.attempts, failure.status, message)
            }
        };
        let sent = (asked.body != Body::Empty).then(|| asked.body.to_bytes());
        let exchanged = Exchanged {
            at,
            operation: operation.to_owned(),
            method: asked.method.to_string(),
            url: clean(&asked.url),
            sent: sent.map(|bytes| clean(&String::from_utf8_lossy(&bytes))),
            attempts,
            status,
            answered: answered.map(|text| clean(&text)),
            succeeded: result.is_ok(),
        };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() < EXCHANGES_MAX {
            taken.push(exchanged);
        }
    }

    fn clean(&self, secrets: &Scrub, text: &str) -> String {
        let end = text.floor_char_boundary(LOOKED_AT_BYTES_MAX);
        let text = secrets.text(text.get(..end).unwrap_or_default());
        self.people.excerpt(&text, EXCERPT_CHARS_MAX)
    }

    /// What was noted since this was last asked.
    fn take(&self) -> Vec<Exchanged> {
        std::mem::take(&mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn body_of(answer: &Answer) -> Option<String> {
    match &answer.body {
        Content::Empty => None,
        Content::Json(value) => Some(value.to_string()),
        Content::Text(text) => Some(text.clone()),
        Content::Binary(bytes) => Some(format!("{} bytes that are no text", bytes.len())),
    }
}

impl Core {
    /// Adds to `batch` what was noted of the request's exchanges. The newest are kept.
    pub(crate) async fn keep_exchanges(
        &self,
        batch: &mut Batch,
        partner: &PartnerId,
        request: &RequestId,
        notes: &Notes,
    ) -> Result<(), store::Error> {
        let fresh = notes.take();
        if fresh.is_empty() {
            return Ok(());
        }
        let mut all = self.exchanges(partner, request).await?;
        all.extend(fresh);
        let old = all.len().saturating_sub(EXCHANGES_MAX);
        all.drain(..old);
        let parts = [request.as_str()];
        batch.put_record(partner.as_str(), &parts, &ExchangesRow(all), Expect::Any);
        Ok(())
    }

    async fn exchanges(
        &self,
        partner: &PartnerId,
        request: &RequestId,
    ) -> Result<Vec<Exchanged>, store::Error> {
        let parts = [request.as_str()];
        let row = self
            .store
            .get_record::<ExchangesRow>(partner.as_str(), &parts)
            .await?;
        Ok(row.map(|row| row.value.0).unwrap_or_default())
    }
}

impl Runtime {
    /// What was sent to the PSA for a request and what it answered, oldest first. Of what callouts
    /// and reads for many requests had to do nothing is noted.
    pub async fn exchanges(
        &self,
        partner: &PartnerId,
        request: &RequestId,
    ) -> Result<Vec<Exchanged>, Error> {
        self.core.request(partner, request).await?;
        Ok(self.core.exchanges(partner, request).await?)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use std::time::Duration;

    use exchange::{Expect, Method, RawAnswer};
    use model::{Content, CustomerId, User};
    use serde_json::json;

    use super::*;

    fn request() -> Request {
        let content = Content {
            id: RequestId::new("r-1").unwrap(),
            customer_id: CustomerId::new("c-1").unwrap(),
            report_type: "url_block".to_owned(),
            hostname: Some("files.example".to_owned()),
            url: None,
            reason: None,
            user: Some(User {
                name: Some("Dana Reyes".to_owned()),
                email: Some("dana@fabrikam.example".to_owned()),
                ..User::default()
            }),
            opened_at: None,
        };
        Request::accepted(content, Timestamp::default())
    }

    /// Everything that may not be kept, in forms in which it may travel.
    const PLANTED: [&str; 6] = [
        "hunter2 & co",
        "hunter2%20%26%20co",
        "hunter2+%26+co",
        "Dana Reyes",
        "dana@fabrikam.example",
        "dana%40fabrikam.example",
    ];

    #[test]
    fn what_is_planted_in_any_part_of_an_exchange_is_not_kept() {
        let secrets = Scrub::new(&[Secret::new("hunter2 & co")]);
        let notes = Notes::of(&request());
        let said = PLANTED.join(" / ");
        let mut asked = exchange::Request::new(Method::Post, "https://psa.example/tickets");
        assert!(asked.add_query("who", &said));
        asked.body = Body::Json(json!({ "said": said, "host": "files.example" }));
        let at = Timestamp::default();
        let raw = RawAnswer::json(200, &json!({ "echo": said, "id": 7 }));
        let answer = Answer::read(raw, Expect::Json, Duration::ZERO);
        notes.note("create_ticket", &asked, &Ok(answer), (&secrets, at));
        let failure = Failure::unsent(model::Class::Invalid, said.clone());
        notes.note("create_ticket", &asked, &Err(failure), (&secrets, at));
        let kept = notes.take();
        assert_eq!((kept.len(), notes.take().len()), (2, 0));
        let text = json!(kept).to_string();
        for planted in PLANTED {
            assert!(!text.contains(planted), "{planted} is in {text}");
        }
        for told in ["files.example", "psa.example/tickets", "•••", "POST"] {
            assert!(text.contains(told), "{told} is not in {text}");
        }
    }

    #[test]
    fn excerpts_and_their_number_are_bounded() {
        let (secrets, notes) = (Scrub::default(), Notes::of(&request()));
        let mut asked = exchange::Request::new(Method::Post, "https://psa.example/");
        asked.body = Body::Json(json!("ü".repeat(100_000)));
        let failure = || Failure::unsent(model::Class::Unavailable, "no");
        for _ in 0..2 * EXCHANGES_MAX {
            let at = Timestamp::default();
            notes.note("create_ticket", &asked, &Err(failure()), (&secrets, at));
        }
        let kept = notes.take();
        assert_eq!(kept.len(), EXCHANGES_MAX);
        let sent = kept.first().unwrap().sent.clone().unwrap();
        assert_eq!(sent.chars().count(), EXCERPT_CHARS_MAX + 1);
    }
}
