//! Who may know whom: the arrows of ARCHITECTURE.md, and what each room may take from outside.

use toml::{Table, Value};

use super::Fault;
use super::tree::{Tree, product, room, says};

/// A crate and the crates of ours it may use: in the product, and in its tests besides.
struct Room {
    name: &'static str,
    knows: &'static [&'static str],
    tests_know: &'static [&'static str],
}

/// The whole map. A new arrow is a decision (docs/decisions), then a word here.
const ROOMS: &[Room] = &[
    Room { name: "model", knows: &[], tests_know: &[] },
    Room { name: "planted", knows: &[], tests_know: &[] },
    Room { name: "plan", knows: &["model", "planted"], tests_know: &[] },
    Room { name: "wire", knows: &[], tests_know: &[] },
    Room { name: "store", knows: &["model", "planted"], tests_know: &[] },
    Room { name: "crm", knows: &["model", "planted"], tests_know: &[] },
    Room { name: "engine", knows: &["model", "plan", "store", "planted"], tests_know: &["sim"] },
    Room {
        name: "connect",
        knows: &["model", "planted", "wire", "crm", "engine"],
        tests_know: &["emulator", "sim", "store"],
    },
    Room {
        name: "server",
        knows: &["model", "planted", "plan", "wire", "store", "crm", "engine", "connect"],
        tests_know: &["emulator"],
    },
    Room {
        name: "cli",
        knows: &["model", "plan", "wire", "store", "crm", "engine", "connect", "server", "emulator"],
        tests_know: &[],
    },
    Room { name: "emulator", knows: &[], tests_know: &[] },
    Room { name: "sim", knows: &["model", "plan", "store", "engine", "planted"], tests_know: &[] },
    // Worlds whose mailboxes are reached through bytes: it knows both ends of the line.
    Room { name: "bytewise", knows: &["model", "engine", "connect", "emulator", "sim"], tests_know: &[] },
    Room {
        name: "hostile",
        knows: &["model", "wire", "engine", "connect", "server", "emulator"],
        tests_know: &["sim"],
    },
    Room {
        name: "proof",
        // The executable once more, as a process that tests may kill.
        knows: &["cli"],
        tests_know: &["model", "plan", "wire", "store", "crm", "engine", "connect", "server", "emulator", "sim"],
    },
    Room { name: "xtask", knows: &[], tests_know: &[] },
];

/// Words that must not stand in a room's product code, tests at the end of a file excepted.
struct Quiet {
    rooms: &'static [&'static str],
    words: &'static [&'static str],
    why: &'static str,
}

const QUIET: &[Quiet] = &[
    Quiet {
        rooms: &["model", "plan", "wire"],
        words: &[
            "tokio",
            "async fn",
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "std::thread",
            "reqwest",
            "sqlx",
            "axum",
            "hyper",
        ],
        why: "is pure: it reads nothing and waits for nothing",
    },
    Quiet {
        rooms: &["engine"],
        words: &[
            "tokio",
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "std::thread",
            "reqwest",
            "sqlx",
            "axum",
            "hyper",
        ],
        why: "awaits only its ports, the store and the Clock",
    },
    Quiet { rooms: &["connect"], words: &["store::"], why: "knows of the engine its port only" },
];

/// Checks manifests and product code.
pub fn check(tree: &Tree, faults: &mut Vec<Fault>) {
    for (name, path, text) in tree.manifests() {
        let Some(known) = ROOMS.iter().find(|known| known.name == name) else {
            faults.push(Fault::new(
                path,
                0,
                format!("`{name}` is not in the map of rooms (crates/xtask/src/tidy/arrows.rs)"),
            ));
            continue;
        };
        match text.parse::<Table>() {
            Ok(manifest) => manifest_faults(known, path, &manifest, faults),
            Err(_) => faults.push(Fault::new(path, 0, "cannot be read as TOML")),
        }
    }
    for (path, text) in tree.rust() {
        quiet_faults(path, text, faults);
    }
}

fn manifest_faults(known: &Room, path: &str, manifest: &Table, faults: &mut Vec<Fault>) {
    for (section, tests) in [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)] {
        let Some(Value::Table(dependencies)) = manifest.get(section) else {
            continue;
        };
        for (dependency, form) in dependencies {
            if !by_workspace(form) {
                faults.push(Fault::new(path, 0, format!("`{dependency}`: versions and features stand in the root manifest; write `{dependency}.workspace = true`")));
            }
            let ours = ROOMS.iter().any(|room| room.name == dependency);
            let may =
                known.knows.contains(&dependency.as_str()) || tests && known.tests_know.contains(&dependency.as_str());
            if ours && !may {
                faults.push(Fault::new(
                    path,
                    0,
                    format!("an arrow that the architecture does not have: {} -> {dependency} ({section})", known.name),
                ));
            }
            let banned = QUIET.iter().find(|quiet| {
                !tests && quiet.rooms.contains(&known.name) && quiet.words.contains(&dependency.as_str())
            });
            if let Some(quiet) = banned {
                faults.push(Fault::new(path, 0, format!("`{}` {}: no `{dependency}`", known.name, quiet.why)));
            }
        }
    }
    if manifest.contains_key("target") {
        faults.push(Fault::new(path, 0, "dependencies by target stand in no room here"));
    }
    let lints = manifest.get("lints").and_then(Value::as_table).and_then(|lints| lints.get("workspace"));
    if lints.and_then(Value::as_bool) != Some(true) {
        faults.push(Fault::new(path, 0, "the workspace's lints hold here too: `[lints] workspace = true`"));
    }
}

