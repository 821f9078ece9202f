//! Scopes asked for, granted, and granted along with others: the comparison, by rules that are data of the provider.
//!
//! Not an authorization decision: what a missing scope leads to is the definition's.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::catalogue::{ImpliesFile, ScopeOrder, ScopesFile, template};
use crate::errors::Fields;

/// The most rounds of implications, so that a circular rule ends.
const ROUNDS: usize = 8;

/// The most scopes of an answer that are looked at.
const MOST_GRANTED: usize = 1_000;

/// A provider's rules about scopes.
#[derive(Clone, Debug)]
pub struct ScopeRules {
    prefix: String,
    separator: String,
    parameter: String,
    answer_separators: Vec<String>,
    order: ScopeOrder,
    base: Vec<String>,
    unprefixed: Vec<String>,
    implies: Vec<Implication>,
}

#[derive(Clone, Debug)]
struct Implication {
    granted: Vec<String>,
    gives: Vec<Vec<String>>,
}

/// The outcome of the comparison; all scopes are in their short form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeReport {
    /// What the definition asked for.
    pub requested: Vec<String>,
    /// What the provider named.
    pub granted: Vec<String>,
    /// What was asked for and is not granted, not even along with another.
    pub missing: Vec<String>,
}

impl ScopeReport {
    /// Whether all that was asked for is granted.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        let mut fields = Fields::new();
        fields.insert("requested_scopes".into(), json!(self.requested));
        fields.insert("granted_scopes".into(), json!(self.granted));
        fields.insert("missing_scopes".into(), json!(self.missing));
        fields
    }
}

impl ScopeRules {
    pub(crate) fn new(file: &ScopesFile, values: &BTreeMap<String, String>) -> Self {
        Self {
            prefix: template::expand(&file.prefix, values),
            separator: file.separator.clone(),
            parameter: file.parameter.clone().unwrap_or_else(|| "scope".to_owned()),
            answer_separators: file.answer_separators.clone(),
            order: file.order,
            base: file.base.clone(),
            unprefixed: file.unprefixed.clone(),
            implies: file.implies.iter().map(Implication::new).collect(),
        }
    }

    /// Leaves out base scopes that the provider's metadata does not list.
    pub(crate) fn keep_base(&mut self, offered: &[String]) {
        self.base.retain(|scope| scope == "openid" || offered.contains(scope));
    }

    pub(crate) fn asks_openid(&self) -> bool {
        self.base.iter().any(|scope| scope == "openid")
    }

    /// The full names to ask for: the definition's (sorted where the provider's file says so), then the base ones.
    #[must_use]
    pub fn asked(&self, scopes: &[String]) -> Vec<String> {
        let mut full = Vec::new();
        for scope in scopes {
            let scope = self.full(scope);
            if !full.contains(&scope) && !self.base.contains(&scope) {
                full.push(scope);
            }
        }
        if self.order == ScopeOrder::Sorted {
            full.sort();
        }
        full.extend(self.base.iter().cloned());
        full
    }

    /// The parameter that holds the scopes (mostly `scope`) and its value; nothing if there is nothing to ask for.
    pub(crate) fn parameter(&self, scopes: &[String]) -> Option<(&str, String)> {
        let asked = self.asked(scopes);
        (!asked.is_empty()).then(|| (self.parameter.as_str(), asked.join(&self.separator)))
    }

