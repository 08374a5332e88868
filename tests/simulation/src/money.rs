//! The promises about money under a seed: usage that comes and goes, answers that are lost, calls
//! that fail, an engine that dies at any await. In the end each line has what the rule makes
//! of the last usage, and no adjustment was made twice.
//!
//! A PSA that takes differences keeps them, and there it shows that one was made twice: after each
//! of them the line must have a quantity that was asked for at some time. A doubled difference
//! leads to one that nobody asked for. In one that takes quantities, a line that was added twice
//! is billed twice in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use model::billing::{ChangeState, Mode};
use serde_json::Value;
use simulators::faults::{Fault, Planned};

use crate::billing::Bill;
use crate::dice::Dice;
use crate::fuse::Fuse;
use crate::many::on_paused_time;

/// How many customers use something.
const CUSTOMERS: usize = 3;

/// How long everything may take to settle once nothing fails any more, in simulated time.
const SETTLE: Duration = Duration::from_hours(30);

/// Longer than any connector gives a change to take hold.
const SETTLED: Duration = Duration::from_mins(1);

/// What one seed came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Times that the engine died.
    pub deaths: usize,
    /// Times that usage was put in.
    pub reports: usize,
    /// Adjustments that the PSA made.
    pub adjustments: usize,
    /// Changes whose answer was lost and that were looked for.
    pub looked_for: usize,
}

/// Plays one seed; gives what it came to, or which promise was broken and how.
///
/// # Errors
///
/// What the seed panicked with.
pub fn play_one(seed: u64) -> Result<Tally, String> {
    let played = catch_unwind(AssertUnwindSafe(|| on_paused_time(play(seed))));
    played.map_err(|cause| cause.downcast_ref::<String>().cloned().unwrap_or_default())
}

/// Plays `seed` and checks the promises; a broken one panics with the seed.
async fn play(seed: u64) -> Tally {
    let dice = Dice::new(seed.wrapping_mul(0x9e37_79b9) ^ 0xb111);
    let mut bill = Bill::drawn(seed).await;
    bill.mode(Mode::Automatic, Bill::no_guards()).await;
    let mut tally = Tally::default();
    plan_faults(&bill, &dice);
    let mut history = vec![BTreeSet::from([0_u64]); CUSTOMERS];
    let mut fuse = lit(&dice);
    bill.world.kill().await;
    bill.world.start(fuse.clone());
    let mut left = 3 + dice.below(5);
    let mut used = draw(&dice, &mut history);
    while left > 0 {
        tokio::select! {
            biased;
            () = fuse.burnt() => {
                tally.deaths += 1;
                bill.world.kill().await;
                tokio::time::sleep(dice.span(Duration::from_secs(5))).await;
                fuse = lit(&dice);
                bill.world.start(fuse.clone());
            }
            () = report(&bill, &dice, &used) => {
                tally.reports += 1;
                left -= 1;
                if left > 0 {
                    used = draw(&dice, &mut history);
                }
            }
        }
    }
    // From here on nothing goes wrong any more.
    bill.world.psa.faults().clear();
    bill.world.kill().await;
    bill.world.start(Fuse::endless());
    settle(&bill, seed, &used, &history).await;
    check(&bill, seed, &history, &mut tally).await;
    tally
}

/// Hundredths that each customer uses now; what that comes to is noted.
fn draw(dice: &Dice, history: &mut [BTreeSet<u64>]) -> Vec<u64> {
    let draw = |asked: &mut BTreeSet<u64>| {
        let hundredths = dice.below(2_500);
        asked.insert(hundredths.div_ceil(100));
        hundredths
    };
    history.iter_mut().map(draw).collect()
}

fn lit(dice: &Dice) -> Fuse {
    if dice.percent(25) {
        Fuse::endless()
    } else {
        Fuse::of(1 + dice.below(800))
    }
}

fn plan_faults(bill: &Bill, dice: &Dice) {
    let faults = [
        Fault::TooManyRequests { retry_after: None },
        Fault::PlainError,
        Fault::Unavailable,
        Fault::GatewayTimeout,
        Fault::DropAnswer,
        Fault::DropRequest,
        Fault::Hang,
        Fault::HangAfter,
        Fault::CutBody,
    ];
    for _ in 0..=dice.below(5) {
        let likely = u16::try_from(50 + dice.below(350)).unwrap_or_default();
        let planned = Planned::next(*dice.pick(&faults))
            .times(u32::MAX)
            .per_mille(likely);
        // Most of what goes wrong is to meet changes, where it matters most.
        let planned = if dice.percent(70) {
            bill.world.psa.at_changes(planned)
        } else {
            planned.per_mille(likely / 4)
        };
        bill.world.psa.faults().add(planned);
    }
}

