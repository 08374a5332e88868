//! What stands around the content of every page: heading, ways to other pages, who is signed in,
//! and what came of the form that was just sent.
//!
//! [`Here`] and [`There`] are what handlers take: a partner's page, and a page of one of its
//! integrations. Both give the [`Shell`] for their template.

use askama::Template;
use axum::extract::{FromRequestParts, OriginalUri, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use model::{IntegrationId, Partner, PartnerId};
use runtime::{ConnectorForm, IntegrationView};

use crate::App;
use crate::assets::Links;
use crate::failure::Failure;
use crate::pages;
use crate::visitor::Visitor;

mod said;

use said::Said;
pub(crate) use said::UNSAVED;

/// What stands around the content.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    /// The page's heading.
    pub(crate) title: String,
    /// The style sheet and the script.
    pub(crate) links: Links,
    /// What every form carries, in the field `_proof`.
    pub(crate) proof: String,
    /// What the visitor is, in words.
    pub(crate) role: &'static str,
    /// Whether forms can be sent; where not, pages leave their buttons out.
    pub(crate) may_change: bool,
    /// Whether the visitor sees all partners.
    pub(crate) is_operator: bool,
    /// Whose page it is; empty on pages that are no partner's.
    pub(crate) partner: String,
    /// Where that partner's pages are, e.g. `/partners/northwind`.
    pub(crate) root: String,
    /// The partner's pages.
    pub(crate) pages: Vec<Way>,
    /// Which integration it is about; empty where none.
    pub(crate) integration: String,
    /// The pages of the integration, in the order in which it is set up.
    pub(crate) tabs: Vec<Way>,
    /// What came of the form that was just sent.
    pub(crate) said: Option<Said>,
    /// Where the set-up goes on after it.
    pub(crate) next: Vec<Way>,
}

/// A way to another page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    /// What it says.
    pub(crate) label: String,
    /// Where it leads.
    pub(crate) path: String,
    /// Whether it is the page that is shown, or one above it.
    pub(crate) is_current: bool,
}

/// A partner's page.
#[derive(Clone, Debug)]
pub(crate) struct Here {
    /// Who looks.
    pub(crate) visitor: Visitor,
    /// Whose page it is.
    pub(crate) partner: Partner,
    path: String,
    query: String,
}

/// A page of an integration.
#[derive(Clone, Debug)]
pub(crate) struct There {
    /// The partner's side of it.
    pub(crate) here: Here,
    /// The integration.
    pub(crate) integration: IntegrationView,
    /// What its pages are made from.
    pub(crate) connector: ConnectorForm,
}

impl Shell {
    /// Around a page that is no partner's.
    pub(crate) fn outer(title: impl Into<String>, visitor: &Visitor) -> Self {
        Self {
            title: title.into(),
            links: Links::new(),
            proof: visitor.proof.clone(),
            role: visitor.scope().role(),
            may_change: visitor.may_change(),
            is_operator: visitor.scope().partner().is_none(),
            partner: String::new(),
            root: String::new(),
            pages: Vec::new(),
            integration: String::new(),
            tabs: Vec::new(),
            said: None,
            next: Vec::new(),
        }
    }
}

impl Shell {
    /// With what `query` says of the form that was just sent.
    pub(crate) fn saying(self, query: &str) -> Self {
        Self {
            said: Said::of(query),
            ..self
        }
    }
}

impl Here {
    /// The partner.
    pub(crate) fn id(&self) -> &PartnerId {
        &self.partner.id
    }

    /// The same page, of the partner as it is now.
    pub(crate) fn with(self, partner: Partner) -> Self {
        Self { partner, ..self }
    }

    /// Where the partner's pages are.
    pub(crate) fn root(&self) -> String {
        format!("/partners/{}", self.partner.id)
    }

    /// What stands around a page with this heading.
    pub(crate) fn shell(&self, title: impl Into<String>) -> Shell {
        let root = self.root();
        let ways = pages::PARTNER_PAGES.iter().map(|(label, part)| {
            let path = format!("{root}/{part}");
            let is_current = self.path.starts_with(&path);
            Way {
                label: (*label).to_owned(),
                path,
                is_current,
            }
        });
        Shell {
            partner: self.partner.name.clone(),
            pages: ways.collect(),
            said: Said::of(&self.query),
            root,
            ..Shell::outer(title, &self.visitor)
        }
    }

    /// The value of `name` in the page's address.
    pub(crate) fn asked(&self, name: &str) -> Option<String> {
        asked(&self.query, name)
    }

