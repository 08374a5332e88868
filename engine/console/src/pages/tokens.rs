//! API tokens: a partner's, and on a page of its own those of operators. One that is made is shown
//! once, in the answer to the form; nothing can show it later.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use model::{ApiToken, PartnerId};
use runtime::{Error, Fault, NewToken};

use crate::App;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::Wrong;
use crate::guard::Operator;
use crate::moment::Moment;
use crate::shell::{Here, Shell, page, refused};
use crate::visitor::Visitor;

/// For how long a token can be made to be good: what is sent, and what is read.
const SPANS: [(&str, &str); 4] = [
    ("30d", "30 days"),
    ("90d", "90 days"),
    ("365d", "A year"),
    ("", "Until it is revoked"),
];

/// The one that is chosen beforehand.
const SPAN_DEFAULT: &str = "90d";

#[derive(Template)]
#[template(path = "tokens.html")]
struct TokensPage {
    shell: Shell,
    /// Whether it is the page of operators.
    of_operators: bool,
    tokens: Vec<Line>,
    /// The token that was just made.
    made: Option<String>,
    name: String,
    spans: Vec<(&'static str, &'static str, bool)>,
    /// What is wrong with the name, and with the list as a whole.
    wrong_name: Option<Wrong>,
    wrong: Option<Wrong>,
}

/// One token.
struct Line {
    id: String,
    name: String,
    role: &'static str,
    made_at: Moment,
    made_by: String,
    expires_at: Option<Moment>,
    is_over: bool,
    /// The day on which it was last used, as `2027-01-31`.
    used_on: Option<String>,
}

/// What the page says beside the list.
#[derive(Default)]
struct Told {
    made: Option<String>,
    name: String,
    faults: Vec<Fault>,
}

pub(crate) async fn show(State(app): State<App>, here: Here) -> Result<Response, Failure> {
    let shell = here.shell("Tokens");
    page(&tokens_page(&app, shell, Some(here.id()), Told::default()).await?)
}

pub(crate) async fn send(
    State(app): State<App>,
    here: Here,
    fields: Fields,
) -> Result<Response, Failure> {
    let (whose, by) = (Some(here.id()), here.visitor.by());
    if fields.action() == "revoke" {
        revoke(&app, whose, &fields).await?;
        return Ok(here.leave_for("tokens", "revoked", 0));
    }
    make(&app, here.shell("Tokens"), whose, &fields, &by).await
}

pub(crate) async fn show_operators(
    State(app): State<App>,
    _: Operator,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let shell = Shell::outer("Tokens of operators", &visitor);
    let shell = shell.saying(&query.unwrap_or_default());
    page(&tokens_page(&app, shell, None, Told::default()).await?)
}

pub(crate) async fn send_operators(
    State(app): State<App>,
    _: Operator,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, Failure> {
    if fields.action() == "revoke" {
        revoke(&app, None, &fields).await?;
        return Ok(Redirect::to("/tokens").into_response());
    }
    let shell = Shell::outer("Tokens of operators", &visitor);
    make(&app, shell, None, &fields, &visitor.by()).await
}

async fn revoke(app: &App, whose: Option<&PartnerId>, fields: &Fields) -> Result<(), Failure> {
    let id = fields.get("token").unwrap_or_default();
    match app.runtime.revoke_token(whose, id).await {
        // Somebody else was faster.
        Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn make(
    app: &App,
    shell: Shell,
    whose: Option<&PartnerId>,
    fields: &Fields,
    by: &str,
) -> Result<Response, Failure> {
    let name = fields.get("name").unwrap_or_default().to_owned();
    let new = NewToken {
        name: name.clone(),
        partner: whose.cloned(),
        read_only: whose.is_some() && fields.get("role") == Some("reader"),
        expires: fields.text("expires").map(str::to_owned),
    };
    match app.runtime.add_token(new, by).await {
        Ok(listed) => {
            let told = Told {
                made: Some(app.keys.mint_listed(&listed).expose().to_owned()),
                ..Told::default()
            };
            page(&tokens_page(app, shell, whose, told).await?)
        }
        Err(Error::Invalid { faults }) => {
            let told = Told {
                name,
                faults,
                ..Told::default()
            };
            refused(&tokens_page(app, shell, whose, told).await?)
        }
        Err(error) => Err(error.into()),
    }
}

async fn tokens_page(
    app: &App,
    shell: Shell,
    whose: Option<&PartnerId>,
    told: Told,
) -> Result<TokensPage, Failure> {
    let now = app.options.now();
    let line = |token: ApiToken| Line {
        role: match (&token.partner, token.read_only) {
            (None, _) => "Operator",
            (Some(_), false) => "Administrator",
            (Some(_), true) => "Read only",
        },
        made_at: token.entered.at.into(),
        made_by: token.entered.by,
        is_over: token.expires_at.is_some_and(|at| at <= now),
        expires_at: token.expires_at.map(Moment::from),
        used_on: token
            .used_on
            .map(|day| day.to_string().chars().take(10).collect()),
        id: token.id,
        name: token.name,
    };
    let tokens = app.runtime.tokens(whose).await?;
    let span = |(value, label): (&'static str, &'static str)| (value, label, value == SPAN_DEFAULT);
    let wrong = told.faults.iter().find(|fault| fault.pointer != "/name");
    Ok(TokensPage {
        shell,
        of_operators: whose.is_none(),
        tokens: tokens.into_iter().map(line).collect(),
        made: told.made,
        spans: SPANS.map(span).to_vec(),
        wrong_name: Wrong::at(&told.faults, "/name"),
        wrong: wrong.map(Wrong::from),
        name: told.name,
    })
}