/// Reports usage, and gives the engine some time with it.
async fn report(bill: &Bill, dice: &Dice, used: &[u64]) {
    tokio::time::sleep(dice.span(Duration::from_secs(20))).await;
    let texts: Vec<String> = used.iter().map(|one| text(*one)).collect();
    let usage: Vec<(&str, &str)> = texts.iter().map(|text| (text.as_str(), "0")).collect();
    bill.uses(&usage).await;
    tokio::time::sleep(dice.span(Duration::from_mins(4))).await;
}

fn text(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Waits until every line has what the usage comes to.
async fn settle(bill: &Bill, seed: u64, used: &[u64], history: &[BTreeSet<u64>]) {
    let wanted = |at: usize| {
        let units = used.get(at).map_or(0, |used| used.div_ceil(100));
        let has = bill.units(at).unwrap_or_default();
        u64::try_from(has) == Ok(units)
    };
    let end = tokio::time::Instant::now() + SETTLE;
    while !(0..CUSTOMERS).all(wanted) {
        if tokio::time::Instant::now() > end {
            let units: Vec<_> = (0..CUSTOMERS).map(|at| bill.units(at)).collect();
            let issues = bill.engine().issues(&bill.world.partner).await;
            let plan = bill.engine().plan(&bill.world.partner, &bill.id).await;
            panic!("seed {seed}: does not settle: {units:?} for {used:?}\n{issues:#?}\n{plan:#?}");
        }
        // What was made twice never settles: the engine finds out, and leaves it to a person.
        check_adjustments(bill, seed, history, &mut Tally::default());
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
    // What is still in doubt is looked for, once a call of the last life has had its time, and
    // found to be done.
    tokio::time::sleep(SETTLED).await;
    bill.run().await;
}

async fn check(bill: &Bill, seed: u64, history: &[BTreeSet<u64>], tally: &mut Tally) {
    check_adjustments(bill, seed, history, tally);
    let changes = bill.changes().await;
    for change in &changes {
        let known = [ChangeState::Verified, ChangeState::NotDone].contains(&change.state);
        assert!(
            known,
            "seed {seed}: nobody knows what became of {change:#?}"
        );
        tally.looked_for += usize::from(change.answer.is_none());
    }
    let mut issues = bill
        .engine()
        .issues(&bill.world.partner)
        .await
        .expect("issues");
    // Those of runs that prepare tickets clear themselves a day later.
    issues.retain(|one| one.issue.id.as_str().contains("bill"));
    assert!(
        issues.is_empty(),
        "seed {seed}: issues that do not clear themselves: {issues:#?}"
    );
    let violations = bill.world.psa.violations();
    assert!(violations.is_empty(), "seed {seed}: {violations:?}");
    let before = bill.world.psa.change_calls().len();
    bill.run().await;
    assert_eq!(
        bill.world.psa.change_calls().len(),
        before,
        "seed {seed}: nothing to do writes nothing"
    );
}

/// Holds the adjustments of an Autotask, which it keeps, against what was asked for; those of
/// another PSA are only counted.
fn check_adjustments(bill: &Bill, seed: u64, history: &[BTreeSet<u64>], tally: &mut Tally) {
    if crate::tenant::logs_in(seed) {
        tally.adjustments += bill.adjustments();
        return;
    }
    let mut quantities: BTreeMap<usize, i64> = BTreeMap::new();
    for adjustment in bill.world.autotask().records("ContractServiceAdjustments") {
        let number = |field: &str| adjustment.get(field).and_then(Value::as_i64);
        let Some(at) = bill.customer_of(&adjustment) else {
            continue;
        };
        tally.adjustments += 1;
        let quantity = quantities.entry(at).or_default();
        *quantity += number("unitChange").unwrap_or_default();
        let asked = history.get(at).expect("a history");
        let was_asked = u64::try_from(*quantity).is_ok_and(|quantity| asked.contains(&quantity));
        assert!(
            was_asked,
            "seed {seed}: customer {at} was billed {quantity}, and only {asked:?} were ever asked"
        );
    }
}