    /// The scopes in an answer's `scope`.
    pub(crate) fn split(&self, answer: &str) -> Vec<String> {
        let mut parts = vec![answer];
        for separator in &self.answer_separators {
            parts = parts.into_iter().flat_map(|part| part.split(separator.as_str())).collect();
        }
        parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).take(MOST_GRANTED).map(str::to_owned).collect()
    }

    /// Compares what was asked for with what was granted. `None` means that the provider did not say, and so granted all
    /// (RFC 6749 §5.1).
    #[must_use]
    pub fn compare(&self, requested: &[String], granted: Option<&[String]>) -> ScopeReport {
        let requested = self.shorts(requested);
        let Some(granted) = granted else {
            return ScopeReport { granted: requested.clone(), requested, missing: Vec::new() };
        };
        let granted = self.shorts(granted);
        let all = self.closure(&granted);
        let missing = requested
            .iter()
            .filter(|scope| !self.base.contains(scope) && !all.contains(&scope.to_ascii_lowercase()))
            .cloned()
            .collect();
        ScopeReport { requested, granted, missing }
    }

    /// The short form: without the provider's prefix, whatever its case.
    #[must_use]
    pub fn short<'a>(&self, scope: &'a str) -> &'a str {
        match scope.get(..self.prefix.len()) {
            Some(start) if start.eq_ignore_ascii_case(&self.prefix) => &scope[self.prefix.len()..],
            _ => scope,
        }
    }

    fn shorts(&self, scopes: &[String]) -> Vec<String> {
        let mut short = Vec::new();
        for scope in scopes {
            let scope = self.short(scope).to_owned();
            if !short.contains(&scope) {
                short.push(scope);
            }
        }
        short
    }

    fn full(&self, scope: &str) -> String {
        if scope.contains("://") || self.unprefixed.iter().any(|name| name == scope) {
            scope.to_owned()
        } else {
            format!("{}{scope}", self.prefix)
        }
    }

    /// All that is granted along with the granted ones, in lowercase.
    fn closure(&self, granted: &[String]) -> BTreeSet<String> {
        let mut all = granted.iter().map(|scope| scope.to_ascii_lowercase()).collect::<BTreeSet<_>>();
        let mut fresh = all.clone();
        for _ in 0..ROUNDS {
            let given = fresh.iter().flat_map(|scope| self.implies.iter().flat_map(|rule| rule.given(scope)));
            let next = given.filter(|scope| !all.contains(scope)).collect::<BTreeSet<_>>();
            if next.is_empty() {
                break;
            }
            all.extend(next.iter().cloned());
            fresh = next;
        }
        all
    }
}

/// `*` stands for one part between dots, `**` for any number of them; each keeps its order on the other side.
impl Implication {
    fn new(file: &ImpliesFile) -> Self {
        Self { granted: parts(&file.granted), gives: file.gives.iter().map(|pattern| parts(pattern)).collect() }
    }

    fn given(&self, scope: &str) -> Vec<String> {
        let scope = scope.split('.').collect::<Vec<_>>();
        let Some(kept) = kept(&self.granted, &scope) else {
            return Vec::new();
        };
        self.gives
            .iter()
            .map(|pattern| {
                let mut kept = kept.iter();
                let filled = pattern.iter().flat_map(|part| match part.as_str() {
                    "*" | "**" => kept.next().cloned().unwrap_or_default(),
                    literal => vec![literal],
                });
                filled.collect::<Vec<_>>().join(".")
            })
            .collect()
    }
}

fn parts(pattern: &str) -> Vec<String> {
    pattern.split('.').map(str::to_ascii_lowercase).collect()
}

/// What the stars of a pattern stand for, if the scope is of the pattern.
fn kept<'a>(pattern: &[String], scope: &[&'a str]) -> Option<Vec<Vec<&'a str>>> {
    let Some((first, rest)) = pattern.split_first() else {
        return scope.is_empty().then(Vec::new);
    };
    if first == "**" {
        return (0..=scope.len()).find_map(|count| {
            let mut found = kept(rest, scope.get(count..)?)?;
            found.insert(0, scope.get(..count)?.to_vec());
            Some(found)
        });
    }
    let (part, others) = scope.split_first()?;
    let mut found = kept(rest, others)?;
    match first.as_str() {
        "*" => found.insert(0, vec![part]),
        literal if literal == *part => {}
        _ => return None,
    }
    Some(found)
}