fn by_workspace(form: &Value) -> bool {
    form.as_table().is_some_and(|form| {
        form.get("workspace").and_then(Value::as_bool) == Some(true)
            && form.keys().all(|key| key == "workspace" || key == "features" || key == "optional")
    })
}

fn quiet_faults(path: &str, text: &str, faults: &mut Vec<Fault>) {
    let Some((name, rest)) = room(path) else {
        return;
    };
    if !rest.starts_with("src/") {
        return;
    }
    for (number, line) in product(text) {
        for quiet in QUIET.iter().filter(|quiet| quiet.rooms.contains(&name)) {
            for word in quiet.words.iter().filter(|word| says(line, word)) {
                faults.push(Fault::new(path, number, format!("`{name}` {}: no `{word}`", quiet.why)));
            }
        }
        if name == "connect" && beyond_the_port(line) {
            faults.push(Fault::new(path, number, "`connect` knows of the engine its port only: `engine::port`"));
        }
    }
}

/// Whether a line reaches into our engine past its port; an `engine` module of somebody else's crate is not meant.
fn beyond_the_port(line: &str) -> bool {
    line.match_indices("engine::").any(|(start, _)| {
        let ours = !line[..start].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':');
        ours && !line[start..].starts_with("engine::port")
    })
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use super::check;

    const HEAD: &str = "[lints]\nworkspace = true\n";

    fn manifest(name: &str, rest: &str) -> Vec<String> {
        told(&[(&format!("crates/{name}/Cargo.toml"), &format!("{HEAD}{rest}"))], check)
    }

    #[test]
    fn an_arrow_of_the_map_passes_and_any_other_is_named() {
        assert!(manifest("plan", "[dependencies]\nmodel.workspace = true\nserde.workspace = true\n").is_empty());
        let told = manifest("plan", "[dependencies]\nstore.workspace = true\n");
        assert_eq!(
            told,
            ["crates/plan/Cargo.toml: an arrow that the architecture does not have: plan -> store (dependencies)"]
        );
    }

    #[test]
    fn the_emulator_uses_nothing_of_ours_not_even_in_its_tests() {
        for section in ["dependencies", "dev-dependencies"] {
            for name in ["model", "wire", "connect"] {
                assert_eq!(manifest("emulator", &format!("[{section}]\n{name}.workspace = true\n")).len(), 1);
            }
        }
    }

    #[test]
    fn the_engine_has_no_tokio() {
        assert_eq!(manifest("engine", "[dependencies]\ntokio.workspace = true\n").len(), 1);
        let told = told(
            &[("crates/engine/src/act.rs", "//! x\nuse tokio::time;\n#[cfg(test)]\nmod tests { use tokio::time; }\n")],
            check,
        );
        assert_eq!(
            told,
            ["crates/engine/src/act.rs:2: `engine` awaits only its ports, the store and the Clock: no `tokio`"]
        );
    }

    #[test]
    fn what_is_pure_reads_and_awaits_nothing() {
        for name in ["model", "plan", "wire"] {
            for line in ["use std::fs;", "async fn a() {}", "std::env::var(\"A\")", "use std::net::TcpStream;"] {
                assert_eq!(told(&[(&format!("crates/{name}/src/a.rs"), line)], check).len(), 1, "{name}: {line}");
            }
        }
    }

    #[test]
    fn connectors_know_the_port_alone() {
        assert!(told(&[("crates/connect/src/a.rs", "use engine::port::Remote;")], check).is_empty());
        let foreign = "base64::engine::general_purpose::STANDARD";
        assert!(told(&[("crates/connect/src/a.rs", foreign)], check).is_empty());
        assert_eq!(told(&[("crates/connect/src/a.rs", "use engine::cycle::Cycle;")], check).len(), 1);
        assert_eq!(told(&[("crates/connect/src/a.rs", "use store::Link;")], check).len(), 1);
    }

    #[test]
    fn versions_and_lints_stand_in_the_root_alone() {
        assert_eq!(manifest("plan", "[dependencies]\nserde = \"1\"\n").len(), 1);
        assert_eq!(manifest("plan", "[dependencies]\nserde = { version = \"1\", features = [\"rc\"] }\n").len(), 1);
        assert_eq!(told(&[("crates/plan/Cargo.toml", "")], check).len(), 1);
    }

    #[test]
    fn a_room_that_is_not_on_the_map_is_told() {
        assert_eq!(manifest("util", "").len(), 1);
    }
}
