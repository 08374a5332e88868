//! The legs of the tour, in their order.

use super::lapse::Lapse;
use super::stage::Stage;
use super::{billing, setup, tickets, troubles};

/// One leg: something that a user counts on, done once and looked at from the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leg {
    Connect,
    MapCompanies,
    MakeMark,
    OpenTickets,
    CloseInPsa,
    CloseInProduct,
    ParkUnmapped,
    BillUsage,
    SurviveFaults,
    RefuseWrong,
    AddUp,
}

impl Leg {
    pub(super) const ALL: [Self; 11] = [
        Self::Connect,
        Self::MapCompanies,
        Self::MakeMark,
        Self::OpenTickets,
        Self::CloseInPsa,
        Self::CloseInProduct,
        Self::ParkUnmapped,
        Self::BillUsage,
        Self::SurviveFaults,
        Self::RefuseWrong,
        Self::AddUp,
    ];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Connect => "The connection is tested and the integration created",
            Self::MapCompanies => "Companies are read and mapped to customers",
            Self::MakeMark => "The PSA is prepared: settings chosen, ticket flag made",
            Self::OpenTickets => "Requests become tickets, one each",
            Self::CloseInPsa => "A ticket closed in the PSA closes its request",
            Self::CloseInProduct => "A request closed in the product closes its ticket",
            Self::ParkUnmapped => "A request of an unmapped customer waits, then goes on by itself",
            Self::BillUsage => "Usage is billed: planned, approved, read back, one taken back",
            Self::SurviveFaults => "Lost answers, refusals and errors double no ticket",
            Self::RefuseWrong => "What is wrong is refused with a clear error",
            Self::AddUp => "The ledger adds up",
        }
    }

    /// Does it, and gives what was verified, a sentence each.
    pub(super) async fn walk(self, stage: &mut Stage) -> Result<Vec<String>, Lapse> {
        match self {
            Self::Connect => setup::connect(stage).await,
            Self::MapCompanies => setup::map_companies(stage).await,
            Self::MakeMark => setup::make_mark(stage).await,
            Self::OpenTickets => tickets::open(stage).await,
            Self::CloseInPsa => tickets::close_in_psa(stage).await,
            Self::CloseInProduct => tickets::close_in_product(stage).await,
            Self::ParkUnmapped => tickets::park_unmapped(stage).await,
            Self::BillUsage => billing::bill(stage).await,
            Self::SurviveFaults => troubles::survive_faults(stage).await,
            Self::RefuseWrong => troubles::refuse_wrong(stage).await,
            Self::AddUp => troubles::add_up(stage).await,
        }
    }
}
