//! API tokens that are listed: made, looked through, taken back.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::PartnerId;
use runtime::{NewToken, Runtime};

use crate::App;
use crate::auth::{By, Operator};
use crate::body::Input;
use crate::params::At;
use crate::problem::{Code, Problem};
use crate::wire::each;
use crate::wire::tokens::{TokenInput, TokenList, TokenMade};

/// List a partner's tokens. Those that `dovetail token` makes are not listed.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/tokens", tag = "tokens",
    responses((status = 200, description = "The tokens.", body = TokenList)))]
pub(crate) async fn list_tokens(
    State(runtime): State<Runtime>,
    At(partner): At<PartnerId>,
) -> Result<Json<TokenList>, Problem> {
    list(&runtime, Some(&partner)).await
}

/// Make a token for a partner. The answer shows it, and nothing does later.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/tokens", tag = "tokens",
    request_body = TokenInput,
    responses((status = 201, description = "The new token.", body = TokenMade)))]
pub(crate) async fn make_token(
    State(app): State<App>,
    At(partner): At<PartnerId>,
    By(by): By,
    Input(input): Input<TokenInput>,
) -> Result<(StatusCode, Json<TokenMade>), Problem> {
    make(&app, input.of(Some(partner)), &by).await
}

/// Revoke a partner's token. It is refused from now on.
#[utoipa::path(delete, path = "/api/v1/partners/{partner}/tokens/{token}", tag = "tokens",
    responses((status = 204, description = "It is refused from now on.")))]
pub(crate) async fn revoke_token(
    State(runtime): State<Runtime>,
    At((partner, token)): At<(PartnerId, String)>,
) -> Result<StatusCode, Problem> {
    runtime.revoke_token(Some(&partner), &token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the operators' tokens. Those that `dovetail token` makes are not listed.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens",
    responses((status = 200, description = "The tokens.", body = TokenList)))]
pub(crate) async fn list_operator_tokens(
    _: Operator,
    State(runtime): State<Runtime>,
) -> Result<Json<TokenList>, Problem> {
    list(&runtime, None).await
}

/// Make an operator's token. The answer shows it, and nothing does later.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = TokenInput,
    responses((status = 201, description = "The new token.", body = TokenMade)))]
pub(crate) async fn make_operator_token(
    _: Operator,
    State(app): State<App>,
    By(by): By,
    Input(input): Input<TokenInput>,
) -> Result<(StatusCode, Json<TokenMade>), Problem> {
    let new = input.of(None);
    if new.read_only {
        return Err(
            Problem::new(Code::Invalid, "An operator's token cannot be read-only.")
                .remedy("Leave `read_only` out, or make a token of one partner."),
        );
    }
    make(&app, new, &by).await
}

/// Revoke an operator's token. It is refused from now on.
#[utoipa::path(delete, path = "/api/v1/tokens/{token}", tag = "tokens",
    responses((status = 204, description = "It is refused from now on.")))]
pub(crate) async fn revoke_operator_token(
    _: Operator,
    State(runtime): State<Runtime>,
    At(token): At<String>,
) -> Result<StatusCode, Problem> {
    runtime.revoke_token(None, &token).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list(runtime: &Runtime, whose: Option<&PartnerId>) -> Result<Json<TokenList>, Problem> {
    let tokens = each(runtime.tokens(whose).await?);
    Ok(Json(TokenList { tokens }))
}

async fn make(
    app: &App,
    new: NewToken,
    by: &str,
) -> Result<(StatusCode, Json<TokenMade>), Problem> {
    let listed = app.runtime.add_token(new, by).await?;
    let token = app.tokens.mint_listed(&listed).expose().to_owned();
    let listed = listed.into();
    Ok((StatusCode::CREATED, Json(TokenMade { token, listed })))
}
