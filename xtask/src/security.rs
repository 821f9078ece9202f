//! docs/security.md against the tree: each number of the checklist has tests, and each test named after a number stands there.

use std::collections::{BTreeMap, BTreeSet};

/// How this file begins; its samples are no tests of the tree.
pub(crate) const HEAD: &str = "//! docs/security.md against the tree";

/// How many numbers the checklist has.
const NUMBERS: usize = 22;

/// What does not hold. `sources` are the texts of all source files.
pub(crate) fn check<'s>(page: &str, sources: impl Iterator<Item = &'s str>) -> Vec<String> {
    let written: BTreeSet<&str> = sources.flat_map(tests).collect();
    let listed = listed(page);
    let mut faults = Vec::new();
    for number in 1..=NUMBERS {
        let Some(names) = listed.get(&number) else {
            faults.push(format!("docs/security.md: number {number} has no row, or no test"));
            continue;
        };
        for name in names.iter().filter(|name| !written.contains(*name)) {
            faults.push(format!("docs/security.md: number {number}: there is no test `{name}`"));
        }
    }
    for name in &written {
        for number in numbers(name) {
            if listed.get(&number).is_none_or(|names| !names.contains(name)) {
                faults.push(format!("docs/security.md: number {number}: the test `{name}` does not stand there"));
            }
        }
    }
    for name in written.iter().filter(|name| name.contains("cve_") && !page.contains(&format!("`{name}`"))) {
        faults.push(format!("docs/security.md: the test `{name}` does not stand there"));
    }
    faults
}

/// The names of tests that begin with a number of the checklist, or that of a known failure.
fn tests(source: &str) -> impl Iterator<Item = &str> {
    source.lines().filter_map(|line| {
        let name = line.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("async ").strip_prefix("fn ")?;
        let name = name.split(['(', '<']).next()?;
        (name.starts_with("sec_") || name.starts_with("cve_")).then_some(name)
    })
}

/// The numbers in a test's name: `sec_05_sec_06_…` has two.
fn numbers(name: &str) -> impl Iterator<Item = usize> {
    name.split("sec_").skip(1).filter_map(|rest| rest.split('_').next()?.parse().ok())
}

/// The tests of each number: the rows of the table that begin with one.
fn listed(page: &str) -> BTreeMap<usize, BTreeSet<&str>> {
    let mut listed: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for row in page.lines() {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let Some(number) = cells.first().and_then(|cell| cell.parse().ok()) else { continue };
        let names = cells.last().into_iter().flat_map(|cell| cell.split('`')).filter(|name| name.starts_with("sec_"));
        listed.entry(number).or_default().extend(names);
    }
    listed.retain(|_, names| !names.is_empty());
    listed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> String {
        (1..=NUMBERS).map(|number| format!("| {number} | holds | | `sec_{number:02}_x` |\n")).collect()
    }

    fn source() -> String {
        (1..=NUMBERS).map(|number| format!("    async fn sec_{number:02}_x() {{\n")).collect()
    }

    #[test]
    fn a_number_without_a_test_and_a_test_without_a_place_are_found() {
        let (page, source) = (page(), source());
        assert_eq!(check(&page, [source.as_str()].into_iter()), Vec::<String>::new());
        assert_eq!(check(&page, [""].into_iter()).len(), NUMBERS, "no test is there");
        assert_eq!(check(&page, [source.as_str(), "fn sec_03_sec_04_y() {"].into_iter()).len(), 2);
        assert_eq!(check(&page, [source.as_str(), "fn cve_2020_1_y() {"].into_iter()).len(), 1);
        assert_eq!(check(&page.replace("`sec_09_x`", ""), [source.as_str()].into_iter()).len(), 2);
    }
}
