//! Activity: requests found again, one seen to once more, and how all partners are doing.

use axum::Json;
use axum::extract::State;
use model::{PartnerId, RequestId};
use runtime::{Runtime, Wanted};

use crate::auth::Operator;
use crate::params::{Asked, At, page};
use crate::problem::Problem;
use crate::wire::activity::{ActivityAsked, Fleet, FleetAsked, FleetLine, Replay};
use crate::wire::each;
use crate::wire::requests::{Request, RequestList};

/// Find requests, the newest first, without their histories.
///
/// One answer looks at some thousand requests. `next` is there as long as there are more to look
/// at, also where few or none were found so far.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/activity", tag = "requests",
    params(ActivityAsked),
    responses((status = 200, description = "The newest first; before them those whose id, or \
        whose ticket's, is exactly what was asked for.", body = RequestList)))]
pub(crate) async fn find_requests(
    State(runtime): State<Runtime>,
    At(partner): At<PartnerId>,
    Asked(asked): Asked<ActivityAsked>,
) -> Result<Json<RequestList>, Problem> {
    let limit = page(asked.limit)?;
    let wanted = Wanted {
        text: asked.find,
        state: asked.state.map(model::State::from),
        customer: asked.customer,
    };
    let after = asked.after.as_ref();
    let found = runtime
        .find_requests(&partner, &wanted, after, limit)
        .await?;
    let next = found.next.map(|id| id.to_string());
    let requests = found.requests.into_iter().map(Request::brief).collect();
    Ok(Json(RequestList { requests, next }))
}

/// See to a request once more: try again what waits, or read its ticket again. Nothing is done
/// twice by it.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/requests/{request}/replay",
    tag = "requests",
    responses((status = 200, description = "What that set going.", body = Replay)))]
pub(crate) async fn replay_request(
    State(runtime): State<Runtime>,
    At((partner, request)): At<(PartnerId, RequestId)>,
) -> Result<Json<Replay>, Problem> {
    let replayed = runtime.replay(&partner, &request).await?.into();
    Ok(Json(Replay { replayed }))
}

/// How all partners are doing: counts and moments, nothing of what their customers sent. Takes an
/// operator's token.
#[utoipa::path(get, path = "/api/v1/fleet", tag = "operation", params(FleetAsked),
    responses((status = 200, description = "Partners, by id.", body = Fleet)))]
pub(crate) async fn read_fleet(
    _: Operator,
    State(runtime): State<Runtime>,
    Asked(asked): Asked<FleetAsked>,
) -> Result<Json<Fleet>, Problem> {
    let limit = page(asked.limit)?;
    let lines = runtime.fleet(asked.after.as_ref(), limit).await?;
    let last = lines.last().map(|line| line.partner.to_string());
    let next = last.filter(|_| lines.len() == limit);
    let partners: Vec<FleetLine> = each(lines);
    Ok(Json(Fleet { partners, next }))
}
