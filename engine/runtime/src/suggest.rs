//! Which company a customer probably is: domains first, then names.
//!
//! Pure: customers and companies in, at most one suggestion per customer out, each with a score
//! and the reason in words. A suggestion that could as well be another is marked ambiguous, and
//! whoever accepts suggestions in bulk must leave those to a person: a ticket or a bill that goes
//! to the wrong company is worse than one that waits.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::{Customer, CustomerId};
use sha2::{Digest, Sha256};

/// Suggestions below this are noise and are not made.
pub const SCORE_MIN: u8 = 60;

/// How many companies are compared in full with one customer, best trigram overlap first.
const CANDIDATES_MAX: usize = 24;

/// Integrations whose suggestions are remembered, half a megabyte each where it is a large one;
/// when there are more, all are forgotten and found anew.
const FOUND_MAX: usize = 64;

/// Two companies whose scores differ by less than this cannot be told apart.
const MARGIN: u8 = 6;

/// A company as far as matching goes.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its id as text.
    pub id: String,
    /// Its name in the PSA.
    pub name: String,
    /// Its domains.
    pub domains: Vec<String>,
}

/// The company that a customer most probably is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The company's id as text.
    pub company: String,
    /// From [`SCORE_MIN`] to 100.
    pub score: u8,
    /// Why, in words, e.g. "same domain acme.com".
    pub reason: String,
    /// Whether another company, or another customer, has an equal claim. Never take these unseen.
    pub ambiguous: bool,
}

/// Suggests a company for each of `customers` that has a plausible one among `companies`.
pub fn suggest(
    customers: &[Customer],
    companies: &[Candidate],
) -> BTreeMap<CustomerId, Suggestion> {
    Found::default().suggest(customers, companies)
}

/// What was found in one directory, so that only what has changed is compared again: to compare
/// 2,000 customers with 2,000 companies takes longer than to show them.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The digest of the directory.
    directory: Vec<u8>,
    /// The best company for each name and domains, if any is plausible.
    best: HashMap<Known, Option<Suggestion>>,
}

/// All of a customer that decides about its company.
type Known = (String, Vec<String>);

impl Found {
    /// As [`suggest`], and remembers what it finds for these customers.
    pub(crate) fn suggest(
        &mut self,
        customers: &[Customer],
        companies: &[Candidate],
    ) -> BTreeMap<CustomerId, Suggestion> {
        let directory = digest(companies);
        if self.directory != directory {
            *self = Self {
                directory,
                best: HashMap::new(),
            };
        }
        let mut index = None;
        let mut best = HashMap::with_capacity(customers.len());
        let mut suggestions = BTreeMap::new();
        for customer in customers {
            let known = (customer.name.clone(), customer.domains.clone());
            let found = match self
                .best
                .remove(&known)
                .or_else(|| best.get(&known).cloned())
            {
                Some(found) => found,
                None => index
                    .get_or_insert_with(|| Index::new(companies))
                    .best(customer),
            };
            suggestions.extend(found.clone().map(|found| (customer.id.clone(), found)));
            best.insert(known, found);
        }
        self.best = best;
        mark_rivals(&mut suggestions);
        suggestions
    }
}

/// What tells one directory from another.
fn digest(companies: &[Candidate]) -> Vec<u8> {
    let mut digest = Sha256::new();
    for company in companies {
        let own = [&company.id, &company.name];
        for text in own.into_iter().chain(&company.domains) {
            digest.update(text.len().to_le_bytes());
            digest.update(text);
        }
        // No text is so long.
        digest.update(usize::MAX.to_le_bytes());
    }
    digest.finalize().to_vec()
}

/// What was found for the integrations whose mappings were looked at last.
#[derive(Debug, Default)]
pub(crate) struct Suggestions(Mutex<HashMap<String, Found>>);

