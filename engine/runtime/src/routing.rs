//! Routing: which integration sees to a request, decided once and kept.

use definition::connector::SettingKind;
use model::{Held, Integration, IssueKind, Mapping, PartnerId};
use store::{Expect, Record, Records, Versioned};

use crate::core::{Core, is_usable};
use crate::error::Error;
use crate::halt::Halt;
use crate::issues::Trouble;
use crate::step::is_company;
use crate::tables::{IntegrationRow, MappingRow, RoutingRow};

/// The section of the settings that has an integration take requests.
const TICKETS: &str = "tickets";

/// Where a request goes.
pub(crate) enum Routed {
    To(Box<Integration>),
    Nowhere(Halt),
}

impl Core {
    /// The integration that sees to a request: the one that may have made its ticket, else the
    /// oldest in which its customer is mapped and has its tick for tickets, else the oldest in
    /// which it is mapped without, else the oldest that has a stand-in for customers that nobody
    /// has mapped, else the oldest. A request never goes to two: that would be a
    /// doubled ticket.
    pub(crate) async fn route(
        &self,
        partner: &PartnerId,
        request: &model::Request,
    ) -> Result<Routed, Error> {
        let routing = self
            .store
            .get(&RoutingRow::key(partner.as_str(), &[]))
            .await?;
        let guard = routing.map_or(Expect::Absent, |row| Expect::Version(row.version));
        let Some(chosen) = self.chosen(partner, request).await? else {
            return Ok(Routed::Nowhere(Halt::Behind {
                trouble: Box::new(no_integration()),
                guard: Some((RoutingRow::key(partner.as_str(), &[]), guard)),
            }));
        };
        if is_usable(&chosen.value.0) {
            return Ok(Routed::To(Box::new(chosen.value.0)));
        }
        let parts = [chosen.value.0.id.as_str()];
        let key = IntegrationRow::key(partner.as_str(), &parts);
        let trouble = Box::new(self.idle(&chosen.value.0));
        let guard = Some((key, Expect::Version(chosen.version)));
        Ok(Routed::Nowhere(Halt::Behind { trouble, guard }))
    }

    /// The integration that sees to a request, whether or not it may be used now.
    pub(crate) async fn chosen(
        &self,
        partner: &PartnerId,
        request: &model::Request,
    ) -> Result<Option<Versioned<IntegrationRow>>, Error> {
        let all = self.integrations(partner).await?;
        let takes = |one: &&Integration| one.is_on(TICKETS);
        let chosen = match &request.integration {
            Some(chosen) if request.ticket.is_some() => all.iter().find(|one| one.id == *chosen),
            _ => {
                self.route_new(partner, request, all.iter().filter(takes))
                    .await?
            }
        };
        let Some(chosen) = chosen else {
            return Ok(None);
        };
        self.integration(partner, &chosen.id).await.map(Some)
    }

    async fn route_new<'i>(
        &self,
        partner: &PartnerId,
        request: &model::Request,
        candidates: impl Iterator<Item = &'i Integration>,
    ) -> Result<Option<&'i Integration>, Error> {
        let all: Vec<&Integration> = candidates.collect();
        // What has begun with a disconnected one waits for it; nothing new goes there.
        let is_open = |one: &&Integration| !matches!(one.held, Some(Held::Disconnected { .. }));
        let open: Vec<&Integration> = all.iter().copied().filter(is_open).collect();
        if let ([only], [_]) = (all.as_slice(), open.as_slice()) {
            return Ok(Some(only));
        }
        let begun = request.integration.as_ref();
        if let Some(begun) = all.iter().find(|one| Some(&one.id) == begun)
            && self.may_have_ticket(request, partner).await?
        {
            return Ok(Some(begun));
        }
        let mut off = None;
        for one in &open {
            let parts = [one.id.as_str(), request.content.customer_id.as_str()];
            let mapping = self
                .store
                .get_record::<MappingRow>(partner.as_str(), &parts);
            match mapping.await?.map(|row| row.value.0) {
                Some(mapping) if is_off(&mapping) => off = off.or(Some(*one)),
                Some(_) => return Ok(Some(one)),
                None => {}
            }
        }
        let stand_in = open.iter().copied().find(|one| self.has_stand_in(one));
        Ok(off.or(stand_in).or(open.first().copied()))
    }

    /// Whether a company is chosen in the integration's ticket settings: it is for the tickets of
    /// customers that are not mapped.
    fn has_stand_in(&self, integration: &Integration) -> bool {
        let connector = self.library.connectors.get(&integration.connector);
        let form = connector.and_then(|connector| connector.settings.get(TICKETS));
        let Some((form, saved)) = form.zip(integration.sections.get(TICKETS)) else {
            return false;
        };
        let mut companies = form.fields.iter();
        companies.any(|field| {
            let chosen = saved.values.get(&field.name).is_some_and(is_company);
            chosen && matches!(field.kind, SettingKind::Company)
        })
    }

    /// Every integration of a partner that takes tickets, oldest first.
    pub(crate) async fn for_tickets(&self, partner: &PartnerId) -> Result<Vec<Integration>, Error> {
        let mut all = self.integrations(partner).await?;
        all.retain(|one| one.is_on(TICKETS));
        Ok(all)
    }
}

/// Whether a person has taken off the customer's tick for tickets.
pub(crate) const fn is_off(mapping: &Mapping) -> bool {
    mapping.company.is_some() && !mapping.ticks.tickets
}

fn no_integration() -> Trouble {
    Trouble {
        kind: IssueKind::NoTicketIntegration,
        integration: None,
        subject: "tickets".to_owned(),
        cause: None,
        title: "Requests arrive, and no integration has tickets switched on".to_owned(),
        detail: None,
        remedy: "Create an integration and switch its ticket settings on. What waits then goes on \
                 by itself."
            .to_owned(),
    }
}

/// The trouble with an integration whose credentials are refused.
pub(crate) fn rejected(
    integration: &Integration,
    message: Option<String>,
    remedy: Option<String>,
) -> Trouble {
    Trouble {
        kind: IssueKind::CredentialsRejected,
        integration: Some(integration.id.clone()),
        subject: "credentials".to_owned(),
        cause: None,
        title: format!("The credentials for {} are rejected", integration.connector),
        detail: message,
        remedy: remedy.unwrap_or_else(|| {
            "Save working credentials. What waits then goes on by itself.".to_owned()
        }),
    }
}
