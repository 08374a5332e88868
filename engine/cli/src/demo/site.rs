//! Where the tours take place: one engine, and around it the simulated PSAs with a tenant for each
//! partner that uses them, and the product as each partner has it.

use std::collections::BTreeMap;

use access::{Claims, Scope};
use definition::Library;
use definition::connector::Connector;
use exchange::{Clock as _, Network, NetworkOptions, SystemClock};
use model::{PartnerId, Secret};
use runtime::Config;
use simulators::{Tenant, Tenants};

use super::client::Client;
use super::folder::Folder;
use super::stage::{Side, Stage};
use crate::args::DemoArgs;
use crate::builtin;
use crate::config::GRACE_DEFAULT;
use crate::engine::{Engine, Plan, PublicAddress};
use crate::error::Error;
use crate::sealing;

/// What all partners share.
pub(super) struct Site {
    pub(super) token: Secret,
    /// What each PSA and the boxes for its credentials are called, by the connector's name.
    pub(super) forms: BTreeMap<String, Form>,
    engine: Engine,
    psas: Vec<Tenants>,
    // Last, because the engine writes to it until it is stopped.
    folder: Folder,
}

/// What people call a PSA, and the boxes for its credentials with their names in the API.
pub(super) struct Form {
    pub(super) title: String,
    pub(super) boxes: Vec<(String, String)>,
}

/// A partner of the demo, and the PSAs that it has.
struct Msp<'a> {
    id: String,
    name: &'static str,
    psas: Vec<&'a str>,
    is_new: bool,
}

/// Names of the partners with one PSA, in turn.
const NAMES: [&str; 2] = ["Bluewater IT Services", "Ridgeline Managed IT"];

/// One partner for each PSA, and where there are several, one that has them all. Where somebody is
/// to stay, one more who has connected none of them yet.
fn msps(psas: &[String], somebody_stays: bool) -> Vec<Msp<'_>> {
    let of_all = |id: &str, name| Msp {
        id: id.to_owned(),
        name,
        psas: psas.iter().map(String::as_str).collect(),
        is_new: false,
    };
    let alone = psas.iter().zip(NAMES.into_iter().cycle());
    let alone = alone.map(|(psa, name)| Msp {
        id: format!("{psa}-msp"),
        name,
        psas: vec![psa],
        is_new: false,
    });
    let mut msps: Vec<Msp<'_>> = alone.collect();
    if psas.len() > 1 {
        msps.push(of_all("mixed-msp", "Two Rivers Technology"));
    }
    if somebody_stays {
        msps.push(Msp {
            is_new: true,
            ..of_all("new-msp", "Newport Networks")
        });
    }
    msps
}

impl Site {
    /// Starts all of it, with a stage for each partner; the one of a new partner is the last.
    pub(super) async fn set_up(args: &DemoArgs) -> Result<(Self, Vec<Stage>), Error> {
        let names = args.psas();
        let msps = msps(&names, !args.once);
        let mut sides: BTreeMap<&str, Vec<Side>> = BTreeMap::new();
        let mut psas = Vec::new();
        for name in &names {
            let theirs = msps.iter().filter(|msp| msp.psas.contains(&name.as_str()));
            let ids: Vec<&str> = theirs.map(|msp| msp.id.as_str()).collect();
            let (tenants, members) = serve(name, args.seed, &ids).await?;
            for (id, Tenant { psa, url }) in ids.into_iter().zip(members) {
                sides.entry(id).or_default().push(Side::new(psa, url));
            }
            psas.push((name, tenants));
        }
        let folder = Folder::make(args.keep.clone())?;
        let library = builtin::load(&[])?.library;
        let forms = library.connectors.iter();
        let forms = forms.map(|(name, one)| (name.clone(), Form::of(one)));
        let forms = forms.collect();
        let engine = start(args, &folder, &psas, library).await?;
        let token = engine.tokens.mint(&Claims {
            scope: Scope::Operator,
            id: None,
            issued_at: SystemClock.now(),
            expires_at: None,
        });
        let network =
            Network::new(&NetworkOptions::default()).map_err(|source| Error::Network { source })?;
        let mut stages = Vec::new();
        for msp in &msps {
            let client = Client::new(network.clone(), &engine.url(), token.clone());
            let sides = sides.remove(msp.id.as_str()).unwrap_or_default();
            let mut stage = Stage::set_up(&msp.id, msp.name, sides, client, args.seed).await?;
            stage.is_new = msp.is_new;
            stages.push(stage);
        }
        let site = Self {
            token,
            forms,
            engine,
            psas: psas.into_iter().map(|(_, tenants)| tenants).collect(),
            folder,
        };
        Ok((site, stages))
    }

    /// Stops all of it, the engine first, so that it can end what is under way.
    pub(super) async fn tear_down(self, stages: Vec<Stage>) {
        self.engine.stop().await;
        for stage in stages {
            stage.tear_down().await;
        }
        for tenants in self.psas {
            tenants.stop().await;
        }
        drop(self.folder);
    }

    /// Addresses, one line each.
    pub(super) fn addresses(&self, stages: &[Stage]) -> Vec<String> {
        let mut lines = vec![
            format!("engine    {}", self.engine.url()),
            format!("state     {}", self.folder.path().display()),
        ];
        lines.extend(stages.iter().map(Stage::address));
        lines
    }

    pub(super) fn url(&self) -> String {
        self.engine.url()
    }

    /// The folder that holds the state.
    pub(super) fn data(&self) -> String {
        self.folder.path().display().to_string()
    }

    /// A link that signs a person in to the console: as operator, or for one partner.
    pub(super) fn sign_in_url(&self, partner: Option<&PartnerId>) -> String {
        let scope = partner.cloned().map_or(Scope::Operator, Scope::Partner);
        self.engine.sign_in_url(scope)
    }
}

impl Form {
    fn of(connector: &Connector) -> Self {
        let boxes = connector.credentials.iter();
        Self {
            title: connector.title.clone(),
            boxes: boxes
                .map(|one| (one.name.clone(), one.label.clone()))
                .collect(),
        }
    }
}

async fn serve(psa: &str, seed: u64, partners: &[&str]) -> Result<(Tenants, Vec<Tenant>), Error> {
    let served = Tenants::serve(psa, seed, partners).await;
    let served = served.map_err(|source| Error::Simulate { source })?;
    served.ok_or_else(|| Error::BadSetting {
        setting: "--psa".to_owned(),
        wrong: format!("there is no simulated `{psa}`"),
        remedy: simulators::psa_names().join(", "),
    })
}

async fn start(
    args: &DemoArgs,
    folder: &Folder,
    psas: &[(&String, Tenants)],
    library: Library,
) -> Result<Engine, Error> {
    let vendor = psas
        .iter()
        .map(|(name, tenants)| ((*name).clone(), tenants.vendor.clone()));
    let plan = Plan {
        data: folder.path().to_owned(),
        seal_key: sealing::default_path(folder.path()),
        listen: args.listen.clone(),
        public: PublicAddress::Listener,
        provider: None,
        grace: GRACE_DEFAULT,
        runtime: Config {
            vendor: vendor.collect(),
            // On this machine, which a partner could not give as an address.
            trusted_origins: psas.iter().flat_map(|(_, one)| one.origins()).collect(),
            ..Config::default()
        },
    };
    Engine::start(plan, library).await
}