impl Suggestions {
    /// As [`suggest`], for the integration that goes by `name`.
    pub(crate) fn suggest(
        &self,
        name: &str,
        customers: &[Customer],
        companies: &[Candidate],
    ) -> BTreeMap<CustomerId, Suggestion> {
        // Taken out meanwhile, so that nobody has to wait for another one's comparisons.
        let mut found = self.lock().remove(name).unwrap_or_default();
        let suggestions = found.suggest(customers, companies);
        let mut all = self.lock();
        if all.len() >= FOUND_MAX {
            all.clear();
        }
        all.insert(name.to_owned(), found);
        suggestions
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Found>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two customers with the same best company cannot both be it.
fn mark_rivals(suggestions: &mut BTreeMap<CustomerId, Suggestion>) {
    let mut claims: HashMap<String, usize> = HashMap::new();
    for suggestion in suggestions.values() {
        *claims.entry(suggestion.company.clone()).or_default() += 1;
    }
    for suggestion in suggestions.values_mut() {
        if claims
            .get(&suggestion.company)
            .is_some_and(|count| *count > 1)
        {
            suggestion.ambiguous = true;
            suggestion
                .reason
                .push_str("; another customer matches it too");
        }
    }
}

/// Companies by domain and by trigrams of their names, so that 2,000 customers against 2,000
/// companies need a few thousand full comparisons and not four million.
struct Index<'a> {
    companies: &'a [Candidate],
    names: Vec<Name>,
    by_domain: HashMap<String, Vec<usize>>,
    by_trigram: HashMap<[char; 3], Vec<usize>>,
}

impl<'a> Index<'a> {
    fn new(companies: &'a [Candidate]) -> Self {
        let names: Vec<Name> = companies
            .iter()
            .map(|company| Name::new(&company.name))
            .collect();
        let mut by_domain: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_trigram: HashMap<[char; 3], Vec<usize>> = HashMap::new();
        for (at, (company, name)) in companies.iter().zip(&names).enumerate() {
            for domain in company
                .domains
                .iter()
                .filter_map(|domain| own_domain(domain))
            {
                by_domain.entry(domain).or_default().push(at);
            }
            for trigram in &name.trigrams {
                by_trigram.entry(*trigram).or_default().push(at);
            }
        }
        Self {
            companies,
            names,
            by_domain,
            by_trigram,
        }
    }

    fn best(&self, customer: &Customer) -> Option<Suggestion> {
        self.by_domains(customer).or_else(|| self.by_name(customer))
    }

    fn by_domains(&self, customer: &Customer) -> Option<Suggestion> {
        let mut hits: BTreeMap<usize, String> = BTreeMap::new();
        for domain in customer
            .domains
            .iter()
            .filter_map(|domain| own_domain(domain))
        {
            for at in self.by_domain.get(&domain).into_iter().flatten() {
                hits.entry(*at).or_insert_with(|| domain.clone());
            }
        }
        let name = Name::new(&customer.name);
        let mut ranked: Vec<(u8, usize, String)> = hits
            .into_iter()
            .map(|(at, domain)| {
                (
                    self.names.get(at).map_or(0, |other| name.score(other)),
                    at,
                    domain,
                )
            })
            .collect();
        ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let (score, at, domain) = ranked.first()?;
        let ambiguous = ranked.get(1).is_some_and(|next| score - next.0 < MARGIN);
        Some(Suggestion {
            company: self.companies.get(*at)?.id.clone(),
            score: if ambiguous { 90 } else { 100 },
            reason: match ranked.len() {
                1 => format!("same domain {domain}"),
                count => format!("same domain {domain}, as {count} companies have"),
            },
            ambiguous,
        })
    }

    fn by_name(&self, customer: &Customer) -> Option<Suggestion> {
        let name = Name::new(&customer.name);
        let mut ranked: Vec<(u8, usize)> = self
            .candidates(&name)
            .into_iter()
            .filter_map(|at| Some((name.score(self.names.get(at)?), at)))
            .filter(|(score, _)| *score >= SCORE_MIN)
            .collect();
        ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let (score, at) = *ranked.first()?;
        let company = self.companies.get(at)?;
        Some(Suggestion {
            company: company.id.clone(),
            score,
            reason: reason(score, &customer.name, &company.name),
            ambiguous: ranked.get(1).is_some_and(|next| score - next.0 < MARGIN),
        })
    }

    /// The companies that share the most trigrams with `name`.
    fn candidates(&self, name: &Name) -> Vec<usize> {
        let mut shared = vec![0_usize; self.companies.len()];
        let postings = name
            .trigrams
            .iter()
            .filter_map(|trigram| self.by_trigram.get(trigram));
        for at in postings.flatten() {
            if let Some(count) = shared.get_mut(*at) {
                *count += 1;
            }
        }
        // In proportion to both lengths, or long names would crowd out short ones.
        let overlap = |(at, other): (usize, &Name)| {
            let count = shared.get(at).copied().filter(|count| *count > 0)?;
            Some((
                2000 * count / (name.trigrams.len() + other.trigrams.len()),
                at,
            ))
        };
        let mut ranked: Vec<(usize, usize)> =
            self.names.iter().enumerate().filter_map(overlap).collect();
        if ranked.len() > CANDIDATES_MAX {
            ranked.select_nth_unstable_by(CANDIDATES_MAX, |a, b| b.cmp(a));
            ranked.truncate(CANDIDATES_MAX);
        }
        ranked.into_iter().map(|(_, at)| at).collect()
    }
}

fn reason(score: u8, customer: &str, company: &str) -> String {
    match score {
        _ if customer == company => "same name".to_owned(),
        95.. => format!("same name but for case, punctuation or legal form: {company}"),
        90.. => format!("same words in another order: {company}"),
        _ => format!("similar name: {company}"),
    }
}

/// A name, ready to be compared.
struct Name {
    words: Vec<String>,
    plain: String,
    trigrams: BTreeSet<[char; 3]>,
}

impl Name {
    fn new(name: &str) -> Self {
        let words = words(name);
        let plain = words.join(" ");
        let padded: Vec<char> = format!("  {plain} ").chars().collect();
        let trigrams = padded
            .windows(3)
            .filter_map(|three| three.try_into().ok())
            .collect();
        Self {
            words,
            plain,
            trigrams,
        }
    }

