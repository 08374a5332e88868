//! The sample MSP and its customers, the same in every simulated PSA.
//!
//! Names are written the way people write them, so that matching them with the product's
//! customers needs some care: legal forms, commas, case, ampersands, abbreviations.

use rand::RngExt as _;
use rand::rngs::StdRng;

/// The MSP itself.
pub(crate) const OWN_COMPANY: &str = "Northwind Managed Services";

/// Name, web address, city and whether it is active.
pub(crate) const COMPANIES: [(&str, &str, &str, bool); 12] = [
    (
        "Acme Industries, Inc.",
        "https://www.acme-industries.example",
        "Springfield",
        true,
    ),
    (
        "Baker & Sons Logistics LLC",
        "http://bakersons.example/",
        "Columbus",
        true,
    ),
    ("Café Lumière", "cafelumiere.example", "Montréal", true),
    (
        "Delta Dental Group",
        "www.deltadental.example",
        "Austin",
        true,
    ),
    (
        "Evergreen Public Schools, District 12",
        "evergreen12.example",
        "Salem",
        true,
    ),
    (
        "FABRIKAM GMBH",
        "https://fabrikam.example/de",
        "Hamburg",
        true,
    ),
    (
        "Green Valley Medical Center (GVMC)",
        "https://gvmc.example",
        "Tucson",
        true,
    ),
    (
        "Harbour Law Partners LLP",
        "harbourlaw.example",
        "Boston",
        true,
    ),
    ("Ionic Architects Ltd.", "www.ionic.example", "Leeds", true),
    ("Juniper Insurance Agency", "", "Denver", true),
    (
        "Kestrel Manufacturing Co",
        "kestrel-mfg.example",
        "Dayton",
        true,
    ),
    (
        "Lakeside Veterinary Clinic",
        "lakesidevet.example",
        "Madison",
        false,
    ),
];

/// Parts of generated names.
const FIRST: [&str; 16] = [
    "Aspen", "Birch", "Cedar", "Dorado", "Ember", "Falcon", "Granite", "Horizon", "Indigo",
    "Jasper", "Keystone", "Liberty", "Meridian", "Nimbus", "Orchard", "Pioneer",
];
const SECOND: [&str; 12] = [
    "Analytics",
    "Builders",
    "Capital",
    "Dental",
    "Engineering",
    "Foods",
    "Health",
    "Imports",
    "Legal",
    "Motors",
    "Properties",
    "Systems",
];
const FORM: [&str; 6] = [", Inc.", " LLC", " Ltd", " Group", "", " Co."];

/// A name that people could have chosen, and a web address that goes with it.
pub(crate) fn generated_name(dice: &mut StdRng, count: u32) -> (String, String) {
    let mut pick = |parts: &'static [&'static str]| {
        parts
            .get(dice.random_range(0..parts.len()))
            .copied()
            .unwrap_or_default()
    };
    let (first, second, form) = (pick(&FIRST), pick(&SECOND), pick(&FORM));
    // The count keeps names apart, as branch numbers do in real lists.
    let name = format!("{first} {second} {count}{form}");
    let web = format!(
        "{}-{}{count}.example",
        first.to_lowercase(),
        second.to_lowercase()
    );
    (name, web)
}
