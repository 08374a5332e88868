//! The partner's own script for a section of the settings: kept once it is found good.

use model::{IntegrationId, PartnerId};
use store::{Batch, Versioned};

use super::save;
use super::settings::definition;
use crate::Runtime;
use crate::effective::own_script::OwnScript;
use crate::error::Error;
use crate::tables::IntegrationRow;

/// A script as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnScriptView {
    /// Its text, just as it was uploaded.
    pub source: String,
    /// Those of its functions that are called for each request.
    pub functions: Vec<String>,
}

impl Runtime {
    /// The partner's own script for a section.
    pub async fn own_script(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        section: &str,
    ) -> Result<OwnScriptView, Error> {
        let integration = self.core.integration(partner, id).await?.value.0;
        let saved = integration.sections.get(section);
        let source = saved.and_then(|saved| saved.script.clone());
        let source = source.ok_or_else(|| Error::not_found("script for the settings", section))?;
        // One that was good when it was saved, and is not by newer definitions, can still be read.
        let functions = self.functions(&integration.connector, section, &source);
        Ok(OwnScriptView {
            functions: functions.unwrap_or_default(),
            source,
        })
    }

    /// Keeps a script. One that has a fault is refused, with the place of each. What waited because
    /// the script before it failed goes on.
    pub async fn put_own_script(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        section: &str,
        source: String,
    ) -> Result<OwnScriptView, Error> {
        let row = self.core.integration(partner, id).await?;
        let functions = self.functions(&row.value.0.connector, section, &source)?;
        self.save_script(partner, row, section, Some(source.clone()))
            .await?;
        Ok(OwnScriptView { source, functions })
    }

    /// Removes the script. What waited because it failed goes on.
    pub async fn remove_own_script(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        section: &str,
    ) -> Result<(), Error> {
        let row = self.core.integration(partner, id).await?;
        let saved = row.value.0.sections.get(section);
        if saved.is_none_or(|saved| saved.script.is_none()) {
            return Err(Error::not_found("script for the settings", section));
        }
        self.save_script(partner, row, section, None).await
    }

    async fn save_script(
        &self,
        partner: &PartnerId,
        row: Versioned<IntegrationRow>,
        section: &str,
        source: Option<String>,
    ) -> Result<(), Error> {
        let mut integration = row.value.0.clone();
        let saved = integration.sections.entry(section.to_owned()).or_default();
        saved.script = source;
        let mut batch = Batch::new();
        save(&mut batch, &row, &integration);
        self.commit(batch, "the settings").await?;
        let failed = [model::IssueKind::ScriptFailed];
        let core = &self.core;
        core.try_behind(partner, &integration.id, &failed).await
    }

    /// The functions of a good script that are called, or what is wrong with it.
    fn functions(
        &self,
        connector: &str,
        section: &str,
        source: &str,
    ) -> Result<Vec<String>, Error> {
        let connector = self.core.connector(connector)?;
        let family = self.core.family(&connector)?;
        let script = OwnScript::compile(source, definition(&connector, section)?, &family)
            .map_err(|faults| Error::Invalid { faults })?;
        Ok(script.functions().map(str::to_owned).collect())
    }
}