    /// How alike two names are: 95 when the same words make both, 90 when in another order, below
    /// that in proportion to spelling and to the words they share.
    fn score(&self, other: &Self) -> u8 {
        if self.words.is_empty() || other.words.is_empty() {
            return 0;
        }
        if self.plain == other.plain || self.words.concat() == other.words.concat() {
            return 95;
        }
        if sorted(&self.words) == sorted(&other.words) {
            return 90;
        }
        let spelling = strsim::jaro_winkler(&self.plain, &other.plain);
        let shared = self.trigrams.intersection(&other.trigrams).count();
        #[expect(clippy::cast_precision_loss, reason = "counts of trigrams are small")]
        let overlap = 2.0 * shared as f64 / (self.trigrams.len() + other.trigrams.len()) as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "both factors are between 0 and 1, so the result is between 0 and 88"
        )]
        let score = (88.0 * (0.4 * spelling + 0.6 * overlap)).round() as u8;
        score
    }
}

fn sorted(words: &[String]) -> Vec<&String> {
    let mut sorted: Vec<&String> = words.iter().collect();
    sorted.sort();
    sorted
}

/// Words that say what form a company has, not which company it is.
const LEGAL_FORMS: [&str; 36] = [
    "ab",
    "ag",
    "aps",
    "as",
    "bv",
    "co",
    "company",
    "corp",
    "corporation",
    "gmbh",
    "inc",
    "incorporated",
    "kg",
    "lc",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "ltda",
    "nv",
    "ohg",
    "oy",
    "pc",
    "plc",
    "pllc",
    "pte",
    "pty",
    "sa",
    "sarl",
    "sas",
    "spa",
    "srl",
    "ug",
    "ulc",
    "the",
];

/// The words of `name` that tell companies apart: lower case, without punctuation, without legal
/// forms. A name of nothing but legal forms keeps them.
fn words(name: &str) -> Vec<String> {
    // Dots and apostrophes join ("L.L.C.", "Kate's"); everything else that is no letter parts.
    let plain: String = name
        .to_lowercase()
        .replace('&', " and ")
        .chars()
        .filter(|c| !matches!(c, '.' | '\'' | '’' | '`'))
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    let all: Vec<&str> = plain.split_whitespace().collect();
    let telling: Vec<String> = all
        .iter()
        .filter(|word| !LEGAL_FORMS.contains(word))
        .map(|word| (*word).to_owned())
        .collect();
    if telling.is_empty() {
        all.into_iter().map(str::to_owned).collect()
    } else {
        telling
    }
}

/// Domains that belong to whoever opens a mailbox, and so tell no company from another.
const PUBLIC_DOMAINS: [&str; 16] = [
    "aol.com",
    "att.net",
    "comcast.net",
    "facebook.com",
    "gmail.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "linkedin.com",
    "live.com",
    "msn.com",
    "outlook.com",
    "web.de",
    "yahoo.com",
];

