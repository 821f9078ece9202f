//! Which scopes a token answer names.

use super::ledger::Login;
use super::place::Flavour;
use super::script::{Grant, Script};

/// The scopes of OpenID Connect, which have no prefix and are not left out by a list of grants.
const BASE: [&str; 4] = ["openid", "profile", "email", "offline_access"];

pub(crate) fn granted(script: &Script, login: &Login) -> Vec<String> {
    let prefix = login
        .scopes
        .iter()
        .find_map(|scope| scope.contains("://").then(|| scope.rsplit_once('/')).flatten())
        .map(|(prefix, _)| prefix);
    let named = |scope: &String| match (script.scope_prefix, prefix) {
        _ if BASE.contains(&scope.as_str()) => scope.clone(),
        (false, _) if scope.contains("://") => short(scope).to_owned(),
        (true, Some(prefix)) if !scope.contains("://") => format!("{prefix}/{scope}"),
        _ => scope.clone(),
    };
    let base = login.scopes.iter().filter(|scope| BASE.contains(&scope.as_str()));
    let mut scopes: Vec<String> = match &script.grant {
        Grant::Requested => login.scopes.iter().map(named).collect(),
        Grant::Only(list) => list.iter().chain(base.filter(|scope| !list.contains(scope))).map(named).collect(),
    };
    if login.flavour == Flavour::Entra {
        // Entra grants it by the refresh token, and does not name it.
        scopes.retain(|scope| scope != "offline_access");
    }
    scopes
}

fn short(scope: &str) -> &str {
    scope.rsplit_once('/').map_or(scope, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated::script::Account;

    fn granted_for(json: &str, flavour: Flavour, scopes: &[&str]) -> String {
        let login = Login {
            client_id: "c".to_owned(),
            account: Account::default(),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            nonce: None,
            issuer: String::new(),
            flavour,
            client_info: false,
            family: 0,
        };
        granted(&serde_json::from_str(json).unwrap(), &login).join(" ")
    }

    #[test]
    fn prefixes_come_and_go() {
        let asked =
            ["https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/Mail.Read", "offline_access", "openid"];
        let entra = |json| granted_for(json, Flavour::Entra, &asked);
        assert_eq!(entra("{}"), "https://graph.microsoft.com/User.Read https://graph.microsoft.com/Mail.Read openid");
        assert_eq!(entra(r#"{"scope_prefix": false}"#), "User.Read Mail.Read openid");
        assert_eq!(entra(r#"{"grant": ["User.Read"]}"#), "https://graph.microsoft.com/User.Read openid");
        assert_eq!(entra(r#"{"grant": ["User.Read"], "scope_prefix": false}"#), "User.Read openid");
        assert_eq!(granted_for("{}", Flavour::GitHub, &["repo", "read:user"]), "repo read:user");
        assert_eq!(granted_for(r#"{"grant": ["a"]}"#, Flavour::Plain, &["a", "b"]), "a");
    }
}
