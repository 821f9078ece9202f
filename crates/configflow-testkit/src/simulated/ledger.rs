//! What the provider has given out: codes, device codes and tokens. Their values are counted, so that a test can look for them.
//!
//! Not a store: it lives as long as the script. Nothing here is printed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::place::Flavour;
use super::script::Account;

/// What every code and token given out contains; anything that contains one of these is a secret.
pub(crate) const MARKS: [&str; 4] = ["sim-code-", "sim-access-", "sim-refresh-", "sim-device-"];

/// A person's consent to a client, which codes and tokens stand for.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) client_id: String,
    pub(crate) account: Account,
    /// The scopes asked for.
    pub(crate) scopes: Vec<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) issuer: String,
    pub(crate) flavour: Flavour,
    pub(crate) client_info: bool,
    /// Tokens of one login are revoked together.
    pub(crate) family: u32,
}

impl Login {
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|other| other == scope)
    }
}

/// An authorization code.
pub(crate) struct Code {
    pub(crate) login: Login,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: String,
    pub(crate) redeemed: bool,
    expires: Instant,
}

impl Code {
    pub(crate) fn is_expired(&self) -> bool {
        Instant::now() >= self.expires
    }
}

/// A device code.
pub(crate) struct DeviceCode {
    pub(crate) login: Login,
    pub(crate) polls: u32,
    pub(crate) redeemed: bool,
}

/// A refresh token.
pub(crate) struct RefreshToken {
    pub(crate) login: Login,
    pub(crate) used: bool,
}

struct AccessToken {
    login: Login,
    expires: Instant,
}

/// All that was given out.
#[derive(Default)]
pub(crate) struct Ledger {
    count: u32,
    codes: BTreeMap<String, Code>,
    devices: BTreeMap<String, DeviceCode>,
    refresh: BTreeMap<String, RefreshToken>,
    access: BTreeMap<String, AccessToken>,
    any_token: bool,
    /// How often each code came to the token endpoint.
    came: BTreeMap<String, u32>,
}

impl Ledger {
    /// The next number; it is never used twice.
    pub(crate) fn number(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    pub(crate) fn give_code(&mut self, login: Login, redirect_uri: String, challenge: String, lifetime: u32) -> String {
        let value = format!("sim-code-{:04}-canary-of-no-worth", self.number());
        let expires = Instant::now() + seconds(lifetime);
        self.codes.insert(value.clone(), Code { login, redirect_uri, challenge, redeemed: false, expires });
        value
    }

    pub(crate) fn give_device_code(&mut self, login: Login) -> String {
        let value = format!("sim-device-{:04}-canary-of-no-worth", self.number());
        self.devices.insert(value.clone(), DeviceCode { login, polls: 0, redeemed: false });
        value
    }

    pub(crate) fn give_access_token(&mut self, login: Login, lifetime: u32) -> String {
        let value = format!("sim-access-{:04}-canary-of-no-worth", self.number());
        self.access.insert(value.clone(), AccessToken { login, expires: Instant::now() + seconds(lifetime) });
        self.any_token = true;
        value
    }

    pub(crate) fn give_refresh_token(&mut self, login: Login) -> String {
        let value = format!("sim-refresh-{:04}-canary-of-no-worth", self.number());
        self.refresh.insert(value.clone(), RefreshToken { login, used: false });
        value
    }

    /// A code comes to the token endpoint.
    pub(crate) fn comes(&mut self, code: &str) {
        *self.came.entry(code.to_owned()).or_default() += 1;
    }

    /// How often each code came to the token endpoint.
    pub(crate) fn redemptions(&self) -> Vec<u32> {
        self.came.values().copied().collect()
    }

    pub(crate) fn code(&mut self, value: &str) -> Option<&mut Code> {
        self.codes.get_mut(value)
    }

    pub(crate) fn device_code(&mut self, value: &str) -> Option<&mut DeviceCode> {
        self.devices.get_mut(value)
    }

    pub(crate) fn refresh_token(&mut self, value: &str) -> Option<&mut RefreshToken> {
        self.refresh.get_mut(value)
    }

    /// Whose access token this is, if it is valid.
    pub(crate) fn holder(&self, access_token: &str) -> Option<&Login> {
        self.access.get(access_token).filter(|token| Instant::now() < token.expires).map(|token| &token.login)
    }

    /// Takes back all tokens of a login.
    pub(crate) fn revoke(&mut self, family: u32) {
        self.refresh.retain(|_, token| token.login.family != family);
        self.access.retain(|_, token| token.login.family != family);
    }

    /// Takes back one token, of a refresh token with all of its login (RFC 7009 §2.1).
    pub(crate) fn revoke_token(&mut self, value: &str) {
        if let Some(token) = self.refresh.get(value) {
            let family = token.login.family;
            self.revoke(family);
        }
        self.access.remove(value);
    }

    /// Whether a code or device code waits to be redeemed.
    pub(crate) fn awaits_redemption(&self) -> bool {
        self.codes.values().any(|code| !code.redeemed) || self.devices.values().any(|code| !code.redeemed)
    }

    /// Whether a token was ever given out.
    pub(crate) fn has_given_tokens(&self) -> bool {
        self.any_token
    }
}

fn seconds(lifetime: u32) -> Duration {
    Duration::from_secs(u64::from(lifetime))
}