/// `domain` in plain form, unless it is everybody's.
fn own_domain(domain: &str) -> Option<String> {
    let domain = domain.trim().trim_end_matches('.').to_lowercase();
    let domain = domain.strip_prefix("www.").unwrap_or(&domain);
    (domain.contains('.') && !PUBLIC_DOMAINS.contains(&domain)).then(|| domain.to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use super::*;

    fn customer(id: &str, name: &str, domains: &[&str]) -> Customer {
        Customer {
            id: CustomerId::new(id).unwrap(),
            name: name.to_owned(),
            domains: domains.iter().map(|&domain| domain.to_owned()).collect(),
            enabled: true,
        }
    }

    fn company(id: &str, name: &str, domains: &[&str]) -> Candidate {
        Candidate {
            id: id.to_owned(),
            name: name.to_owned(),
            domains: domains.iter().map(|&domain| domain.to_owned()).collect(),
        }
    }

    fn one(customer: Customer, companies: &[Candidate]) -> Option<Suggestion> {
        suggest(&[customer], companies).into_values().next()
    }

    #[test]
    fn a_domain_beats_a_name() {
        let companies = [
            company("1", "Acme", &["acme.example"]),
            company("2", "Zenith", &["zen.example"]),
        ];
        let found = one(customer("c", "Acme", &["WWW.Zen.example"]), &companies).unwrap();
        assert_eq!(
            (found.company.as_str(), found.score, found.ambiguous),
            ("2", 100, false)
        );
        assert_eq!(found.reason, "same domain zen.example");
    }

    #[test]
    fn a_domain_that_everybody_has_says_nothing() {
        let companies = [company("1", "Acme", &["gmail.com"])];
        assert_eq!(
            one(customer("c", "Baker Street", &["gmail.com"]), &companies),
            None
        );
    }

    #[test]
    fn case_punctuation_and_legal_forms_do_not_matter() {
        for (left, right) in [
            ("ACME Industries", "Acme Industries, Inc."),
            ("Müller & Söhne", "MÜLLER and SÖHNE GmbH"),
            ("Kate's Kitchen", "Kates Kitchen L.L.C."),
            ("Blue-Sky", "Blue Sky Ltd"),
            ("BlueSky", "Blue Sky Ltd"),
        ] {
            let found = one(customer("c", left, &[]), &[company("1", right, &[])]).unwrap();
            assert!(
                found.score >= 95 && !found.ambiguous,
                "{left} / {right}: {found:?}"
            );
        }
    }

    #[test]
    fn near_names_score_by_how_near_they_are() {
        let companies = [
            company("1", "Contoso Manufacturing", &[]),
            company("2", "Fabrikam", &[]),
        ];
        let found = one(customer("c", "Contosso Manufacturing", &[]), &companies).unwrap();
        assert!(found.company == "1" && found.score < 90, "{found:?}");
        assert_eq!(one(customer("c", "Wingtip Toys", &[]), &companies), None);
    }

    #[test]
    fn what_cannot_be_told_apart_is_ambiguous() {
        let twins = [company("1", "Acme Inc", &[]), company("2", "Acme LLC", &[])];
        assert!(one(customer("c", "Acme", &[]), &twins).unwrap().ambiguous);
        let shared = [
            company("1", "North", &["a.example"]),
            company("2", "South", &["a.example"]),
        ];
        assert!(
            one(customer("c", "Acme", &["a.example"]), &shared)
                .unwrap()
                .ambiguous
        );
        let rivals = [customer("c", "Acme", &[]), customer("d", "Acme Ltd", &[])];
        let found = suggest(&rivals, &[company("1", "Acme", &[])]);
        assert!(found.values().all(|suggestion| suggestion.ambiguous));
    }

    #[test]
    fn what_is_remembered_is_what_would_be_found_anew() {
        let mut companies = vec![company("1", "Acme", &[]), company("2", "Zenith", &[])];
        let mut customers = vec![customer("c", "Acme Inc", &[]), customer("d", "Zenit", &[])];
        let mut found = Found::default();
        assert_eq!(found.suggest(&customers, &companies).len(), 2);
        // A rival appears, a customer goes, a name changes, a company comes: each counts at once.
        customers.push(customer("e", "ACME", &[]));
        let rivals = found.suggest(&customers, &companies);
        assert_eq!(rivals, suggest(&customers, &companies));
        assert!(rivals.values().any(|one| one.ambiguous));
        customers.remove(0);
        for one in &mut customers {
            one.name.push_str(" Ltd");
        }
        let fewer = found.suggest(&customers, &companies);
        assert_eq!(fewer, suggest(&customers, &companies));
        assert!(fewer.values().all(|one| !one.ambiguous));
        companies.push(company("3", "Acme Ltd", &[]));
        assert_eq!(
            found.suggest(&customers, &companies),
            suggest(&customers, &companies)
        );
        assert_eq!(found.best.len(), customers.len());
    }

    #[test]
    fn names_of_nothing_but_punctuation_match_nothing() {
        assert_eq!(
            one(customer("c", "---", &[]), &[company("1", "...", &[])]),
            None
        );
        assert!(
            one(
                customer("c", "The Co", &[]),
                &[company("1", "The Company", &[])]
            )
            .is_none_or(|found| found.score < 95)
        );
    }
}
