//! Parameters, and the names in braces that stand for them.

use std::collections::BTreeSet;

use crate::catalogue::file::ProviderFile;
use crate::catalogue::problem::{Problems, Step, route};
use crate::catalogue::template::{self, Format};

pub(super) fn check(file: &ProviderFile, problems: &mut Problems) {
    parameters(file, problems);
    let known = known(file);
    let labels: BTreeSet<_> =
        file.parameters.iter().filter(|one| one.format == Some(Format::Label)).map(|one| one.name.as_str()).collect();
    for (place, text) in places(file) {
        let is_value = place.last() == Some(&Step::from("value"));
        let is_revocation = place == route!["endpoints", "revocation"];
        let allowed = |name: &str| match name {
            "client_id" => is_revocation,
            name => known.contains(name) && (is_value || !labels.contains(name)),
        };
        expect_names(&place, text, allowed, problems);
    }
    issuer(file, &known, problems);
}

fn parameters(file: &ProviderFile, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (index, parameter) in file.parameters.iter().enumerate() {
        let name = &parameter.name;
        if !seen.insert(name) {
            problems.error(
                "catalogue.parameter_twice",
                route!["parameters", index, "name"],
                format!("the parameter `{name}` is declared twice"),
            );
        }
        match (parameter.choices.first(), parameter.format) {
            (None, None) | (Some(_), Some(_)) => {
                let message = format!("the parameter `{name}` needs either choices or a format");
                problems.error("catalogue.parameter_form", route!["parameters", index], message);
            }
            (Some(first), None) => {
                let keys = first.sets.keys().collect::<Vec<_>>();
                let differs = |sets: Vec<&String>| sets != keys;
                if let Some(other) = parameter.choices.iter().position(|choice| differs(choice.sets.keys().collect())) {
                    let message = format!("every choice of the parameter `{name}` must set the same values");
                    problems.error("catalogue.parameter_choices", route!["parameters", index, "choices", other], message);
                }
                if parameter.default.as_ref().is_some_and(|value| parameter.choices.iter().all(|choice| choice.value != *value)) {
                    let message = format!("the default of the parameter `{name}` is none of its choices");
                    problems.error("catalogue.parameter_choices", route!["parameters", index, "default"], message);
                }
            }
            (None, Some(format)) => {
                if parameter.default.as_ref().is_some_and(|value| !format.accepts(value)) {
                    let message = format!("the default of the parameter `{name}` must be {}", format.expected());
                    problems.error("catalogue.parameter_choices", route!["parameters", index, "default"], message);
                }
            }
        }
    }
}

/// The names that may stand in braces.
fn known(file: &ProviderFile) -> BTreeSet<&str> {
    let sets = file.parameters.iter().flat_map(|parameter| {
        let sets = parameter.choices.first().into_iter().flat_map(|choice| choice.sets.keys());
        sets.chain([&parameter.name]).map(String::as_str)
    });
    sets.collect()
}

/// Every text in which names may stand in braces, with its place.
fn places(file: &ProviderFile) -> Vec<(Vec<Step>, &str)> {
    let mut places: Vec<(Vec<Step>, &str)> = Vec::new();
    if let Some(endpoints) = &file.endpoints {
        let named = [
            ("authorization", endpoints.authorization.as_deref()),
            ("token", Some(endpoints.token.as_str())),
            ("device_authorization", endpoints.device_authorization.as_deref()),
            ("pushed_authorization", endpoints.pushed_authorization.as_deref()),
            ("revocation", endpoints.revocation.as_deref()),
            ("jwks", endpoints.jwks.as_deref()),
        ];
        places.extend(named.into_iter().filter_map(|(name, text)| Some((route!["endpoints", name].into(), text?))));
    }
    let others = [
        (Vec::from(route!["discover"]), file.discover.as_deref()),
        (Vec::from(route!["api"]), file.api.as_deref()),
        (Vec::from(route!["native", "redirect_uri"]), file.native.as_ref().map(|native| native.redirect_uri.as_str())),
        (Vec::from(route!["scopes", "prefix"]), Some(file.scopes.prefix.as_str())),
        (Vec::from(route!["identity", "url"]), file.identity.as_ref().and_then(|identity| identity.url.as_deref())),
    ];
    places.extend(others.into_iter().filter_map(|(place, text)| Some((place, text?))));
    let authorize = file.authorize.extra.iter().enumerate();
    places.extend(authorize.map(|(index, extra)| (route!["authorize", "extra", index, "value"].into(), extra.value.as_str())));
    let token = file.token.extra.iter().enumerate();
    places.extend(token.map(|(index, extra)| (route!["token", "extra", index, "value"].into(), extra.value.as_str())));
    places
}

fn expect_names(place: &[Step], text: &str, allowed: impl Fn(&str) -> bool, problems: &mut Problems) {
    match template::names(text) {
        Err(message) => problems.at("catalogue.template", place, message),
        Ok(names) => {
            for name in names.into_iter().filter(|name| !allowed(name)) {
                problems.at("catalogue.template", place, format!("`{{{name}}}` is not a parameter"));
            }
        }
    }
}

fn issuer(file: &ProviderFile, known: &BTreeSet<&str>, problems: &mut Problems) {
    let Some(issuer) = &file.issuer else {
        return;
    };
    match template::names(&issuer.value) {
        Err(message) => problems.error("catalogue.template", route!["issuer", "value"], message),
        Ok(names) => {
            for name in names.iter().filter(|name| !known.contains(*name) && !name.starts_with("claim:")) {
                let message = format!("`{{{name}}}` in the issuer is neither a parameter nor a claim");
                problems.error("catalogue.claim", route!["issuer", "value"], message);
            }
        }
    }
    if let Some(bound) = issuer.bound.as_ref().filter(|bound| !known.contains(bound.parameter.as_str())) {
        let message = format!("the issuer is bound to `{}`, which is not a parameter", bound.parameter);
        problems.error("catalogue.claim", route!["issuer", "bound", "parameter"], message);
    }
}
