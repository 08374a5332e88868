//! What the simulated Autotask bills, in the shape of every PSA. Its lines have units for stretches
//! of days.

use serde_json::{Value, json};

use super::Autotask;
use super::entities::{
    BILLING_CODE, COMPANY, CONTRACT, CONTRACT_SERVICE_ADJUSTMENT, CONTRACT_SERVICE_UNIT, SERVICE,
};
use crate::Error;
use crate::books::{Books, is, named, names, no_line, sum, text};
use crate::faults::{Fault, Planned};

/// The code that recurring services are booked under.
const CODE: &str = "Managed Security";

impl Books for Autotask {
    fn billing_settings(&self) -> Vec<(&'static str, &'static str)> {
        vec![("default_billing_code", CODE)]
    }

    fn add_item(&self, name: &str, price: f64) -> Result<i64, Error> {
        let code = named(&self.records(BILLING_CODE.path), "name", CODE);
        let period = self.picklist_value(SERVICE.path, "periodType", "Monthly");
        let service = json!({ "name": name, "unitPrice": price, "periodType": period,
            "billingCodeID": code, "isActive": true });
        self.create(SERVICE.path, service)
    }

    fn items(&self) -> Vec<String> {
        names(&self.records(SERVICE.path), "name")
    }

    fn billed(&self, company: &str, item: &str, day: &str) -> Option<f64> {
        sum(&self.units_on(company, item, day), "units")
    }

    fn other_lines(&self, item: &str) -> Vec<Value> {
        let item = named(&self.records(SERVICE.path), "name", item).unwrap_or_default();
        let mut rows = self.records(CONTRACT_SERVICE_UNIT.path);
        rows.retain(|row| !is(row, "serviceID", item));
        rows
    }

    fn agreements(&self) -> Vec<Value> {
        self.records(CONTRACT.path)
    }

    fn at_changes(&self, planned: Planned) -> Planned {
        planned
            .method("POST")
            .entity(CONTRACT_SERVICE_ADJUSTMENT.path)
    }

    fn change_calls(&self) -> Vec<u16> {
        let entity = CONTRACT_SERVICE_ADJUSTMENT.path;
        let calls = self.calls().into_iter();
        let changes = calls.filter(|call| call.method == "POST" && call.entity == entity);
        changes.map(|call| call.status).collect()
    }

    fn bill_by_hand(
        &self,
        company: &str,
        item: &str,
        day: &str,
        quantity: i64,
    ) -> Result<(), Error> {
        let rows = self.units_on(company, item, day);
        let row = rows.first().ok_or_else(|| no_line(company, item))?;
        let had = row.get("units").and_then(Value::as_i64);
        let adjustment = json!({ "contractServiceID": row.get("contractServiceID"),
            "effectiveDate": day, "unitChange": quantity - had.unwrap_or_default() });
        let entity = CONTRACT_SERVICE_ADJUSTMENT.path;
        self.create(entity, adjustment).map(drop)
    }

    fn post_period(&self, company: &str, item: &str, day: &str) -> Result<bool, Error> {
        for row in self.units_on(company, item, day) {
            self.post_units(row.get("id").and_then(Value::as_i64).unwrap_or_default())?;
        }
        Ok(true)
    }

    fn fail_changes(&self, fault: Fault, times: u32) {
        self.faults()
            .add(self.at_changes(Planned::next(fault).times(times)));
    }

    fn lose_new_item(&self) {
        // Queries go to the entity by POST as well, and may meet it instead.
        let planned = Planned::next(Fault::DropAnswer).method("POST");
        self.faults().add(planned.entity(SERVICE.path));
    }

    fn leave_calls(&self, calls: usize) {
        let limit = self.config().limits.hourly;
        self.use_up_hour(limit.saturating_sub(calls));
    }

    fn free_calls(&self) {
        self.free_hour();
    }
}

impl Autotask {
    /// The units that hold on a day.
    fn units_on(&self, company: &str, service: &str, day: &str) -> Vec<Value> {
        let moment = format!("{day}T00:00:00");
        let mut rows = self.units_of(company, service);
        rows.retain(|row| {
            text(row, "startDate") <= moment.as_str() && moment.as_str() <= text(row, "endDate")
        });
        rows
    }

    /// The units of all contracts of a company that bill a service.
    fn units_of(&self, company: &str, service: &str) -> Vec<Value> {
        let company = named(&self.records(COMPANY.path), "companyName", company);
        let service = named(&self.records(SERVICE.path), "name", service).unwrap_or_default();
        let mut contracts = self.records(CONTRACT.path);
        contracts.retain(|one| is(one, "companyID", company.unwrap_or_default()));
        let mut rows = self.records(CONTRACT_SERVICE_UNIT.path);
        rows.retain(|row| {
            let of = |contract: &Value| contract.get("id") == row.get("contractID");
            is(row, "serviceID", service) && contracts.iter().any(of)
        });
        rows
    }
}
