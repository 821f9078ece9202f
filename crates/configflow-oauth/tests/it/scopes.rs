//! Requested, granted and implied scopes, by the rules in the providers' files.

use configflow_oauth::ScopeReport;

use crate::support::resolved;

fn compare(provider: &str, requested: &[&str], granted: Option<&[&str]>) -> ScopeReport {
    let owned = |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
    resolved(provider, &[]).scopes().compare(&owned(requested), granted.map(owned).as_deref())
}

fn missing(provider: &str, requested: &[&str], granted: &[&str]) -> Vec<String> {
    compare(provider, requested, Some(granted)).missing
}

#[test]
fn entra_grants_along() {
    let granted = [
        ("Calendars.ReadWrite", "Calendars.Read"),
        ("Calendars.ReadWrite", "Calendars.ReadBasic"),
        ("Calendars.Read", "Calendars.ReadBasic"),
        ("Calendars.Read.Shared", "Calendars.Read"),
        ("Calendars.ReadWrite.Shared", "Calendars.ReadWrite"),
        ("Calendars.ReadWrite.Shared", "Calendars.Read.Shared"),
        ("Calendars.ReadWrite.Shared", "Calendars.ReadBasic"),
        ("Group.ReadWrite.All", "Group.Read.All"),
        ("Presence.Read.All", "Presence.Read"),
        ("Presence.ReadWrite", "Presence.Read"),
        ("calendars.read", "Calendars.Read"),
        ("https://graph.microsoft.com/Calendars.ReadWrite", "Calendars.Read"),
        ("HTTPS://GRAPH.MICROSOFT.COM/User.Read", "https://graph.microsoft.com/User.Read"),
    ];
    for (granted, requested) in granted {
        assert_eq!(missing("microsoft_entra", &[requested], &[granted]), Vec::<String>::new(), "{granted} gives {requested}");
    }
}

#[test]
fn entra_does_not_grant_along() {
    let refused = [
        ("Calendars.Read", "Calendars.ReadWrite"),
        ("Calendars.ReadBasic", "Calendars.Read"),
        ("Calendars.Read", "Calendars.Read.Shared"),
        ("Calendars.ReadWrite", "Mail.Read"),
        ("Mail.ReadWrite", "Mail.Send"),
        ("Presence.Read", "Presence.Read.All"),
        ("Group.Read.All", "Group.ReadWrite.All"),
        ("openid profile", "User.Read"),
    ];
    for (granted, requested) in refused {
        assert_eq!(missing("microsoft_entra", &[requested], &[granted]), [requested], "{granted} does not give {requested}");
    }
}

#[test]
fn the_short_form_is_reported_and_base_scopes_are_not_missed() {
    let report = compare(
        "microsoft_entra",
        &["https://graph.microsoft.com/Mail.Read", "User.Read", "offline_access"],
        Some(&["https://graph.microsoft.com/User.Read", "openid", "profile"]),
    );
    assert_eq!(report.missing, ["Mail.Read"]);
    assert_eq!(report.granted, ["User.Read", "openid", "profile"]);
    assert!(!report.is_complete());
}

#[test]
fn silence_grants_all() {
    let report = compare("spotify", &["user-read-private"], None);
    assert!(report.is_complete());
    assert_eq!(report.granted, ["user-read-private"]);
}

#[test]
fn other_providers() {
    assert_eq!(missing("github", &["read:org", "repo:status"], &["admin:org", "repo"]), Vec::<String>::new());
    assert_eq!(missing("github", &["repo"], &["public_repo"]), ["repo"]);
    assert_eq!(missing("google", &["email"], &["https://www.googleapis.com/auth/userinfo.email"]), Vec::<String>::new());
    assert_eq!(missing("google", &["calendar.readonly"], &["https://www.googleapis.com/auth/calendar"]), Vec::<String>::new());
}
