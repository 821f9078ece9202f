//! What Entra says to its error numbers, in words of our own.
//!
//! Not the remedies: a client has its own table, and must not depend on these sentences.

/// The sentence to a number.
pub(crate) fn sentence(number: u32) -> &'static str {
    match number {
        50_011 => "The redirect URI in the request is not registered for the application.",
        50_020 => "The account is of another tenant than the one the login is for.",
        50_076 | 50_079 => "Multi-factor authentication is needed for this account.",
        50_194 => "The application is not multi-tenant, so the tenant has to be named.",
        53_003 => "A conditional access policy does not allow the login.",
        54_005 => "The authorization code was redeemed before.",
        65_001 => "The account has not consented to the permissions of the application.",
        65_004 => "The person declined to consent.",
        70_000 => "The grant is not valid.",
        70_003 => "The grant type is not supported.",
        70_008 => "The authorization code has expired.",
        70_011 => "A scope of the request is not valid.",
        70_016 => "The authorization of the device is still pending.",
        70_019 | 70_020 => "The verification code has expired.",
        90_002 => "The tenant was not found.",
        90_094 => "An administrator has to consent.",
        500_112 => "The redirect URI is not the one the authorization code was asked for with.",
        501_481 => "The code verifier does not match the code challenge of the authorization request.",
        501_491 => "The code challenge or its method is not valid.",
        700_016 => "The application was not found in the tenant.",
        700_025 => "The client is public, so no client secret may be sent.",
        700_054 => "The response type is not enabled for the application.",
        700_082 | 700_084 => "The refresh token has expired.",
        900_144 => "A parameter of the request is missing or repeated.",
        900_971 => "No usable redirect URI was given.",
        7_000_215 => "The client secret is not valid.",
        7_000_218 => "The request needs a client secret.",
        7_000_222 => "The client secret has expired.",
        _ => "The request failed.",
    }
}
