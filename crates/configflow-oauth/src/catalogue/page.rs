//! The page about all providers, made from their files. Only what a file says stands on it.

use std::fmt::{self, Write as _};

use super::file::{
    ClientAuth, ExpiresInRule, IdentitySource, LoopbackPort, PkceSupport, Purpose, RequestBody, RevocationWay, Rotation,
    SecretUse,
};
use super::provider::Provider;

const HEAD: &str = "# Providers

<!-- Made by `configflow providers page`; a test compares. Mend the files in crates/configflow-oauth/providers/ instead. -->

Every provider at which an account can be linked, and the integrations of Home Assistant that each serves. How to add one:
[adding-a-provider.md](adding-a-provider.md).

Endpoints are *as read* where nobody has seen them work: the entry says what they were read from. PKCE with S256 is sent to every
provider; *confirmed* means that the provider is known to check it. *Rotation* is what a refresh does to the refresh token: whether
one whose answer was lost can be sent again depends on it.
";

/// The page.
pub(super) fn of<'p>(providers: impl Iterator<Item = &'p Provider>) -> String {
    let providers: Vec<&Provider> = providers.filter(|provider| provider.name() != "acme_cloud").collect();
    let mut page = Page { text: HEAD.to_owned() };
    page.table(&providers);
    for provider in providers {
        page.section(provider);
    }
    page.text
}

struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: fmt::Arguments<'_>) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.text, "{line}");
    }

    fn table(&mut self, providers: &[&Provider]) {
        self.line(format_args!("\n| provider | integrations | methods | PKCE | rotation | revocation | identity |"));
        self.line(format_args!("| --- | --- | --- | --- | --- | --- | --- |"));
        for provider in providers {
            let file = &provider.file;
            let methods = match provider.methods() {
                [] => "none".to_owned(),
                methods => methods.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(", "),
            };
            let revokes = file.endpoints.as_ref().is_some_and(|endpoints| endpoints.revocation.is_some());
            self.line(format_args!(
                "| [{}](#{}) | {} | {methods} | {} | {} | {} | {} |",
                provider.title(),
                provider.name(),
                codes(provider.integrations()),
                if file.pkce.support == PkceSupport::Confirmed { "confirmed" } else { "sent" },
                file.token.rotation.as_str().replace('_', " "),
                if revokes {
                    "yes"
                } else if provider.is_discovered() {
                    "as described"
                } else {
                    "no"
                },
                identity_in_a_word(provider),
            ));
        }
    }

    fn section(&mut self, provider: &Provider) {
        let file = &provider.file;
        self.line(format_args!("\n<a id=\"{}\"></a>\n", provider.name()));
        self.line(format_args!("## {}\n", provider.title()));
        self.line(format_args!("`{}`{}\n", provider.name(), served(provider.integrations())));
        if let Some(reason) = provider.unlinkable() {
            self.line(format_args!("**No account can be linked.** {reason}\n"));
        }
        if let Some(register) = provider.register() {
            let at = register.at().map(|at| format!(" (<{at}>)")).unwrap_or_default();
            self.line(format_args!("**To register**{at}: {}\n", register.note().trim()));
        }
        for note in provider.notes() {
            self.line(format_args!("- {note}"));
        }
        for quirk in quirks(provider) {
            self.line(format_args!("- {quirk}"));
        }
        for (integration, scopes) in &file.scopes.usual {
            self.line(format_args!("- Scopes of `{integration}`: {}", codes(scopes)));
        }
        self.endpoints(provider);
        let kind = if file.verified { "Seen to work" } else { "As read, not verified" };
        let source: Vec<_> = provider.source().iter().map(|source| linked(source)).collect();
        self.line(format_args!("\n{kind}: {}.", source.join("; ")));
    }

    fn endpoints(&mut self, provider: &Provider) {
        let file = &provider.file;
        self.line(format_args!("\n| | |\n| --- | --- |"));
        if let Some(issuer) = &file.discover {
            self.line(format_args!("| discovered from | `{issuer}` |"));
        }
        if let Some(endpoints) = &file.endpoints {
            let otherwise = if file.discover.is_some() { " without metadata" } else { "" };
            for (title, address) in [
                ("authorization", endpoints.authorization.as_deref()),
                ("token", Some(endpoints.token.as_str())),
                ("device", endpoints.device_authorization.as_deref()),
                ("pushed authorization", endpoints.pushed_authorization.as_deref()),
                ("revocation", endpoints.revocation.as_deref()),
                ("keys", endpoints.jwks.as_deref()),
            ] {
                if let Some(address) = address {
                    self.line(format_args!("| {title}{otherwise} | `{address}` |"));
                }
            }
        }
        if let Some(issuer) = &file.issuer {
            self.line(format_args!("| issuer | `{}` |", issuer.value));
        }
        if let Some(native) = &file.native {
            self.line(format_args!("| native page | `{}` |", native.redirect_uri));
        }
        if let Some(api) = &file.api {
            self.line(format_args!("| API | `{api}` |"));
        }
    }
}

