//! Boxes in which a company is chosen: with the script a list that is searched by typing, without
//! it a text that names one.
//!
//! A box is several fields: what is written in it, what is saved, and what was picked from the
//! list, both as a text with the id that it stands for. As long as the text is one of these two its
//! id counts; else it is looked up, as an id or as a name that only one company has.

use std::collections::HashMap;

use runtime::{CompanyRef, Runtime};

use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::Wrong;
use crate::limits::COMPANIES_OFFERED;
use crate::shell::There;

/// How many companies of one name a message lists.
const NAMESAKES_LISTED: usize = 5;

/// What a box holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// What is written in it.
    pub(crate) text: String,
    /// What was written in it when the page was made, which is what is saved.
    pub(crate) was: String,
    /// The id that `was` stands for.
    pub(crate) id: String,
    /// What was picked from the list: its text and its id.
    pub(crate) picked: Option<(String, String)>,
}

impl Chosen {
    /// What the box of this name holds.
    pub(crate) fn read(fields: &Fields, name: &str) -> Self {
        let field = |part: &str| fields.get(&format!("{name}{part}")).unwrap_or_default();
        Self {
            text: field("").trim().to_owned(),
            was: field(".was").trim().to_owned(),
            id: field(".id").to_owned(),
            picked: fields
                .get(&format!("{name}.pick"))
                .map(|id| (field(".picked").trim().to_owned(), id.to_owned())),
        }
    }

    /// A box that shows `company`.
    pub(crate) fn of(company: Option<&CompanyRef>) -> Self {
        let Some(company) = company else {
            return Self::default();
        };
        Self {
            text: company.name.clone(),
            was: company.name.clone(),
            id: id_text(company),
            picked: None,
        }
    }

    /// The id of the company that it names; none if it is empty.
    pub(crate) fn resolve(&self, directory: &Directory) -> Result<Option<String>, Wrong> {
        let picked = self.picked.as_ref();
        match picked.filter(|(text, id)| *text == self.text && !id.is_empty()) {
            _ if self.text.is_empty() => Ok(None),
            Some((_, id)) => Ok(Some(id.clone())),
            None if self.text == self.was && !self.id.is_empty() => Ok(Some(self.id.clone())),
            None => directory.find(&self.text).map(Some),
        }
    }
}

/// The companies of an integration, to look texts up in.
pub(crate) struct Directory {
    by_id: HashMap<String, String>,
    by_name: HashMap<String, Vec<String>>,
}

impl Directory {
    /// All that are known.
    pub(crate) async fn read(runtime: &Runtime, there: &There) -> Result<Self, Failure> {
        let companies = offered(runtime, there, None, usize::MAX).await?;
        let mut by_name: HashMap<String, Vec<String>> = HashMap::new();
        for company in &companies {
            let name = company.name.trim().to_lowercase();
            by_name.entry(name).or_default().push(id_text(company));
        }
        let by_id = companies.into_iter();
        let by_id = by_id.map(|company| (id_text(&company), company.name));
        Ok(Self {
            by_id: by_id.collect(),
            by_name,
        })
    }

    /// A box that shows the company with this id; without one, an empty box.
    pub(crate) fn chosen(&self, id: &str) -> Chosen {
        if id.is_empty() {
            return Chosen::default();
        }
        let name = self.by_id.get(id).map_or(id, String::as_str);
        Chosen {
            text: name.to_owned(),
            was: name.to_owned(),
            id: id.to_owned(),
            picked: None,
        }
    }

    /// The id of the one company that is called `text`, or that has it as its id.
    pub(crate) fn find(&self, text: &str) -> Result<String, Wrong> {
        let named = self.by_name.get(&text.to_lowercase());
        match named.map(Vec::as_slice) {
            Some([one]) => Ok(one.clone()),
            Some(many) => {
                let listed: Vec<&str> = many
                    .iter()
                    .take(NAMESAKES_LISTED)
                    .map(String::as_str)
                    .collect();
                Err(Wrong {
                    message: format!("{} companies have this name.", many.len()),
                    hint: Some(format!("Write the id instead: {}.", listed.join(", "))),
                })
            }
            None if self.by_id.contains_key(text) => Ok(text.to_owned()),
            None => Err(Wrong {
                message: "There is no company of this name or id.".to_owned(),
                hint: Some("Synchronize if it was made only now.".to_owned()),
            }),
        }
    }
}

/// Companies whose names hold `search`, by name.
pub(crate) async fn offered(
    runtime: &Runtime,
    there: &There,
    search: Option<&str>,
    limit: usize,
) -> Result<Vec<CompanyRef>, Failure> {
    let (partner, id) = (there.here.id(), there.id());
    let found = runtime.companies(partner, id, search, limit).await?;
    Ok(found.into_iter().filter(|company| company.active).collect())
}

/// The id of a company, as forms carry it.
pub(crate) fn id_text(company: &CompanyRef) -> String {
    model::request::id_text(&company.id)
}

/// What the script offers in a box: pairs of id and name, and whether there are more of them than
/// were asked for.
pub(crate) async fn answer(runtime: &Runtime, there: &There) -> Result<serde_json::Value, Failure> {
    let search = there.here.asked("q");
    let limit = COMPANIES_OFFERED + 1;
    let mut found = offered(runtime, there, search.as_deref(), limit).await?;
    let is_more = found.len() == limit;
    found.truncate(COMPANIES_OFFERED);
    let pairs = found.into_iter();
    let pairs: Vec<[String; 2]> = pairs.map(|one| [id_text(&one), one.name]).collect();
    Ok(serde_json::json!({ "companies": pairs, "more": is_more }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        let names = [("1", "Fabrikam"), ("2", "Contoso"), ("3", "contoso")];
        let mut by_name: HashMap<String, Vec<String>> = HashMap::new();
        for (id, name) in names {
            by_name
                .entry(name.to_lowercase())
                .or_default()
                .push(id.to_owned());
        }
        let by_id = names.map(|(id, name)| (id.to_owned(), name.to_owned()));
        Directory {
            by_id: by_id.into(),
            by_name,
        }
    }

    fn resolve(text: &str, was: &str, id: &str) -> Result<Option<String>, String> {
        let chosen = Chosen {
            text: text.to_owned(),
            was: was.to_owned(),
            id: id.to_owned(),
            picked: None,
        };
        chosen.resolve(&directory()).map_err(|wrong| wrong.message)
    }

    #[test]
    fn an_id_counts_as_long_as_its_text_does() {
        assert_eq!(resolve("Contoso", "Contoso", "3"), Ok(Some("3".to_owned())));
        assert_eq!(
            resolve("fabrikam", "Contoso", "3"),
            Ok(Some("1".to_owned()))
        );
        assert_eq!(resolve("", "Contoso", "3"), Ok(None));
        assert_eq!(resolve("2", "", ""), Ok(Some("2".to_owned())));
    }

    #[test]
    fn what_was_picked_counts_over_what_was_saved() {
        let chosen = Chosen {
            text: "Contoso".to_owned(),
            was: "Contoso".to_owned(),
            id: "2".to_owned(),
            picked: Some(("Contoso".to_owned(), "3".to_owned())),
        };
        let resolved = chosen.resolve(&directory()).map_err(|wrong| wrong.message);
        assert_eq!(resolved, Ok(Some("3".to_owned())));
    }

    #[test]
    fn what_names_no_one_company_is_refused() {
        assert!(resolve("Contoso", "", "").is_err_and(|wrong| wrong.starts_with("2 companies")));
        assert!(resolve("Nobody", "Contoso", "3").is_err());
    }
}
