//! Several tenants of one PSA, as several partners have them.
//!
//! What an operator sets for a PSA is set once for all partners. So tenants are served in such a way
//! that one setting reaches all of them: behind one address where the connector asks for one, else
//! each at its own.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use super::{Psa, autotask, halopsa};
use crate::autotask::Cloud;
use crate::serve::Running;
use crate::{Error, HaloPsa};

/// Tenants of one PSA; dropping them takes them off the network.
pub struct Tenants {
    /// What the operator of an engine sets for all of them.
    pub vendor: BTreeMap<String, String>,
    running: Vec<Running>,
}

/// One partner's tenant.
pub struct Tenant {
    /// The PSA.
    pub psa: Box<dyn Psa>,
    /// Where it is, with its controls under `/__simulator`.
    pub url: String,
}

impl Tenants {
    /// Serves a tenant of the PSA `name` for each of `partners`, in their order; nothing when there
    /// is no such PSA. Partners' names are letters, digits and hyphens.
    pub async fn serve(
        name: &str,
        seed: u64,
        partners: &[&str],
    ) -> Result<Option<(Self, Vec<Tenant>)>, Error> {
        match name {
            autotask::psa::NAME => in_a_cloud(seed, partners).await.map(Some),
            halopsa::psa::NAME => each_by_itself(seed, partners).await.map(Some),
            _ => Ok(None),
        }
    }

    /// The origins that an engine must be allowed to call.
    pub fn origins(&self) -> impl Iterator<Item = String> + '_ {
        self.running.iter().map(|one| one.url.clone())
    }

    /// Stops all of them.
    pub async fn stop(self) {
        for one in self.running {
            one.stop().await;
        }
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tenants")
            .field("running", &self.running)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tenant")
            .field("psa", &self.psa.connector())
            .field("url", &self.url)
            .finish()
    }
}

fn any_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// Tenants of one seed are alike; each has a seed of its own.
fn seeds(seed: u64) -> impl Iterator<Item = u64> {
    (0..).map(move |step| seed.wrapping_add(step))
}

async fn in_a_cloud(seed: u64, partners: &[&str]) -> Result<(Tenants, Vec<Tenant>), Error> {
    let cloud = Cloud::serve(any_port()).await?;
    let member = |(partner, seed): (&&str, u64)| Tenant {
        psa: Box::new(cloud.add(partner, autotask::Config::seeded(seed))),
        url: format!("{}/{partner}", cloud.url()),
    };
    let members: Vec<Tenant> = partners.iter().zip(seeds(seed)).map(member).collect();
    let vendor = members.first().map(|one| one.psa.vendor(cloud.url()));
    let tenants = Tenants {
        vendor: vendor.unwrap_or_default(),
        running: vec![cloud.into_running()],
    };
    Ok((tenants, members))
}

async fn each_by_itself(seed: u64, partners: &[&str]) -> Result<(Tenants, Vec<Tenant>), Error> {
    let (mut running, mut members) = (Vec::new(), Vec::new());
    for (_, seed) in partners.iter().zip(seeds(seed)) {
        let psa: Box<dyn Psa> = Box::new(HaloPsa::new(halopsa::Config::seeded(seed)));
        let serving = psa.serve(any_port()).await?;
        let url = serving.url.clone();
        running.push(serving);
        members.push(Tenant { psa, url });
    }
    let vendor = members.first().map(|one| one.psa.vendor(&one.url));
    let vendor = vendor.unwrap_or_default();
    Ok((Tenants { vendor, running }, members))
}
