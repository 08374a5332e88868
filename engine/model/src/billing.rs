//! Billing as types: measured usage on one side, what an agreement bills on the other, and the plan
//! that leads from one to the other.
//!
//! Nothing is decided here. The crate `billing` computes plans from these, `runtime` carries them
//! out.

mod agreement;
mod change;
mod day;
mod decimal;
mod plan;
mod policy;
mod usage;

pub use agreement::{Agreement, AgreementChoice, ItemTarget, Period, ProductMapping};
pub use change::{Change, ChangeState};
pub use day::Day;
pub use decimal::Decimal;
pub use plan::{
    CountsFrom, Decision, DecisionKind, Hold, Leaver, Part, Plan, PlanLine, PlanState, Unbilled,
    Why,
};
pub use policy::{
    BillingPolicy, CountRule, EffectiveFrom, Guards, Measure, Mode, RoundEach, Rounding,
};
pub use usage::{Measured, Usage, UsageDetail, UsageStatus};
