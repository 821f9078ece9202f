//! `configflow export` and `configflow import`.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

fn configflow(arguments: &[&str], data: &Path) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("configflow").expect("the command");
    command.env_remove("CONFIGFLOW_KEY").args(arguments).arg("--data").arg(data).assert()
}

fn example() -> String {
    format!("{}/../configflow-store/tests/core.config_entries.json", env!("CARGO_MANIFEST_DIR"))
}

fn json(text: &[u8]) -> Value {
    serde_json::from_slice(text).expect("JSON")
}

#[test]
fn accounts_move_in_and_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("hub");
    let imported = configflow(&["import", &example()], &data).success();
    assert_eq!(imported.get_output().stdout, b"4 added, 0 replaced, 0 unchanged\n");
    configflow(&["import", &example()], &data).success().stdout("0 added, 0 replaced, 4 unchanged\n");

    let exported = configflow(&["export"], &data).success();
    let original = std::fs::read(example()).expect("the example");
    assert_eq!(json(&exported.get_output().stdout), json(&original), "a program gets it");

    let file = folder.path().join("core.config_entries");
    let name = file.display().to_string();
    let written = configflow(&["export", "--output", &name], &data).success();
    assert!(!String::from_utf8_lossy(&written.get_output().stdout).contains("canary"));
    assert_eq!(json(&std::fs::read(&file).expect("the file")), json(&original));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
    }
    let refused = configflow(&["export", "--output", &name], &data).code(2);
    assert!(String::from_utf8_lossy(&refused.get_output().stderr).starts_with("error[file.unwritable]"));

    let changed = String::from_utf8(original).expect("a text").replace("\"Lamp\"", "\"Other lamp\"");
    std::fs::write(&file, changed).expect("written");
    let refused = configflow(&["import", &name], &data).code(1);
    let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(said.starts_with("error[import.known]") && !said.contains("canary"), "{said}");
    configflow(&["import", &name, "--replace"], &data).success().stdout("0 added, 1 replaced, 3 unchanged\n");
}

#[test]
fn a_terminal_gets_secrets_only_on_demand() {
    let folder = tempfile::tempdir().expect("a folder");
    configflow(&["import", &example()], folder.path()).success();
    let run = |more: &str| {
        let program = env!("CARGO_BIN_EXE_configflow");
        let command = format!("{program} export --data {} {more}", folder.path().display());
        let mut session = rexpect::spawn(&command, Some(20_000)).expect("a terminal");
        session.exp_eof().expect("its output")
    };
    let refused = run("");
    assert!(refused.contains("error[export.to_terminal]") && !refused.contains("canary"), "{refused}");
    assert!(run("--to-terminal").contains("canary-pin"));
}

#[test]
fn what_cannot_be_used_is_said_with_its_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let says = |arguments: &[&str], code: &str| {
        let refused = configflow(arguments, folder.path()).code(2);
        let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
        assert!(said.starts_with(&format!("error[{code}]")), "{said}");
    };
    says(&["export"], "store.missing");
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0, "nothing is made by looking");
    says(&["import", "/nothing/here"], "file.unreadable");
    configflow(&["import", &example()], folder.path()).success();
    std::fs::remove_file(folder.path().join("configflow.key")).expect("removed");
    says(&["export"], "store.key_missing");
}
