//! Describing: before a new request is worked on, the product's own integration may tell who asked.
//!
//! A notice often brings nothing but the id of a user. The pipelines on `request.opened` of an
//! integration that makes no tickets look that up. A ticket does not wait for it: what cannot be
//! found out is left out, once and for all.

use std::sync::Arc;

use definition::pipeline::Event;
use model::{Integration, PartnerId};
use store::{Lease, Versioned};

use crate::context::{Context, customer_value, request_value};
use crate::core::{Core, is_usable};
use crate::effective::TICKETS;
use crate::halt::Halt;
use crate::remote::Remote;
use crate::step;
use crate::tables::RequestRow;
use crate::worker::store_error;

impl Core {
    /// The request with what can be found out about it. It is looked for once.
    pub(crate) async fn described(
        self: &Arc<Self>,
        lease: &Lease,
        partner: &PartnerId,
        before: Versioned<RequestRow>,
    ) -> Result<Versioned<RequestRow>, store::Error> {
        if before.value.0.described.is_some() {
            return Ok(before);
        }
        let all = self.integrations(partner).await.map_err(store_error)?;
        let Some(teller) = all.into_iter().find(|one| self.tells(one)) else {
            return Ok(before);
        };
        match self.describe_by(lease, teller, before.clone()).await {
            Ok(()) => {}
            Err(Halt::Store(error)) => return Err(error),
            Err(halt) => {
                let why = halt.describe().1;
                tracing::warn!(%partner, "who asked is not known: {why}");
            }
        }
        let id = &before.value.0.content.id;
        self.request(partner, id).await.map_err(store_error)
    }

    /// Whether an integration makes no tickets and still has something to do for a new request.
    fn tells(&self, integration: &Integration) -> bool {
        let connector = self.library.connectors.get(&integration.connector);
        let makes_tickets = connector.is_none_or(|one| one.settings.contains_key(TICKETS));
        let opened = |one: &definition::Pipeline| one.on.contains(&Event::RequestOpened);
        !makes_tickets && is_usable(integration) && !self.pipelines(integration, opened).is_empty()
    }

    async fn describe_by(
        self: &Arc<Self>,
        lease: &Lease,
        integration: Integration,
        before: Versioned<RequestRow>,
    ) -> Result<(), Halt> {
        let partner = self.partner_value(&integration.partner).await?;
        let request = before.value.0.clone();
        let customer = customer_value(self, &partner.id, &request).await?;
        let roots = serde_json::Map::from_iter([
            ("request".to_owned(), request_value(&request)),
            ("customer".to_owned(), customer),
        ]);
        let opened = |one: &definition::Pipeline| one.on.contains(&Event::RequestOpened);
        let pipelines = self.pipelines(&integration, opened);
        let remote = Remote::new(self, Arc::new(integration), exchange::Priority::Tickets)?;
        let (run, event) = (self.run_id(), Event::RequestOpened.name());
        let mut context = Context::new(remote, event, &partner, &run, lease, roots);
        context.touch(before, request);
        for pipeline in pipelines {
            step::run(&mut context, &pipeline.steps).await?;
        }
        context.commit().await
    }
}
