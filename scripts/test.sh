#!/bin/sh
# Installs what the tests need, starts a PostgreSQL of their own, and runs every check: formats, tidy, licences, lints,
# tests, docs. Nothing is left running, and nothing outside this folder is changed but the Debian packages that were missing.
set -eu
cd "$(dirname "$0")/.."
root=$PWD

say() { printf '%s\n' "$*"; }
fail() { printf 'scripts/test.sh: %s\n' "$*" >&2; exit 1; }

command -v cargo >/dev/null 2>&1 || fail "cargo is missing: install Rust with rustup (https://rustup.rs); the version is taken from rust-toolchain.toml"

# --- packages of the system ------------------------------------------------------------------------------------------------
# Debian keeps PostgreSQL's server programs out of the PATH; the newest version found is taken.
postgres_programs() {
  found=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
  if [ -n "$found" ] && [ -x "$found/initdb" ]; then say "$found"; return; fi
  if command -v initdb >/dev/null 2>&1; then dirname "$(command -v initdb)"; fi
}
python_makes_environments() { command -v python3 >/dev/null 2>&1 && python3 -c 'import ensurepip, venv' >/dev/null 2>&1; }

missing=
[ -n "$(postgres_programs)" ] || missing="$missing postgresql"
command -v xmllint >/dev/null 2>&1 || missing="$missing libxml2-utils"
python_makes_environments || missing="$missing python3-venv"
command -v cc >/dev/null 2>&1 || missing="$missing build-essential"
# A gateway written elsewhere, in Java, and without a window.
davmail=/usr/share/davmail/davmail.jar
{ [ -f "$davmail" ] && command -v java >/dev/null 2>&1; } || missing="$missing davmail-server"
# Evolution's data server, used without a window; its bindings are made for the system's own Python.
evolution=/usr/bin/python3
has_evolution() {
  [ -f /usr/lib/evolution-data-server/calendar-backends/libecalbackendews.so ] && command -v dbus-run-session >/dev/null 2>&1 &&
    "$evolution" -c 'import gi; gi.require_version("ECal", "2.0"); gi.require_version("EBook", "1.2")' 2>/dev/null
}
has_evolution || missing="$missing evolution-ews python3-gi gir1.2-ecal-2.0 gir1.2-ebook-1.2 dbus"
command -v node >/dev/null 2>&1 || missing="$missing nodejs"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
if [ -n "$missing" ]; then
  say "missing Debian packages:$missing"
  command -v apt-get >/dev/null 2>&1 || fail "this system has no apt-get; install the equivalents of:$missing"
  if [ "$(id -u)" -eq 0 ]; then as_root=
  elif command -v sudo >/dev/null 2>&1; then as_root=sudo
  else fail "they are installed by root: apt-get install$missing"
  fi
  $as_root apt-get update -q || fail "apt-get cannot reach its packages"
  # shellcheck disable=SC2086  # one word per package
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing || fail "apt-get could not install:$missing"
fi
[ -f "$davmail" ] || fail "DavMail is not found at $davmail"
export SYNCLINE_DAVMAIL="$davmail"
has_evolution || fail "Evolution's data server is not found"
export SYNCLINE_EVOLUTION="$evolution"
programs=$(postgres_programs)
[ -n "$programs" ] || fail "PostgreSQL's initdb is not found"

# --- clients written elsewhere, in an environment of their own -------------------------------------------------------------
wanted=crates/proof/python/requirements.txt
if ! cmp -s "$wanted" .venv/installed.txt || ! .venv/bin/python -c 'import exchangelib' 2>/dev/null; then
  say "making .venv with the clients of $wanted"
  rm -rf .venv
  python3 -m venv .venv || fail "python3 -m venv failed"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$wanted" || fail "pip could not install $wanted"
  cp "$wanted" .venv/installed.txt
fi
export SYNCLINE_PYTHON="$root/.venv/bin/python"

wanted=crates/proof/node
if ! cmp -s "$wanted/package-lock.json" .node/installed.json || [ ! -d .node/node_modules/ews-javascript-api ]; then
  say "making .node with the client of $wanted"
  rm -rf .node
  mkdir .node
  cp "$wanted/package.json" "$wanted/package-lock.json" .node/
  npm ci --prefix .node --ignore-scripts --no-audit --no-fund --loglevel=error || fail "npm could not install $wanted"
  cp "$wanted/package-lock.json" .node/installed.json
fi
export SYNCLINE_NODE_MODULES="$root/.node/node_modules"

# --- a PostgreSQL of the tests' own ----------------------------------------------------------------------------------------
# initdb refuses root, so root becomes the user that the package has made.
folder=$(mktemp -d)
if [ "$(id -u)" -eq 0 ]; then
  id postgres >/dev/null 2>&1 || fail "there is no user postgres, and PostgreSQL does not start as root"
  chown postgres "$folder"
  as_postgres() { (cd "$folder" && runuser -u postgres -- "$@"); }
else
  as_postgres() { (cd "$folder" && "$@"); }
fi

stop() {
  trap - EXIT HUP INT TERM
  if [ -f "$folder/data/postmaster.pid" ]; then
    as_postgres "$programs/pg_ctl" --silent -D "$folder/data" -m immediate stop >/dev/null 2>&1 || say "PostgreSQL in $folder could not be stopped" >&2
  fi
  rm -rf "$folder"
}
trap stop EXIT
trap 'stop; exit 129' HUP
trap 'stop; exit 130' INT
trap 'stop; exit 143' TERM

password=$("$SYNCLINE_PYTHON" -c 'import secrets; print(secrets.token_hex(16))')
(umask 077 && printf '%s\n' "$password" > "$folder/password")
[ "$(id -u)" -ne 0 ] || chown postgres "$folder/password"
as_postgres "$programs/initdb" -D "$folder/data" -U syncline --pwfile="$folder/password" --auth=scram-sha-256 \
  --encoding=UTF8 --locale=C >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" >&2; fail "initdb failed"; }

# A free port may be taken by another before PostgreSQL has it: then the next one is tried.
started=
for attempt in 1 2 3 4 5; do
  port=$("$SYNCLINE_PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  if as_postgres "$programs/pg_ctl" --silent -w -t 60 -D "$folder/data" -l "$folder/data/server.log" \
    -o "-c listen_addresses=127.0.0.1 -p $port -k $folder -c max_connections=300 -c fsync=on -c synchronous_commit=on" start; then
    started=yes
    break
  fi
  say "PostgreSQL did not start on port $port (attempt $attempt)"
done
[ -n "$started" ] || { cat "$folder/data/server.log" >&2 || true; fail "PostgreSQL did not start"; }
export SYNCLINE_TEST_PG="postgres://syncline:$password@127.0.0.1:$port/postgres"
say "tests run against $("$programs/postgres" --version) and SQLite"

# --- every check ---------------------------------------------------------------------------------------------------------
result=0
cargo xtask ci "$@" || result=$?
exit "$result"
