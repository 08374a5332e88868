//! Billing codes, the catalogue of services, and the contracts they are billed on.

use jiff::{Timestamp, ToSpan as _};

use super::super::billing::{self, RECURRING_CODE, RECURRING_SERVICE};
use super::super::entities::{BILLING_CODE, COMPANY, CONTRACT, CONTRACT_SERVICE, SERVICE};
use super::super::tenant::Tenant;
use super::super::tickets::CONTRACT_ACTIVE;
use super::add_row;
use crate::moment;

/// Name, use type and whether it is active.
const CODES: [(&str, i64, bool); 4] = [
    ("Managed Security", RECURRING_CODE, true),
    ("Managed Backup", RECURRING_CODE, true),
    ("Legacy Services", RECURRING_CODE, false),
    ("Remote Support", 1, true),
];

/// Name, price and cost of the services that the MSP sells already.
const SERVICES: [(&str, f64, f64); 2] = [
    ("Managed Workstation", 45.0, 12.5),
    ("Cloud Backup", 8.0, 3.0),
];

/// Companies whose contract has lines already; rows of units for thousands would only cost time.
const WITH_LINES_MAX: usize = 25;

/// Adds them, and for each customer a recurring contract over the year around `now`.
pub(crate) fn add(tenant: &mut Tenant, now: Timestamp) {
    let mut codes = CODES.into_iter().map(|(name, use_type, active)| {
        add_row(tenant, &BILLING_CODE, |row| {
            row.set("name", name);
            row.set("useType", use_type);
            row.set("billingCodeType", 0);
            row.set("isActive", active);
            row.set("isExcludedFromNewContracts", false);
        })
    });
    let code = codes.next().unwrap_or_default();
    codes.for_each(drop);
    let services = SERVICES.map(|(name, price, cost)| {
        add_row(tenant, &SERVICE, |row| {
            row.set("name", name);
            row.set("billingCodeID", code);
            row.set("periodType", 2);
            row.set("unitPrice", price);
            row.set("unitCost", cost);
            row.set("isActive", true);
            row.set("createDate", moment::text_of(now));
        })
    });
    add_contracts(tenant, now, services);
}

fn add_contracts(tenant: &mut Tenant, now: Timestamp, services: [i64; 2]) {
    let year = moment::date_time_of(now).date().first_of_year();
    let end = year.saturating_add(2.years()).saturating_sub(1.day());
    let period = tenant.choice(CONTRACT.name, "contractPeriodType", "Monthly");
    let active = tenant
        .rows(&COMPANY)
        .filter(|company| company.id != 0 && company.is_active());
    let companies: Vec<i64> = active.map(|company| company.id).collect();
    for ((position, company), units) in companies.into_iter().enumerate().zip(5..) {
        let contract = add_row(tenant, &CONTRACT, |row| {
            row.set("companyID", company);
            row.set("contractName", "Managed Services Agreement");
            row.set("contractType", RECURRING_SERVICE);
            row.set("contractPeriodType", period);
            row.set("startDate", moment::text_of_date(year));
            row.set("endDate", moment::text_of_date(end));
            row.set("status", CONTRACT_ACTIVE);
            row.set("timeReportingRequiresStartAndStopTimes", 0);
            row.set("isDefaultContract", true);
            row.set("lastModifiedDateTime", moment::text_of(now));
        });
        let lines = SERVICES.into_iter().zip(services);
        for ((_, price, cost), service) in lines.filter(|_| position < WITH_LINES_MAX) {
            let line = add_row(tenant, &CONTRACT_SERVICE, |row| {
                row.set("contractID", contract);
                row.set("serviceID", service);
                row.set("unitPrice", price);
                row.set("unitCost", cost);
            });
            billing::open_line(tenant, line, units);
        }
    }
}
