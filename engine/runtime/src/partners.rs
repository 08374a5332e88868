//! The product's side of the state: partners, where their events go, and their customers.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Customer, CustomerId, Partner, PartnerId, Secret, Webhook};
use store::{Batch, Expect, Record, Records, Store};

use crate::Runtime;
use crate::error::Error;
use crate::tables::{CustomerRow, NOBODY, PartnerListRow, PartnerRow};

/// The most customers of one partner. The largest partners known have some 2,000.
pub const CUSTOMERS_MAX: usize = 20_000;

/// How many customers are written in one commit.
const CUSTOMERS_PER_COMMIT: usize = 1_000;

/// A partner as the product describes it.
#[derive(Clone, Debug)]
pub struct NewPartner {
    /// The product's id for it.
    pub id: PartnerId,
    /// The name people know it by.
    pub name: String,
    /// Where its events go; none are sent without it.
    pub webhook: Option<NewWebhook>,
}

/// Where events go.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// The address.
    pub url: String,
    /// The signing key as `whsec_...`. Without one, the key that was used for this address is
    /// kept, or one is made.
    pub secret: Option<Secret>,
}

/// What became of a list of customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CustomersReceipt {
    /// How many were given.
    pub received: usize,
    /// How many of them are new.
    pub added: usize,
    /// How many of them changed.
    pub changed: usize,
    /// How many known ones were not given, and are no longer enabled.
    pub disabled: usize,
}

/// The ids of partners, at most `limit` of those after `after`, for who keeps the store itself.
pub async fn partner_names(
    store: &impl Store,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, store::Error> {
    let after = after.map(|id| PartnerListRow::key(NOBODY, &[id]));
    let page = store.scan_records::<PartnerListRow>(NOBODY, &[], after.as_ref(), limit);
    let page = page.await?.into_iter();
    Ok(page.map(|(_, row)| row.value.0.to_string()).collect())
}

impl Runtime {
    /// Creates the partner, or brings it up to date.
    pub async fn put_partner(&self, new: NewPartner) -> Result<Partner, Error> {
        let core = &self.core;
        let known = core
            .store
            .get_record::<PartnerRow>(new.id.as_str(), &[])
            .await?;
        let before = known
            .as_ref()
            .and_then(|known| known.value.0.webhook.clone());
        let webhook = new
            .webhook
            .map(|webhook| self.webhook(webhook, before))
            .transpose()?;
        let partner = Partner {
            id: new.id,
            name: new.name,
            webhook,
        };
        let mut batch = Batch::new();
        let id = partner.id.as_str();
        let expect = known.map_or(Expect::Absent, |known| Expect::Version(known.version));
        batch
            .put_record(id, &[], &PartnerRow(partner.clone()), expect)
            .put_record(
                NOBODY,
                &[id],
                &PartnerListRow(partner.id.clone()),
                Expect::Any,
            );
        self.commit(batch, "the partner").await?;
        Ok(partner)
    }

    fn webhook(&self, new: NewWebhook, before: Option<Webhook>) -> Result<Webhook, Error> {
        if !(new.url.starts_with("https://") || new.url.starts_with("http://")) {
            return Err(Error::invalid(
                "/webhook/url",
                "a webhook address starts with https://",
            ));
        }
        let secret = match (new.secret, before) {
            (Some(secret), _) => secret,
            (None, Some(before)) if before.url == new.url => before.secret,
            (None, _) => self.signing_key(),
        };
        crate::outbox::signing_key(&secret).ok_or_else(|| {
            Error::invalid("/webhook/secret", "a signing key is whsec_ and base64")
        })?;
        Ok(Webhook {
            url: new.url,
            secret,
        })
    }

    fn signing_key(&self) -> Secret {
        Secret::new(format!(
            "whsec_{}",
            STANDARD.encode(self.core.random_bytes(24))
        ))
    }

    /// The partner.
    pub async fn partner(&self, id: &PartnerId) -> Result<Partner, Error> {
        self.core.partner_value(id).await
    }

    /// Partners in the order of their ids, at most `limit` of those after `after`.
    pub async fn partners(
        &self,
        after: Option<&PartnerId>,
        limit: usize,
    ) -> Result<Vec<Partner>, Error> {
        let after = after.map(|id| PartnerListRow::key(NOBODY, &[id.as_str()]));
        let core = &self.core;
        let ids = core
            .store
            .scan_records::<PartnerListRow>(NOBODY, &[], after.as_ref(), limit)
            .await?;
        let mut partners = Vec::with_capacity(ids.len());
        for (_, row) in ids {
            partners.push(core.partner_value(&row.value.0).await?);
        }
        Ok(partners)
    }

    /// Takes `customers` as the whole list: those that are known and not in it are no longer
    /// enabled. They are kept, because requests and mappings refer to them.
    pub async fn put_customers(
        &self,
        partner: &PartnerId,
        customers: Vec<Customer>,
    ) -> Result<CustomersReceipt, Error> {
        if customers.len() > CUSTOMERS_MAX {
            return Err(Error::invalid(
                "",
                format!("at most {CUSTOMERS_MAX} customers"),
            ));
        }
        let mut known: BTreeMap<CustomerId, Customer> = self
            .customers(partner)
            .await?
            .into_iter()
            .map(|customer| (customer.id.clone(), customer))
            .collect();
        let mut receipt = CustomersReceipt {
            received: customers.len(),
            ..Default::default()
        };
        let mut changes = Vec::new();
        for customer in customers {
            match known.remove(&customer.id) {
                Some(before) if before == customer => continue,
                Some(_) => receipt.changed += 1,
                None => receipt.added += 1,
            }
            changes.push(customer);
        }
        for customer in known.into_values().filter(|customer| customer.enabled) {
            receipt.disabled += 1;
            changes.push(Customer {
                enabled: false,
                ..customer
            });
        }
        for part in changes.chunks(CUSTOMERS_PER_COMMIT) {
            let mut batch = Batch::new();
            for customer in part {
                let row = CustomerRow(customer.clone());
                batch.put_record(partner.as_str(), &[customer.id.as_str()], &row, Expect::Any);
            }
            self.commit(batch, "the list of customers").await?;
        }
        Ok(receipt)
    }

    /// The partner's customers, in the order of their ids.
    pub async fn customers(&self, partner: &PartnerId) -> Result<Vec<Customer>, Error> {
        self.core.partner(partner).await?;
        let rows: Vec<CustomerRow> = self.core.all(partner.as_str(), &[]).await?;
        Ok(rows.into_iter().map(|row| row.0).collect())
    }

    /// Commits a change that a person made; that others changed the same thing meanwhile is theirs
    /// to know.
    pub(crate) async fn commit(&self, batch: Batch, what: &'static str) -> Result<(), Error> {
        match self.core.store.commit(batch).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_conflict() => Err(Error::Busy { what }),
            Err(error) => Err(error.into()),
        }
    }
}