/// What is out of the ordinary, a sentence each.
fn quirks(provider: &Provider) -> Vec<String> {
    let file = &provider.file;
    let mut quirks = Vec::new();
    let mut add = |holds: bool, sentence: String| {
        if holds {
            quirks.push(sentence);
        }
    };
    for parameter in &file.parameters {
        let choices: Vec<_> = parameter.choices.iter().map(|choice| choice.value.clone()).collect();
        let values = if choices.is_empty() { String::new() } else { format!(", one of {}", codes(&choices)) };
        let default = parameter.default.as_ref().map(|value| format!(" (`{value}` if not given)")).unwrap_or_default();
        add(true, format!("Parameter `{}`: {}{values}{default}.", parameter.name, parameter.title));
    }
    if let Some(loopback) = &file.loopback {
        let hosts: Vec<_> = loopback.hosts.iter().map(|host| host.as_str().to_owned()).collect();
        let port = match loopback.port {
            LoopbackPort::Any => "any port",
            LoopbackPort::Registered => "a registered port",
        };
        add(true, format!("Loopback redirects: {}, {port}.", codes(&hosts)));
    }
    if let Some(id) = &file.client.id {
        add(true, format!("Client id: `{id}` if none is given."));
    }
    add(file.client.secret == SecretUse::Required, "A client secret is needed.".to_owned());
    if let Some(reason) = provider.pkce_reason() {
        add(true, format!("PKCE: {}", reason.trim()));
    }
    for extra in &file.authorize.extra {
        add(true, format!("The login has the parameter `{}={}`.", extra.name, extra.value));
    }
    add(file.authorize.pushed, "The parameters of the login are sent beforehand (RFC 9126).".to_owned());
    let token = &file.token;
    add(token.auth == ClientAuth::Basic, "The client shows its secret as HTTP Basic.".to_owned());
    add(token.auth == ClientAuth::Both, "The client shows its secret as HTTP Basic and in the body.".to_owned());
    add(token.body == RequestBody::Json, "Token requests are JSON.".to_owned());
    for extra in &token.extra {
        let with: Vec<_> = extra.with.iter().map(|purpose| purpose_in_a_word(*purpose)).collect();
        add(true, format!("Token requests ({}) have the parameter `{}={}`.", with.join(", "), extra.name, extra.value));
    }
    add(token.refresh_redirect_uri, "A refresh repeats the redirect URI of the link.".to_owned());
    if let Some(grant) = &token.device_grant {
        add(true, format!("The device grant is called `{grant}`."));
    }
    add(!token.within.is_empty(), format!("The tokens stand in the field `{}` of the answer.", token.within.join(".")));
    add(token.types != ["bearer"], format!("Types of tokens: {}.", codes(&token.types)));
    add(token.expires_in == ExpiresInRule::Required, "An answer without `expires_in` is a fault.".to_owned());
    add(token.expires_in == ExpiresInRule::Ignored, "`expires_in` is ignored.".to_owned());
    if let Some(lifetime) = token.lifetime {
        add(true, format!("An access token lives {lifetime} s where the answer does not say."));
    }
    let rotation = match token.rotation {
        Rotation::Unknown | Rotation::None => None,
        Rotation::KeepsOld => Some("A refresh brings another refresh token, and the old one stays valid."),
        Rotation::Revokes => Some("A refresh brings another refresh token, and the old one ends."),
    };
    if let Some(rotation) = rotation {
        add(true, rotation.to_owned());
    }
    let scopes = &file.scopes;
    add(!scopes.base.is_empty(), format!("Always asked for: {}.", codes(&scopes.base)));
    add(scopes.all_offered, "All scopes that the metadata lists are asked for.".to_owned());
    add(!scopes.prefix.is_empty(), format!("Scopes have the prefix `{}`, which definitions leave out.", scopes.prefix));
    add(scopes.separator != " ", format!("Scopes are separated by `{}`.", scopes.separator));
    if let Some(parameter) = &scopes.parameter {
        add(true, format!("Scopes stand in the parameter `{parameter}`."));
    }
    let revocation = match file.revocation.way {
        RevocationWay::Standard => None,
        RevocationWay::AccessToken => Some("Revoked by the access token, in a form."),
        RevocationWay::Bearer => Some("Revoked by a POST with the access token as its bearer."),
        RevocationWay::DeleteJson => Some("Revoked by a DELETE with the access token as JSON, which needs the client secret."),
    };
    if let Some(revocation) = revocation {
        add(true, revocation.to_owned());
    }
    if let Some(identity) = &file.identity {
        let from = match (&identity.from, &identity.url) {
            (IdentitySource::Profile, Some(url)) => format!("in the answer of `{url}`"),
            (IdentitySource::Profile, None) | (IdentitySource::IdToken, _) => "in the ID token".to_owned(),
            (IdentitySource::Answer, _) => "in the token answer".to_owned(),
            (IdentitySource::AccessToken, _) => "in the access token".to_owned(),
        };
        add(true, format!("An account is known by {} {from}.", codes(&identity.key)));
    }
    quirks
}

fn purpose_in_a_word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Redeem => "redeem",
        Purpose::Refresh => "refresh",
        Purpose::Device => "device",
    }
}

fn identity_in_a_word(provider: &Provider) -> &'static str {
    match provider.identity_source() {
        None => "none",
        Some(IdentitySource::IdToken) => "ID token",
        Some(IdentitySource::Answer) => "token answer",
        Some(IdentitySource::AccessToken) => "access token",
        Some(IdentitySource::Profile) => "profile",
    }
}

fn served(integrations: &[String]) -> String {
    if integrations.is_empty() { String::new() } else { format!(", for {}", codes(integrations)) }
}

fn codes(texts: &[String]) -> String {
    texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
}

fn linked(source: &str) -> String {
    if source.starts_with("https://") { format!("<{source}>") } else { source.trim_end_matches('.').to_owned() }
}
