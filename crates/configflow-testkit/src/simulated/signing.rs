//! The keys that sign ID tokens, and the set that is published.
//!
//! The two keys are test keys, fixed in this file and worth nothing: making an RSA key takes too long for every start, and with fixed
//! keys a token can be looked at later. Nothing but tests may trust them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};

use super::script::Signing;

/// The id of a key that is in no set.
pub(crate) const UNKNOWN_KEY: &str = "sim-key-unknown";

/// The two keys.
pub(crate) struct Keys {
    rsa: EncodingKey,
    ec: EncodingKey,
    set: Vec<Value>,
}

/// The keys of this file cannot be used.
#[derive(Debug)]
pub(crate) struct KeyError;

impl Keys {
    pub(crate) fn new() -> Result<Self, KeyError> {
        let rsa = EncodingKey::from_rsa_der(&STANDARD.decode(RSA).map_err(|_| KeyError)?);
        let ec = EncodingKey::from_ec_der(&STANDARD.decode(EC).map_err(|_| KeyError)?);
        let set = vec![public(&rsa, Signing::Rs256)?, public(&ec, Signing::Es256)?];
        Ok(Self { rsa, ec, set })
    }

    /// The published set.
    pub(crate) fn set(&self) -> Vec<Value> {
        self.set.clone()
    }

    /// A signed token.
    pub(crate) fn sign(&self, claims: &Map<String, Value>, signing: Signing, key_id: &str) -> Result<String, KeyError> {
        let header = Header { kid: Some(key_id.to_owned()), ..Header::new(algorithm(signing)) };
        let key = match signing {
            Signing::Rs256 => &self.rsa,
            Signing::Es256 => &self.ec,
        };
        jsonwebtoken::encode(&header, claims, key).map_err(|_| KeyError)
    }
}

/// The id of a published key.
pub(crate) fn key_id(signing: Signing) -> &'static str {
    match signing {
        Signing::Rs256 => "sim-key-rsa",
        Signing::Es256 => "sim-key-ec",
    }
}

fn algorithm(signing: Signing) -> Algorithm {
    match signing {
        Signing::Rs256 => Algorithm::RS256,
        Signing::Es256 => Algorithm::ES256,
    }
}

fn public(key: &EncodingKey, signing: Signing) -> Result<Value, KeyError> {
    let jwk = Jwk::from_encoding_key(key, algorithm(signing)).map_err(|_| KeyError)?;
    let mut value = serde_json::to_value(jwk).map_err(|_| KeyError)?;
    value["kid"] = json!(key_id(signing));
    value["use"] = json!("sig");
    Ok(value)
}

/// PKCS #1, DER, base64.
const RSA: &str = concat!(
    "MIIEpQIBAAKCAQEAs3sIL457270cqM5fBMDbj9sGwPiHLdnIJZjt4e7KEbo3IFhIy6DPLLe7pi2qaHl3TrCfNPe1N9Z6TmMJgIBeIx74+QbnIqNGG8TfY+QH",
    "gWjnLeiLW+7g3ppznExC5q3MBsAJ8FrDdvSfYDuRTZ6eZ7rNr1CQGPwWc4eGgxCR97mb1l5WH8jSW7yRyBlNGvtdIahUzxlkwH6Qot+px1TTdozrDs47SIOu",
    "ExsjlMiHHKfb+e36XAncOiqeI2A69+xPGK5d33b/bGItI12Dixf/mImwBMC559QZivrZQsKG4t7VQqb4nWIIrwqI4wA24FEHa9g8MJDQjQCLXnxIyN9YMwID",
    "AQABAoIBACd2o+QhBibYvBZ52fanmR9WX3PKsZ5pRlLN/3AwGwou0bQw9UCgySzh8Uamv9Nc8djBiSASXyw54oadzBcPIqPCSagn1maNU/sDHMNP/j58HGjB",
    "uvKp4ZPQjh8NvaAPEs9hJk5NBrF/NBPqxRY2DEpujo8/vY9gzmb0o6Tp3c6ECLmI+vUSraLFu1qITJKKLCYzdHC870+OCuOAi0bczyZi1QKLzKurB1Mo7laR",
    "NlXgZtgs+oPhQ2V3o3SYfo5OiwdrOpl0UOVRVkBonf053J1WQR/rlKob2Aa0omRiaww5M+c3NpSnefVE9a7ehONWp5pix1lRlLRjDk2cQReGHkECgYEA5iO8",
    "vMtbsHb9cbfQDNXsehGPr63szSnMkIXSG0SFwpYwwrpyPvNnv6B7eX1daRucc2yJCkWPzclp8cpZafa3bUtuHkG0LudvxVqvXr50CMmGTGrE3rusjqzNSdA1",
    "JBMwY6Ykhc2i1dNHr6STKYqY2erQUVe0aB00xyP5ss/xhUMCgYEAx6YF5NT7xrsmsg4pE3NOXlAYK/dCQ96DxFK29D8V4PWkr9HgI5FpDSSg/OxBovoRQhj/",
    "jlO8Z8mh7DFN0nuXR2KeQ0ygstuIEbJ1QHH35BAE8bjP5OC/uASTOu/a9cFt2K3ULFISuIxDIjoxuEbE4Y5ZJUsuzbxeiEav8kABOlECgYEAjgiaUC51nRgi",
    "3Q8joPhaJRA3jKYb0pcsgDmG7XtBzlEhMN0e60kPy82Axv8fKmJ3ESl3/lXmJYxcDXTj8CjrFdIK2TOVv6joa3XHbALA3Dd74ie27vwGyFtPq3GLioMpRybf",
    "vZCnIa5uvLEmfeni4gMwpDMrzWHRE+JZFgmONr8CgYEAwgAnLAR2H9eOM2klKvxZw7Wqt1ZOMusPOX9yvoZquS2ZeSvE1GshHJ9iPENLSJYcnRDzi5b8thGt",
    "YXlLeOOVzc0boqPcZ9CBOUkjPJtCWX/jfgurIGnwgl0XwCaAq1vpZKsNSH/8Jw5M0f6gf8Ns3wzWvTGAanTHmz6tDAZ76vECgYEAmtz5aWb4wauZeenCV/cj",
    "RxI6xEMuWWQkYzxw6Y+WTg+JWRmOfGQC624I9E7ouwlEQXoyGwh6Fk0pcsH8OerSCaeXboAUOSQfOjqE4ocpB3G1MxJH6Tcgb9Xu+2QRzfUvIPdIeQCbXEYS",
    "nouEUfAxmW7O9ivxpNRrz7uIOPcs0Fk=",
);

/// PKCS #8, DER, base64.
const EC: &str = concat!(
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRtwMxCV+ykW/RWlsf0zvs9Uo+3WgNy/VSVXKjzc9izyhRANCAAQqOFv7xxpnYrVO+BFOyzRS",
    "PE1wkEhafXJKdxgdN4+ohsNzRSZJGsq6SUOQV+osuaH5psrhnGOYVg+hC8aY9zh4",
);
