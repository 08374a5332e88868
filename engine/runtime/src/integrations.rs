//! Integrations: trying out a connection, creating, replacing credentials, settings and their
//! choices. All of it comes from the connector's definition; nothing here knows a PSA.

mod connection;
mod credentials;
mod own_script;
mod preview;
pub(crate) mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;

use definition::ConnectedBy;
use definition::Family;
use definition::connector::{Connector, Field, GuidePart};
use definition::pipeline::{Entity, Event, StepKind};
use model::{Health, Held, Integration, IntegrationId, PartnerId, Secret, Timestamp, span};
use sha2::{Digest, Sha256};
use store::{Batch, Expect, Records, Versioned};

pub use connection::{ConnectionReport, RightReport};
pub(crate) use connection::{grants, needed};
use credentials::checked;
pub use credentials::{CredentialsView, FORMER_KEPT, SpareView};
pub use own_script::OwnScriptView;
pub use preview::{Preview, PreviewInput, PreviewOf};
pub use settings::{
    Choice, ChoiceList, RULES_MAX, SectionChange, SectionForm, SectionView, SettingForm,
    VariableForm,
};

use crate::Runtime;
use crate::core::Core;
use crate::error::{Error, Fault};
use crate::events::{Happened, every, schedule_job};
use crate::tables::{CalloutOwner, CalloutRow, CalloutSeenRow, IntegrationRow, NOBODY, RoutingRow};

/// The shortest interval that a schedule may have.
const EVERY_MIN: std::time::Duration = std::time::Duration::from_secs(1);

/// What a form needs to know of a connector.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectorForm {
    /// The connector's name.
    pub name: String,
    /// What people call the system.
    pub title: String,
    /// The family it belongs to, e.g. `psa`.
    pub family: String,
    /// What people call the family.
    pub family_title: String,
    /// Who connects such a system.
    pub connected_by: ConnectedBy,
    /// Whether customers are mapped to companies for it: whether its family's work asks for one.
    pub maps_companies: bool,
    /// The version of its file.
    pub version: String,
    /// What its people call things, by our word.
    pub words: BTreeMap<String, String>,
    /// What a partner has to give.
    pub credentials: Vec<FormField>,
    /// What they do in the system to have that.
    pub guide: Vec<GuidePart>,
    /// The sections of its settings.
    pub sections: Vec<SectionForm>,
}

/// One field of the credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField {
    /// Its name.
    pub name: String,
    /// What stands beside it.
    pub label: String,
    /// Where its value is found.
    pub help: Option<String>,
    /// Whether it is hidden once saved.
    pub secret: bool,
    /// What it is unless something else is given.
    pub default: Option<String>,
}

/// An integration as people see it: without its secrets, with what goes on in it.
#[derive(Clone, Debug, PartialEq)]
pub struct IntegrationView {
    /// Its id.
    pub id: IntegrationId,
    /// Its connector.
    pub connector: String,
    /// What people call the system.
    pub title: String,
    /// What its people call things, by our word.
    pub words: BTreeMap<String, String>,
    /// Whether its credentials work.
    pub health: Health,
    /// What is known of its credentials besides their values.
    pub credentials: CredentialsView,
    /// That people keep it from being used, if they do.
    pub held: Option<Held>,
    /// The path of its callout address; it is secret.
    pub callout_path: String,
    /// When a callout was last accepted.
    pub callout_seen_at: Option<Timestamp>,
    /// Which sections of its settings are switched on.
    pub sections: BTreeMap<String, bool>,
    /// What runs by itself, and when.
    pub schedule: Vec<ScheduleLine>,
    /// How many issues are open about it.
    pub open_issues: usize,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One pipeline that runs by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleLine {
    /// Its name.
    pub pipeline: String,
    /// What it does.
    pub title: String,
    /// How often, e.g. `5m`.
    pub every: String,
    /// When it runs next, unless it is running.
    pub next_at: Option<Timestamp>,
}

impl Runtime {
    /// Every connector that is loaded, for forms.
    pub fn connectors(&self) -> Vec<ConnectorForm> {
        self.core
            .library
            .connectors
            .values()
            .map(|one| self.connector_form(one))
            .collect()
    }

    /// Tries out credentials: whether they work, and which rights are missing. Nothing is kept.
    pub async fn test_connection(
        &self,
        partner: &PartnerId,
        connector: &str,
        credentials: BTreeMap<String, Secret>,
    ) -> Result<ConnectionReport, Error> {
        self.core.partner(partner).await?;
        let connector = self.core.connector(connector)?;
        let credentials = checked(&connector, credentials)?;
        let integration = self.core.new_integration(partner, &connector, credentials);
        self.core.try_out(integration).await
    }

