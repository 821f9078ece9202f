//! Endpoints: some must be there, and each must come out as an https address whatever the parameters are.

use std::collections::BTreeMap;

use crate::catalogue::file::{ProviderFile, RevocationWay};
use crate::catalogue::problem::{Problems, Step, route};
use crate::catalogue::template::{self, Format};

pub(super) fn check(file: &ProviderFile, problems: &mut Problems) {
    match (&file.endpoints, &file.discover) {
        (Some(_), None) => {}
        (_, Some(_)) => {
            if file.issuer.is_some() {
                problems.error("catalogue.endpoints", route!["issuer"], "a discovered provider gets its issuer from `discover`");
            }
        }
        (None, None) => {
            problems.error("catalogue.endpoints", route!["name"], "either `endpoints` or `discover` is needed");
        }
    }
    let needs_endpoint = file.revocation.way != RevocationWay::Standard;
    if needs_endpoint && file.endpoints.as_ref().is_some_and(|endpoints| endpoints.revocation.is_none()) {
        let message = "a way of revoking needs a revocation endpoint";
        problems.error("catalogue.revocation", route!["revocation", "way"], message);
    }
    let samples = samples(file);
    for (place, title, text) in addresses(file) {
        // A name that is no parameter is noted elsewhere.
        let plain = |values: &BTreeMap<String, String>| template::expand(text, values).replace("{client_id}", "1");
        let broken = |values: &BTreeMap<String, String>| template::https_url(&plain(values)).is_none();
        if samples.iter().any(|values| broken(values) && !plain(values).contains('{')) {
            problems.at("catalogue.endpoint", &place, format!("the provider's {title} is not an https address"));
        }
    }
}

type Address<'a> = (Vec<Step>, &'static str, &'a str);

fn addresses(file: &ProviderFile) -> Vec<Address<'_>> {
    let mut addresses: Vec<Address<'_>> = Vec::new();
    if let Some(endpoints) = &file.endpoints {
        let named = [
            ("authorization", "authorization endpoint", endpoints.authorization.as_deref()),
            ("token", "token endpoint", Some(endpoints.token.as_str())),
            ("device_authorization", "device authorization endpoint", endpoints.device_authorization.as_deref()),
            ("pushed_authorization", "pushed authorization endpoint", endpoints.pushed_authorization.as_deref()),
            ("revocation", "revocation endpoint", endpoints.revocation.as_deref()),
            ("jwks", "jwks endpoint", endpoints.jwks.as_deref()),
        ];
        addresses
            .extend(named.into_iter().filter_map(|(name, title, text)| Some((route!["endpoints", name].into(), title, text?))));
    }
    let others = [
        (Vec::from(route!["discover"]), "issuer", file.discover.as_deref()),
        (Vec::from(route!["api"]), "API", file.api.as_deref()),
        (Vec::from(route!["identity", "url"]), "profile", file.identity.as_ref().and_then(|identity| identity.url.as_deref())),
    ];
    addresses.extend(others.into_iter().filter_map(|(place, title, text)| Some((place, title, text?))));
    addresses
}

/// Values for the parameters: the first has each one's default or first choice, then one more for every other choice.
fn samples(file: &ProviderFile) -> Vec<BTreeMap<String, String>> {
    let mut first = BTreeMap::new();
    for parameter in &file.parameters {
        let free = match parameter.format {
            Some(Format::HttpsUrl) => "https://sample.example",
            _ => "sample",
        };
        match parameter.choices.first() {
            Some(choice) => {
                first.extend(choice.sets.clone());
                first.insert(parameter.name.clone(), choice.value.clone());
            }
            None => _ = first.insert(parameter.name.clone(), parameter.default.clone().unwrap_or_else(|| free.to_owned())),
        }
    }
    let mut samples = vec![first.clone()];
    for parameter in &file.parameters {
        for choice in parameter.choices.iter().skip(1) {
            let mut values = first.clone();
            values.extend(choice.sets.clone());
            values.insert(parameter.name.clone(), choice.value.clone());
            samples.push(values);
        }
    }
    samples
}
