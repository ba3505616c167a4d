//! What happens in one place only: the time and the dice, outgoing connections, listeners, databases.

use super::Fault;
use super::tree::{Tree, code, product, room, says};

/// Something that has its places.
struct Place {
    what: &'static str,
    words: &'static [&'static str],
    /// Files, or folders with a slash at the end.
    only_in: &'static [&'static str],
    /// Whether tests are held to it too.
    tests_too: bool,
}

const PLACES: &[Place] = &[
    Place {
        what: "the machine is asked for the time in one place",
        words: &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now", "UNIX_EPOCH.elapsed"],
        only_in: &["crates/server/src/clock.rs", "crates/xtask/src/ci/clock.rs"],
        tests_too: true,
    },
    Place {
        what: "dice are thrown in one place",
        words: &[
            "rand::rng(",
            "rand::random",
            "thread_rng",
            "ThreadRng",
            "OsRng",
            "SysRng",
            "getrandom",
            "Uuid::new_v4",
            "Uuid::now_v7",
            "from_os_rng",
        ],
        only_in: &["crates/server/src/clock.rs"],
        tests_too: false,
    },
    Place {
        what: "outgoing connections are made in one room",
        words: &["reqwest", "TcpStream::connect", "TcpSocket", "UdpSocket", "UnixStream::connect"],
        only_in: &["crates/connect/src/http/mod.rs", "crates/connect/src/http/line.rs"],
        tests_too: false,
    },
    Place {
        what: "listeners are opened in one file of the server and one of the emulator",
        words: &["TcpListener", "UnixListener"],
        only_in: &["crates/server/src/listen.rs", "crates/emulator/src/listen.rs"],
        tests_too: false,
    },
    Place {
        what: "databases are opened in one place of the store and one of the built-in CRM",
        words: &[
            "SqliteConnectOptions",
            "SqlitePoolOptions",
            "SqlitePool::connect",
            "SqliteConnection::connect",
            "PgConnectOptions",
            "PgPoolOptions",
            "PgPool::connect",
            "PgConnection::connect",
            "AnyPool",
        ],
        only_in: &["crates/store/src/db.rs", "crates/store/src/db/", "crates/crm/src/db.rs", "crates/crm/src/db/"],
        tests_too: false,
    },
];

/// Checks every Rust file but these rules themselves.
pub fn check(tree: &Tree, faults: &mut Vec<Fault>) {
    for (path, text) in tree.rust() {
        let Some((_, rest)) = room(path) else {
            continue;
        };
        if path.starts_with("crates/xtask/src/tidy/") {
            continue;
        }
        for place in PLACES {
            let at_home =
                place.only_in.iter().any(|home| path == *home || home.ends_with('/') && path.starts_with(home));
            if at_home || !place.tests_too && !rest.starts_with("src/") {
                continue;
            }
            let lines: Vec<(usize, &str)> =
                if place.tests_too { code(text).collect() } else { product(text).collect() };
            for (number, line) in lines {
                for word in place.words.iter().filter(|word| says(line, word)) {
                    faults.push(Fault::new(
                        path,
                        number,
                        format!("{} ({}): no `{word}` here", place.what, place.only_in.join(", ")),
                    ));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::told;
    use super::check;

    #[test]
    fn the_time_is_asked_at_home_and_nowhere_else() {
        let line = "let now = Timestamp::now();\n";
        assert!(told(&[("crates/server/src/clock.rs", line)], check).is_empty());
        for path in ["crates/server/src/worker.rs", "crates/engine/src/cycle.rs", "crates/store/tests/it/lease.rs"] {
            assert_eq!(told(&[(path, line)], check).len(), 1, "{path}");
        }
    }

    #[test]
    fn dice_connections_listeners_and_databases_have_their_places() {
        for (line, home) in [
            ("let id = Uuid::now_v7();", "crates/server/src/clock.rs"),
            ("let client = reqwest::Client::new();", "crates/connect/src/http/mod.rs"),
            ("let l = TcpListener::bind(a).await?;", "crates/emulator/src/listen.rs"),
            ("PgPoolOptions::new()", "crates/store/src/db/postgres.rs"),
        ] {
            assert!(told(&[(home, line)], check).is_empty(), "{line}");
            assert_eq!(told(&[("crates/server/src/api/user.rs", line)], check).len(), 1, "{line}");
        }
    }

    #[test]
    fn a_word_in_a_comment_or_in_a_test_opens_nothing() {
        assert!(
            told(
                &[("crates/cli/src/a.rs", "// reqwest is not used\n#[cfg(test)]\nmod tests { use reqwest; }\n")],
                check
            )
            .is_empty()
        );
        assert!(told(&[("crates/server/tests/it/api.rs", "use reqwest::Client;\n")], check).is_empty());
    }
}
