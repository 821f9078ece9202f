//! The token of the API.

use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use configflow_oauth::{Entropy, SystemEntropy};

use super::failure::Failure;

/// The token of the environment, else that of the file `token` in the data folder, which is made for its owner alone.
pub(super) fn of(data: &Path) -> Result<String, Failure> {
    if let Ok(token) = std::env::var("CONFIGFLOW_TOKEN")
        && !token.trim().is_empty()
    {
        return Ok(token.trim().to_owned());
    }
    let file = data.join("token");
    let failed = |error| Failure::Token { file: file.clone(), error };
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(data).map_err(failed)?;
    match std::fs::File::open(&file) {
        Ok(mut found) => {
            let mut token = String::new();
            found.read_to_string(&mut token).map_err(failed)?;
            let token = token.trim();
            if token.is_empty() {
                return Err(failed(std::io::Error::new(ErrorKind::InvalidData, "the file is empty; remove it for a new token")));
            }
            Ok(token.to_owned())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let token = fresh()?;
            write(&file, &token).map_err(failed)?;
            tracing::info!(file = %file.display(), "a token for the API was made");
            Ok(token)
        }
        Err(error) => Err(failed(error)),
    }
}

fn fresh() -> Result<String, Failure> {
    let mut random = [0; 32];
    SystemEntropy.fill(&mut random).map_err(Failure::Entropy)?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}

/// Writes the token whole or not at all, for its owner alone.
fn write(file: &Path, token: &str) -> std::io::Result<()> {
    let draft = file.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&draft)?;
    writeln!(written, "{token}")?;
    written.sync_all()?;
    std::fs::rename(&draft, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_and_never_the_same() {
        let (one, other) = (fresh().expect("a token"), fresh().expect("a token"));
        assert_eq!(one.len(), 43);
        assert_ne!(one, other);
    }
}