    /// The query of the page's address.
    pub(crate) fn query(&self) -> &str {
        &self.query
    }

    /// Leads to the page at `path` below the partner's, which then says what was done, by one of
    /// the codes in `said`.
    pub(crate) fn leave_for(&self, path: &str, said: &str, count: usize) -> Response {
        let root = self.root();
        Redirect::to(&format!("{root}/{path}?said={said}&n={count}")).into_response()
    }
}

impl There {
    /// The integration.
    pub(crate) fn id(&self) -> &IntegrationId {
        &self.integration.id
    }

    /// Where the integration's pages are.
    pub(crate) fn root(&self) -> String {
        format!("{}/integrations/{}", self.here.root(), self.integration.id)
    }

    /// What the connector's people call `word`, e.g. `company`.
    pub(crate) fn word<'a>(&'a self, word: &'a str) -> &'a str {
        self.connector.words.get(word).map_or(word, String::as_str)
    }

    /// What stands around a page with this heading.
    pub(crate) fn shell(&self, title: impl Into<String>) -> Shell {
        let root = self.root();
        let ways = pages::tabs(self).into_iter().map(|(label, part)| {
            let path = format!("{root}/{part}");
            let is_current = self.here.path.starts_with(&path);
            Way {
                label,
                path,
                is_current,
            }
        });
        let (tabs, outer): (Vec<Way>, Shell) = (ways.collect(), self.here.shell(title));
        Shell {
            integration: self.integration.title.clone(),
            next: outer
                .said
                .iter()
                .flat_map(|said| next(said, &root, &tabs))
                .collect(),
            tabs,
            ..outer
        }
    }

    /// As [`Here::leave_for`], below the integration's pages.
    pub(crate) fn leave_for(&self, path: &str, said: &str, count: usize) -> Response {
        let path = format!("integrations/{}/{path}", self.integration.id);
        self.here.leave_for(&path, said, count)
    }
}

/// The next steps of the set-up, of those for which the integration has a page.
fn next(said: &Said, root: &str, tabs: &[Way]) -> Vec<Way> {
    let ways = said.next.iter().map(|(part, label)| Way {
        label: (*label).to_owned(),
        path: format!("{root}/{part}"),
        is_current: false,
    });
    let is_there = |way: &Way| tabs.iter().any(|tab| way.path.starts_with(&tab.path));
    ways.filter(is_there).collect()
}

/// The value of `name` in a query, if it says anything.
pub(crate) fn asked(query: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
        .filter(|value| !value.trim().is_empty())
}

/// The page that a template makes.
pub(crate) fn page(template: &impl Template) -> Result<Response, Failure> {
    Ok(Html(template.render()?).into_response())
}

/// The page of a form that was refused, with what was typed.
pub(crate) fn refused(template: &impl Template) -> Result<Response, Failure> {
    let text = Html(template.render()?);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, text).into_response())
}

async fn param(parts: &mut Parts, app: &App, name: &str) -> Result<String, Failure> {
    let params = RawPathParams::from_request_parts(parts, app).await;
    let params = params.map_err(|_| Failure::no_such_page())?;
    let found = params.iter().find(|(known, _)| *known == name);
    found
        .map(|(_, value)| value.to_owned())
        .ok_or_else(Failure::no_such_page)
}

impl FromRequestParts<App> for Here {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        let id = PartnerId::new(param(parts, app, "partner").await?);
        let id = id.map_err(|_| Failure::no_such_page())?;
        // Routers that are nested see no more than their own part of the path.
        let whole = parts.extensions.get::<OriginalUri>();
        let path = whole.map_or(parts.uri.path(), |uri| uri.path()).to_owned();
        Ok(Self {
            visitor,
            partner: app.runtime.partner(&id).await?,
            path,
            query: parts.uri.query().unwrap_or_default().to_owned(),
        })
    }
}

impl FromRequestParts<App> for There {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let here = Here::from_request_parts(parts, app).await?;
        let id = IntegrationId::new(param(parts, app, "integration").await?);
        let id = id.map_err(|_| Failure::no_such_page())?;
        let integration = app.runtime.integration(here.id(), &id).await?;
        let connectors = app.runtime.connectors();
        let mut connectors = connectors.into_iter();
        let connector = connectors.find(|one| one.name == integration.connector);
        Ok(Self {
            connector: connector.ok_or_else(Failure::no_such_page)?,
            here,
            integration,
        })
    }
}
