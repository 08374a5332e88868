//! What goes wrong with calls in one seed.

use simulators::faults::{Fault, Planned};
use simulators::product::API_KEY;

use crate::dice::Dice;
use crate::world::World;

/// Everything that can go wrong with a call to the PSA.
const OF_PSA: [Fault; 13] = [
    Fault::TooManyRequests { retry_after: None },
    Fault::TooManyRequests {
        retry_after: Some(7),
    },
    Fault::TooManyRequests {
        retry_after: Some(40),
    },
    Fault::PlainError,
    Fault::Unavailable,
    Fault::GatewayTimeout,
    Fault::DropAnswer,
    Fault::DropRequest,
    Fault::Hang,
    Fault::HangAfter,
    Fault::Slow {
        milliseconds: 4_000,
    },
    Fault::Slow {
        milliseconds: 90_000,
    },
    Fault::CutBody,
];

/// And with a login, whose refusals are told apart from those of a wrong secret.
const OF_LOGIN: [Fault; 7] = [
    Fault::TooManyRequests {
        retry_after: Some(15),
    },
    Fault::TooManyRequests { retry_after: None },
    Fault::BadRequest,
    Fault::PlainError,
    Fault::Unavailable,
    Fault::DropAnswer,
    Fault::Hang,
];

/// And with an event for the product.
const OF_PRODUCT: [Fault; 5] = [
    Fault::PlainError,
    Fault::DropAnswer,
    Fault::HangAfter,
    Fault::Unavailable,
    Fault::TooManyRequests {
        retry_after: Some(20),
    },
];

/// And with looking up who asked.
const OF_LOOKUP: [Fault; 6] = [
    Fault::PlainError,
    Fault::Unavailable,
    Fault::DropAnswer,
    Fault::Hang,
    Fault::CutBody,
    Fault::TooManyRequests {
        retry_after: Some(20),
    },
];

/// Draws what goes wrong, and how often, until [`end`].
pub(crate) fn begin(world: &World, dice: &Dice) {
    for _ in 0..dice.below(6) {
        let likely = u16::try_from(20 + dice.below(150)).unwrap_or_default();
        let planned = Planned::next(*dice.pick(&OF_PSA))
            .times(u32::MAX)
            .per_mille(likely);
        // Most of what goes wrong is to meet effects, where it matters most.
        let planned = if dice.percent(60) {
            world.psa.at_tickets(planned)
        } else {
            planned
        };
        world.psa.faults().add(planned);
    }
    if let Some(sessions) = world.psa.sessions().filter(|_| dice.percent(50)) {
        let planned = Planned::next(*dice.pick(&OF_LOGIN)).times(u32::MAX);
        let planned = sessions.at_login(planned.per_mille(300));
        world.psa.faults().add(planned);
    }
    if dice.percent(30) {
        let planned = Planned::next(*dice.pick(&OF_PRODUCT)).times(u32::MAX);
        world.product.faults().add(planned.per_mille(200));
    }
    world.set_faulty(dice.percent(70));
}

/// Draws what goes wrong while it is looked up who asked.
pub(crate) fn begin_lookups(world: &World, dice: &Dice) {
    for _ in 0..dice.below(3) {
        let planned = Planned::next(*dice.pick(&OF_LOOKUP)).times(u32::MAX);
        let planned = planned.entity("customers").per_mille(300);
        world.product.faults().add(planned);
    }
}

/// From here on nothing goes wrong any more.
pub(crate) fn end(world: &World) {
    world.psa.faults().clear();
    world.product.faults().clear();
    world.product.set_key(API_KEY);
    if let Some(sessions) = world.psa.sessions() {
        sessions.allow_tickets(true);
    }
    world.set_faulty(false);
}
