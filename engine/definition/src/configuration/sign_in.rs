//! How people sign in with an account elsewhere, as it is written in the configuration, and what
//! the schema of it cannot say.

use std::ops::RangeInclusive;
use std::time::Duration;

use model::{PartnerId, span};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::codes;
use crate::page::Spot;
use crate::raw::value::SpanText;

/// What has to be asked for, so that the answer tells who somebody is.
const OPENID: &str = "openid";

/// How long somebody may stay signed in with an account elsewhere. For less, a form would be lost
/// while it is filled; more is more than a link gives.
const SESSION: RangeInclusive<Duration> = Duration::from_mins(15)..=Duration::from_hours(12);

/// A provider of OpenID Connect that people sign in to the console with, beside sign-in links. It
/// sends people back to `/sign-in/provider/back` under `public_url`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SignIn")]
pub struct SignInText {
    /// What the button says.
    #[schemars(length(min = 1, max = 80))]
    pub title: Option<String>,
    /// Who issues identities, exactly as in its tokens, such as
    /// `https://login.example.com/tenant/v2.0`. Without TLS only on this machine.
    pub issuer: String,
    /// What this server is called there.
    #[schemars(length(min = 1))]
    pub client_id: String,
    /// A file with what proves this server there; left out where the client is public.
    #[schemars(length(min = 1))]
    pub client_secret_file: Option<String>,
    /// What is asked for, with blanks between; `openid` where nothing is said.
    pub scope: Option<String>,
    /// How long somebody who came in stays signed in: from 15m to 12h, 4h where nothing is said.
    /// What is withdrawn at the provider counts no longer here.
    #[schemars(with = "Option<SpanText>")]
    pub session: Option<String>,
    /// Who may come in as what. The first rule that holds counts; nobody comes in without one.
    #[schemars(length(min = 1, max = 1000))]
    pub rules: Vec<SignInRuleText>,
}

/// Who has this value in this claim may do this.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SignInRule")]
pub struct SignInRuleText {
    /// The claim, by its whole name at the top of the identity token, such as `groups`: a text, a
    /// list of texts, or true or false.
    #[schemars(length(min = 1))]
    pub claim: String,
    /// The value that it is, or that is in the list.
    #[schemars(length(min = 1))]
    pub value: String,
    /// What whoever has it may do.
    pub role: RoleText,
    /// For which partner, by its id.
    pub partner: Option<String>,
    /// For the partner whose id is in this claim.
    #[schemars(length(min = 1))]
    pub partner_claim: Option<String>,
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Role")]
pub enum RoleText {
    /// Everything, for every partner.
    Operator,
    /// What a partner's administrator may do.
    Administrator,
    /// What a partner may see.
    Reader,
}

impl SignInText {
    pub(super) fn check(&self, spot: &Spot<'_>) {
        if !access::is_private(&self.issuer) {
            spot.key("issuer").error(
                codes::BAD_URL,
                format!(
                    "`{}` is no address that identities can come from",
                    self.issuer
                ),
                Some(
                    "write it as it stands in the provider's tokens; it begins with `https://`, \
                     or with `http://127.0.0.1` for one on this machine"
                        .to_owned(),
                ),
            );
        }
        let asked = self.scope.as_deref().unwrap_or(OPENID);
        if !asked.split(' ').any(|one| one == OPENID) {
            spot.key("scope").error(
                codes::WRONG_VALUE,
                "`scope` does not ask for `openid`, so that the provider would not say who \
                 somebody is"
                    .to_owned(),
                Some(format!("write `{OPENID} {asked}`")),
            );
        }
        let session = self.session.as_deref().unwrap_or_default();
        if span::parse(session).is_some_and(|span| !SESSION.contains(&span)) {
            spot.key("session").error(
                codes::OUT_OF_RANGE,
                format!("`{session}` is not from 15m to 12h"),
                Some("write a span such as 4h".to_owned()),
            );
        }
        for (index, rule) in self.rules.iter().enumerate() {
            rule.check(&spot.key("rules").index(index));
        }
    }
}

impl SignInRuleText {
    fn check(&self, spot: &Spot<'_>) {
        let given = (self.partner.as_deref(), self.partner_claim.is_some());
        match (self.role, given) {
            (RoleText::Operator, (None, false)) | (_, (None, true)) => {}
            (RoleText::Operator, _) => spot.key("role").error(
                codes::WRONG_VALUE,
                "an operator is for every partner, and this rule names one".to_owned(),
                Some("leave the partner out, or make it an `administrator`".to_owned()),
            ),
            (_, (Some(id), false)) => {
                if let Err(error) = PartnerId::new(id) {
                    let hint = "give the id that the product uses for this partner".to_owned();
                    let said = format!("`{id}` is no id of a partner: {error}");
                    spot.key("partner")
                        .error(codes::WRONG_VALUE, said, Some(hint));
                }
            }
            (_, _) => spot.key("role").error(
                codes::EXACTLY_ONE,
                "of `partner` and `partner_claim`, this rule needs exactly one".to_owned(),
                Some(
                    "`partner` is the id of one, `partner_claim` the claim that holds an id"
                        .to_owned(),
                ),
            ),
        }
    }
}
