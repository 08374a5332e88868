//! Trying out whether the product takes notices: one is sent at once, past the queue, and what came
//! of it is said to the person who asked.

use model::{Class, PartnerId};
use serde_json::json;

use crate::Runtime;
use crate::error::Error;
use crate::halt::Halt;
use crate::work::Message;

/// The event of a notice that is only a test.
const TEST: &str = "notice.test";

impl Runtime {
    /// Sends a notice that means nothing to where the partner's notices go. It is signed as all
    /// are, and not repeated.
    pub async fn send_test_notice(&self, partner: &PartnerId) -> Result<(), Error> {
        let known = self.core.partner_value(partner).await?;
        if known.webhook.is_none() {
            let message = "there is no address that notices go to";
            return Err(Error::invalid("/webhook", message));
        }
        let message = Message {
            id: format!("msg_{}", self.core.token(12)),
            event: TEST.to_owned(),
            at: self.core.now(),
            data: json!({ "partner": partner }),
        };
        match self.core.deliver(&known, &message).await {
            Ok(()) => Ok(()),
            Err(Halt::Store(error)) => Err(error.into()),
            Err(halt) => Err(Error::Refused {
                class: Class::Unavailable,
                message: halt.describe().1,
                remedy: Some(
                    "Check that the address is right and answers with a 2xx status.".to_owned(),
                ),
            }),
        }
    }
}