    /// Creates an integration with credentials that work, and begins to read and prepare.
    pub async fn create_integration(
        &self,
        partner: &PartnerId,
        connector: &str,
        credentials: BTreeMap<String, Secret>,
        by: &str,
    ) -> Result<IntegrationView, Error> {
        let core = &self.core;
        core.partner(partner).await?;
        let connector = core.connector(connector)?;
        let credentials = checked(&connector, credentials)?;
        let integration = Integration {
            entered: Some(core.entered(by)),
            ..core.new_integration(partner, &connector, credentials)
        };
        core.try_out(integration.clone())
            .await?
            .refuse_unless_ok()?;
        let mut batch = Batch::new();
        let now = core.now();
        let id = integration.id.as_str();
        batch
            .put_record(
                partner.as_str(),
                &[id],
                &IntegrationRow(integration.clone()),
                Expect::Absent,
            )
            .put_record(partner.as_str(), &[], &RoutingRow(now), Expect::Any);
        put_callout(&mut batch, &integration);
        let happened = Happened::plain(Event::IntegrationCreated, core.now());
        core.enqueue_event(&mut batch, &integration, &happened);
        core.enqueue_schedule(&mut batch, &integration);
        self.commit(batch, "the integration").await?;
        self.integration(partner, &integration.id).await
    }

    /// The partner's integrations, oldest first.
    pub async fn integrations(&self, partner: &PartnerId) -> Result<Vec<IntegrationView>, Error> {
        self.core.partner(partner).await?;
        let mut views = Vec::new();
        for integration in self.core.integrations(partner).await? {
            views.push(self.view(integration).await?);
        }
        Ok(views)
    }

