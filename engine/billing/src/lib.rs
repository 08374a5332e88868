//! What ought to be billed, and the plan that leads there.
//!
//! Pure functions over the words of `model`: no state, no clock, no calls. [`desired()`] turns
//! measured usage into quantities by the partner's rules; [`line()`] holds one of them against what
//! the PSA has, and says what would be changed, from which day, and whether that may happen
//! without a person; [`settle()`] tells from a quantity that was read whether a change whose answer
//! was lost took hold. Property tests play histories with lost answers and crashes through all
//! three.

mod count;
mod desired;
mod fit;
mod period;
mod plan;
mod settle;

pub use count::{Counted, count};
pub use desired::{Demand, Facts, desired};
pub use fit::unfit;
pub use period::{Landing, Row, Window, landing, quantity_on, wanted_day};
pub use plan::{Standing, line, stands, window_for};
pub use settle::{Settled, settle};
