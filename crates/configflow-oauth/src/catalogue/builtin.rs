//! The providers that come with this crate. Each file is read when its provider is first asked for: a hub uses few of them, and
//! must start at once. What must be known before stands in the table, and a test holds it against the files.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use super::file::ProviderFile;
use super::provider::Provider;
use super::yaml;
use crate::errors::ErrorTable;

/// A provider whose file may not have been read yet.
#[derive(Debug)]
pub(super) struct Builtin {
    pub(super) name: &'static str,
    /// The integrations that it serves.
    pub(super) integrations: &'static [&'static str],
    /// Whether it has parameters.
    pub(super) parameters: bool,
    pub(super) text: &'static str,
    read: OnceLock<Arc<Provider>>,
}

macro_rules! builtin {
    ($($name:literal $([$($integration:literal),*])? $(with $parameters:ident)?;)*) => {
        /// Sorted by name.
        pub(super) static PROVIDERS: [Builtin; [$($name),*].len()] = [$(Builtin {
            name: $name,
            integrations: &[$($($integration),*)?],
            parameters: false $(|| builtin!(@$parameters))?,
            text: include_str!(concat!("../../providers/", $name, ".yaml")),
            read: OnceLock::new(),
        }),*];
    };
    (@parameters) => { true };
}

builtin! {
    "acme_cloud";
    "aladdin_connect" ["aladdin_connect"];
    "august" ["august"];
    "dropbox";
    "ekeybionyx" ["ekeybionyx"];
    "electric_kiwi" ["electric_kiwi"];
    "fitbit" ["fitbit"];
    "generic_oidc" with parameters;
    "gentex_homelink" ["gentex_homelink"];
    "geocaching" ["geocaching"];
    "github";
    "google" ["google", "google_assistant_sdk", "google_drive", "google_mail", "google_photos", "google_sheets", "google_tasks", "youtube"];
    "home_connect" ["home_connect"];
    "husqvarna_automower" ["husqvarna_automower"];
    "iotty" ["iotty"];
    "lametric" ["lametric"];
    "lyric" ["lyric"];
    "mcp" ["mcp"] with parameters;
    "microbees" ["microbees"];
    "microsoft_entra" ["onedrive"] with parameters;
    "miele" ["miele"];
    "monzo" ["monzo"];
    "myuplink" ["myuplink"];
    "neato" ["neato"];
    "nest" ["nest"] with parameters;
    "netatmo" ["netatmo"];
    "ondilo_ico" ["ondilo_ico"];
    "point" ["point"];
    "senz" ["senz"];
    "slack";
    "smartthings" ["smartthings"];
    "spotify" ["spotify"];
    "strava";
    "tesla_fleet" ["tesla_fleet"] with parameters;
    "teslemetry" ["teslemetry"] with parameters;
    "tibber" ["tibber"];
    "todoist";
    "twitch" ["twitch"];
    "volvo" ["volvo"];
    "watts" ["watts"];
    "weheat" ["weheat"];
    "withings" ["withings"];
    "xbox" ["xbox"];
    "yale" ["yale"];
    "yolink" ["yolink"] with parameters;
}

const TABLES: [&str; 2] =
    [include_str!("../../providers/errors/github.yaml"), include_str!("../../providers/errors/microsoft_entra.yaml")];

static READ_TABLES: LazyLock<BTreeMap<String, Arc<ErrorTable>>> = LazyLock::new(read_tables);

/// A built-in provider by its name.
pub(super) fn find(name: &str) -> Option<&'static Builtin> {
    let at = PROVIDERS.binary_search_by(|provider| provider.name.cmp(name)).ok()?;
    PROVIDERS.get(at)
}

/// A built-in error table by its name.
pub(super) fn table(name: &str) -> Option<&'static Arc<ErrorTable>> {
    READ_TABLES.get(name)
}

impl Builtin {
    /// The provider, read from its file the first time.
    #[expect(clippy::expect_used, reason = "the files are part of the crate, and a test reads every one")]
    pub(super) fn provider(&'static self) -> &'static Arc<Provider> {
        self.read.get_or_init(|| {
            let file: ProviderFile = yaml::read(self.text).expect("a built-in provider can be read");
            let errors = match &file.errors {
                None => Arc::new(ErrorTable::empty()),
                Some(name) => table(name).cloned().expect("a built-in provider has its error table"),
            };
            Provider::take(file, errors).expect("nothing is wrong with a built-in provider")
        })
    }
}

#[expect(clippy::expect_used, reason = "the files are part of the crate, and a test reads every one")]
fn read_tables() -> BTreeMap<String, Arc<ErrorTable>> {
    let read = |text: &&str| {
        let table = ErrorTable::from_yaml(text).expect("a built-in error table can be read");
        (table.name().to_owned(), Arc::new(table))
    };
    TABLES.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_the_files_say() {
        assert!(PROVIDERS.is_sorted_by_key(|provider| provider.name));
        for row in &PROVIDERS {
            let file: ProviderFile = yaml::read(row.text).unwrap_or_else(|error| panic!("{}: {error}", row.name));
            assert_eq!(file.name, row.name);
            assert_eq!(file.integrations, row.integrations, "{}", row.name);
            assert_eq!(!file.parameters.is_empty(), row.parameters, "{}", row.name);
            assert_eq!(row.provider().name(), row.name);
        }
    }

    #[test]
    fn every_file_is_in_the_table() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/providers");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
        let mut names: Vec<_> = files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        names.sort();
        assert_eq!(names, PROVIDERS.iter().map(|row| row.name).collect::<Vec<_>>());
    }
}