    /// One integration.
    pub async fn integration(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<IntegrationView, Error> {
        let row = self.core.integration(partner, id).await?;
        self.view(row.value.0).await
    }

    /// Sets, or with `None` removes, the name and password that callouts must bring.
    pub async fn put_callout_credentials(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        basic: Option<(String, Secret)>,
    ) -> Result<IntegrationView, Error> {
        let row = self.core.integration(partner, id).await?;
        let mut integration = row.value.0.clone();
        integration.callout_basic = basic;
        let mut batch = Batch::new();
        save(&mut batch, &row, &integration);
        self.core.callout_changed(&mut batch, &integration);
        self.commit(batch, "the integration").await?;
        self.view(integration).await
    }

    /// Gives the integration another callout address; the old one stops working at once.
    pub async fn rotate_callout(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<IntegrationView, Error> {
        let row = self.core.integration(partner, id).await?;
        let mut integration = row.value.0.clone();
        let old = token_hash(integration.callout_token.expose());
        integration.callout_token = Secret::new(self.core.token(32));
        let mut batch = Batch::new();
        batch.delete(
            <CalloutRow as store::Record>::key(NOBODY, &[&old]),
            Expect::Any,
        );
        // That of a disconnected one stays closed until it is connected again.
        if !matches!(integration.held, Some(Held::Disconnected { .. })) {
            put_callout(&mut batch, &integration);
        }
        save(&mut batch, &row, &integration);
        self.core.callout_changed(&mut batch, &integration);
        self.commit(batch, "the integration").await?;
        self.view(integration).await
    }

    /// Sets how often pipelines run; those that are not named run as often as the family says.
    pub async fn put_schedule(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        schedule: BTreeMap<String, String>,
    ) -> Result<IntegrationView, Error> {
        let core = &self.core;
        let row = core.integration(partner, id).await?;
        let mut integration = row.value.0.clone();
        let known = core.pipelines(&integration, |pipeline| pipeline.every.is_some());
        for (name, span) in &schedule {
            if !known.iter().any(|pipeline| pipeline.name == *name) {
                let names: Vec<&str> = known.iter().map(|one| one.name.as_str()).collect();
                let hint = format!("pipelines that run by schedule are {}", names.join(", "));
                let message = format!("`{name}` does not run by schedule");
                let pointer = format!("/{name}");
                let faults = vec![Fault {
                    pointer,
                    message,
                    hint: Some(hint),
                    place: None,
                }];
                return Err(Error::Invalid { faults });
            }
            if span::parse(span).is_none_or(|every| every < EVERY_MIN) {
                let message = format!("`{span}` is not a span of at least 1s, such as 2m or 6h");
                return Err(Error::invalid(format!("/{name}"), message));
            }
        }
        let mut batch = Batch::new();
        // Those of the schedule so far end as soon as they are due, and hold up their lanes until
        // then.
        for pipeline in &known {
            batch.hasten(schedule_job(&integration, &pipeline.name), core.now());
        }
        integration.schedule = schedule;
        integration.schedule_generation += 1;
        save(&mut batch, &row, &integration);
        core.enqueue_schedule(&mut batch, &integration);
        self.commit(batch, "the integration").await?;
        self.view(integration).await
    }

    fn connector_form(&self, connector: &Connector) -> ConnectorForm {
        let family = self.core.library.families.get(&connector.family);
        let title = family.map_or(&connector.family, |family| &family.title);
        ConnectorForm {
            name: connector.name.clone(),
            title: connector.title.clone(),
            family: connector.family.clone(),
            family_title: title.clone(),
            connected_by: family.map(|family| family.connected_by).unwrap_or_default(),
            maps_companies: family.is_some_and(|family| maps_companies(family)),
            version: connector.version.clone(),
            words: connector.words.clone(),
            credentials: connector.credentials.iter().map(form_field).collect(),
            guide: connector.guide.clone(),
            sections: settings::forms(connector),
        }
    }

    pub(crate) async fn view(&self, integration: Integration) -> Result<IntegrationView, Error> {
        let core = &self.core;
        let connector = core.library.connectors.get(&integration.connector);
        let partner = integration.partner.as_str();
        let parts = [integration.id.as_str()];
        let seen = core
            .store
            .get_record::<CalloutSeenRow>(partner, &parts)
            .await?;
        let issues = self.issues(&integration.partner).await?;
        let about =
            |view: &&crate::IssueView| view.issue.integration.as_ref() == Some(&integration.id);
        let sections = connector.into_iter().flat_map(|one| one.settings.keys());
        Ok(IntegrationView {
            title: connector.map_or_else(|| integration.connector.clone(), |one| one.title.clone()),
            words: connector.map(|one| one.words.clone()).unwrap_or_default(),
            health: integration.health.clone(),
            credentials: CredentialsView::of(&integration, core.now()),
            held: integration.held,
            callout_path: format!("/callouts/{}", integration.callout_token.expose()),
            callout_seen_at: seen.map(|seen| seen.value.0),
            sections: sections
                .map(|name| (name.clone(), integration.is_on(name)))
                .collect(),
            schedule: self.schedule(&integration).await?,
            open_issues: issues.iter().filter(about).count(),
            created_at: integration.created_at,
            connector: integration.connector,
            id: integration.id,
        })
    }

    pub(crate) async fn schedule(
        &self,
        integration: &Integration,
    ) -> Result<Vec<ScheduleLine>, Error> {
        let core = &self.core;
        let jobs = core
            .store
            .jobs(integration.partner.as_str(), None, store::limits::MAX_SCAN)
            .await?;
        let lines = core.pipelines(integration, |pipeline| pipeline.every.is_some());
        let line = |pipeline: Arc<definition::Pipeline>| {
            let id = schedule_job(integration, &pipeline.name);
            Some(ScheduleLine {
                every: span::print(every(integration, &pipeline)?),
                next_at: jobs.iter().find(|job| job.id == id).map(|job| job.due),
                title: pipeline.title.clone(),
                pipeline: pipeline.name.clone(),
            })
        };
        Ok(lines.into_iter().filter_map(line).collect())
    }
}

impl Core {
    /// Has the PSA be told, where it can be, how it reaches us now.
    fn callout_changed(&self, batch: &mut Batch, integration: &Integration) {
        let happened = Happened::plain(Event::CalloutChanged, self.now());
        self.enqueue_event(batch, integration, &happened);
    }

    /// An integration that is not saved yet.
    fn new_integration(
        &self,
        partner: &PartnerId,
        connector: &Connector,
        credentials: BTreeMap<String, Secret>,
    ) -> Integration {
        let id = IntegrationId::new(format!("{}-{}", connector.name, self.short_id()));
        Integration {
            id: id.unwrap_or_else(|_| unreachable_id()),
            partner: partner.clone(),
            connector: connector.name.clone(),
            credentials,
            entered: None,
            credentials_generation: 0,
            spare: None,
            sections: BTreeMap::new(),
            health: Health::Good,
            held: None,
            schedule: BTreeMap::new(),
            schedule_generation: 0,
            callout_token: Secret::new(self.token(32)),
            callout_basic: None,
            created_at: self.now(),
        }
    }
}

pub(crate) fn save(batch: &mut Batch, row: &Versioned<IntegrationRow>, integration: &Integration) {
    let parts = [integration.id.as_str()];
    let saved = IntegrationRow(integration.clone());
    let expect = Expect::Version(row.version);
    batch.put_record(integration.partner.as_str(), &parts, &saved, expect);
}

pub(crate) fn put_callout(batch: &mut Batch, integration: &Integration) {
    let owner = CalloutOwner {
        partner: integration.partner.clone(),
        integration: integration.id.clone(),
    };
    let hash = token_hash(integration.callout_token.expose());
    batch.put_record(NOBODY, &[&hash], &CalloutRow(owner), Expect::Any);
}

/// A token is looked up by its hash, so that neither the time of the look-up nor a copy of the
/// index tells anything about it.
pub(crate) fn token_hash(token: &str) -> String {
    crate::core::hex(&Sha256::digest(token.as_bytes()))
}

fn unreachable_id() -> IntegrationId {
    #[expect(clippy::expect_used, reason = "the text is an id")]
    IntegrationId::new("integration").expect("an id")
}

/// Whether a pipeline of the family asks which company a customer is.
fn maps_companies(family: &Family) -> bool {
    let mut steps = family.pipelines.values().flat_map(|one| &one.steps);
    steps.any(|step| {
        let kind = &step.kind;
        matches!(
            kind,
            StepKind::Match {
                entity: Entity::Company,
                ..
            }
        )
    })
}

fn form_field(field: &Field) -> FormField {
    FormField {
        name: field.name.clone(),
        label: field.label.clone(),
        help: field.help.clone(),
        secret: field.secret,
        default: field.default.clone(),
    }
}
