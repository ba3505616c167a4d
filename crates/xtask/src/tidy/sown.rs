//! Planted faults stay in the build that asks for them: no manifest switches them on, and each one stands where it is told.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::Fault;
use super::tree::{Tree, code, room};

/// The feature that lets a fault be switched on.
const FEATURE: &str = "sown";
/// Where the faults have their names.
const NAMES: &str = "crates/planted/src/faults.rs";
/// The rooms that may ask whether one is switched on.
const ASKED_IN: [&str; 6] = ["plan", "engine", "store", "crm", "connect", "server"];

/// Checks manifests and code.
pub fn check(tree: &Tree, faults: &mut Vec<Fault>) {
    for (path, text) in tree.all().filter(|(path, _)| path.ends_with("Cargo.toml")) {
        if let Ok(manifest) = text.parse::<Table>() {
            switches(path, &manifest, faults);
        }
    }
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    for (path, text) in tree.rust() {
        let Some((name, rest)) = room(path) else { continue };
        if path.starts_with("crates/xtask/src/tidy/") || ["planted", "sim"].contains(&name) {
            continue;
        }
        for (number, line) in code(text) {
            if line.contains("feature = \"sown\"") || line.contains("planted::sow") {
                faults.push(Fault::new(path, number, "only a test build switches a planted fault on"));
            }
            for (start, _) in line.match_indices("Planted::") {
                let word: String =
                    line[start + "Planted::".len()..].chars().take_while(|letter| letter.is_alphanumeric()).collect();
                if !ASKED_IN.contains(&name) || !rest.starts_with("src/") {
                    faults.push(Fault::new(path, number, format!("a planted fault has no place here: {word}")));
                }
                used.insert((word, name.to_owned()));
            }
        }
    }
    let Some(names) = tree.text(NAMES) else { return };
    for (name, of) in names.lines().filter_map(named) {
        if !used.contains(&(name.to_owned(), of.to_owned())) {
            faults.push(Fault::new(NAMES, 0, format!("`{name}` is planted nowhere in `{of}`")));
        }
    }
}

/// `    OneImage, "plan", "…";`
fn named(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.trim().split_once(", \"")?;
    let (of, says) = rest.split_once("\", \"")?;
    (says.ends_with("\";") && name.chars().all(char::is_alphanumeric)).then_some((name, of))
}

fn switches(path: &str, manifest: &Table, faults: &mut Vec<Fault>) {
    let sections = ["dependencies", "build-dependencies", "dev-dependencies"];
    let mut tables: Vec<&Table> = sections.iter().filter_map(|name| manifest.get(*name)?.as_table()).collect();
    tables.extend(manifest.get("workspace").and_then(|of| of.get("dependencies")).and_then(Value::as_table));
    let asks = |value: &Value| {
        let features = value.get("features").and_then(Value::as_array);
        features.is_some_and(|features| features.iter().any(|feature| feature.as_str() == Some(FEATURE)))
    };
    for (dependency, _) in tables.into_iter().flatten().filter(|(_, form)| asks(form)) {
        faults.push(Fault::new(path, 0, format!("`{dependency}` with planted faults in a normal build")));
    }
    let Some(features) = manifest.get("features").and_then(Value::as_table) else { return };
    for (name, on) in features {
        let on: Vec<&str> = on.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let wakes = on.iter().any(|one| *one == FEATURE || one.ends_with("/sown"));
        let known = name == FEATURE && ["crates/planted/Cargo.toml", "crates/sim/Cargo.toml"].contains(&path);
        if (wakes || name == FEATURE) && !known {
            faults.push(Fault::new(path, 0, format!("the feature `{name}` switches planted faults on")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use super::{NAMES, check};

    #[test]
    fn no_manifest_switches_a_planted_fault_on() {
        let of = |path: &str, text: &str| told(&[(path, text)], check).len();
        assert_eq!(of("crates/sim/Cargo.toml", "[features]\nsown = [\"planted/sown\"]\n"), 0);
        assert_eq!(of("crates/sim/Cargo.toml", "[features]\ndefault = [\"sown\"]\n"), 1);
        assert_eq!(of("crates/cli/Cargo.toml", "[features]\nsown = [\"planted/sown\"]\n"), 1);
        let dependency = "[dependencies]\nplanted = { workspace = true, features = [\"sown\"] }\n";
        assert_eq!(of("crates/engine/Cargo.toml", dependency), 1);
        let root = "[workspace.dependencies]\nplanted = { path = \"crates/planted\", features = [\"sown\"] }\n";
        assert_eq!(of("Cargo.toml", root), 1);
    }

    #[test]
    fn a_planted_fault_stands_in_the_crate_it_names_and_nowhere_else() {
        let names = (NAMES, "    NoMark, \"engine\", \"a create is not marked\";\n");
        let asked = "if planted::is(Planted::NoMark) {}\n";
        assert!(told(&[names, ("crates/engine/src/a.rs", asked)], check).is_empty());
        assert_eq!(told(&[names, ("crates/plan/src/a.rs", asked)], check).len(), 1);
        assert_eq!(told(&[names], check).len(), 1);
        assert_eq!(told(&[names, ("crates/engine/src/a.rs", asked), ("crates/cli/src/a.rs", asked)], check).len(), 1);
        assert_eq!(told(&[("crates/server/src/a.rs", "planted::sow(None)\n")], check).len(), 1);
    }
}
