"""Evolution's data server with its EWS backend, a client written elsewhere: without a window, on a D-Bus of its own.

Its accounts, its caches and its settings are in a folder that goes with it; the user's own Evolution is not touched.
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.parse

from davmail import lines

ACCOUNT = "checks"
PATIENCE_S = 60

# Nobody tells this machine's network to a bus of its own; loopback is always there.
SETTINGS = """[org/gnome/evolution-data-server]
network-monitor-gio-name='always-online'
"""

SOURCE = """[Data Source]
DisplayName=Checks
Enabled=true
Parent=

[Collection]
BackendName=ews
CalendarEnabled=true
ContactsEnabled=true
MailEnabled=false
Identity={user}

[Authentication]
Host={host}
Port={port}
Method=plain/password
User={user}
RememberPassword=false

[Ews Backend]
AuthMechanism=PLAIN
Hosturl={endpoint}
Email={user}
ListenNotifications={listen}
"""


class Refused(Exception):
    """What Evolution says when something cannot be done."""


class Evolution:
    """A session of one user, in the Python that has the bindings; told to listen, it has the server tell of changes."""

    def __init__(self, python, endpoint, user, password, listen=False):
        # What the bus started goes when it goes, and may still write a file then.
        self.folder = tempfile.TemporaryDirectory(prefix="evolution-", ignore_cleanup_errors=True)
        place = pathlib.Path(self.folder.name)
        at = urllib.parse.urlsplit(endpoint)
        source = SOURCE.format(endpoint=endpoint, user=user, host=at.hostname, port=at.port, listen=str(listen).lower())
        for name, text in (
            (f"config/evolution/sources/{ACCOUNT}.source", source),
            ("config/glib-2.0/settings/keyfile", SETTINGS),
        ):
            (place / name).parent.mkdir(parents=True)
            (place / name).write_text(text)
        (place / "run").mkdir(mode=0o700)
        surroundings = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(place),
            "XDG_CONFIG_HOME": str(place / "config"),
            "XDG_DATA_HOME": str(place / "data"),
            "XDG_CACHE_HOME": str(place / "cache"),
            "XDG_RUNTIME_DIR": str(place / "run"),
            "GSETTINGS_BACKEND": "keyfile",
            "GIO_USE_VFS": "local",
            "LANG": "C.UTF-8",
            "TZ": "Europe/Berlin",
            # With 2 it logs what it sends and gets.
            "EWS_DEBUG": os.environ.get("EWS_DEBUG", "0"),
        }
        self.log = place / "log"
        session = pathlib.Path(__file__).with_name("evolution_session.py")
        # The answers have a pipe of their own: what the bus starts writes to its standard output.
        answers, told = os.pipe()
        command = ["dbus-run-session", "--", python, "-B", session, str(told), ACCOUNT, user, password]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=place,
                env=surroundings,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[told],
                text=True,
                encoding="utf-8",
            )
        os.close(told)
        self.answers = open(answers, encoding="utf-8")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.answers.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()

    def told(self):
        """The end of what it logged."""
        return self.log.read_text(errors="replace")[-4000:]

    def ask(self, name, *arguments):
        self.process.stdin.write(json.dumps([name, *arguments]) + "\n")
        self.process.stdin.flush()
        line = self.answers.readline()
        if not line:
            raise RuntimeError(f"Evolution's session ended at {name}: {self.told()}")
        answer = json.loads(line)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["ok"]

    def eventually(self, what, look):
        """Waits until `look` answers something true, and answers it: the data server reads in the background."""
        found = self.within(PATIENCE_S, look)
        if not found:
            raise AssertionError(f"{what}: not within {PATIENCE_S} seconds; {self.told()}")
        return found

    def within(self, seconds, look):
        until = time.monotonic() + seconds
        while True:
            found = look()
            if found or time.monotonic() > until:
                return found
            time.sleep(0.05)


def edited(text, **changes):
    """A calendar's or card's text with lines of other values: None takes one away, `;` begins one with parameters."""
    left = {name.replace("_", "-"): change for name, change in changes.items()}
    told = {name: f"{name}{'' if change[0] == ';' else ':'}{change}" for name, change in left.items() if change}
    kept, inside = [], 0
    for line in lines(text):
        name = re.split("[;:]", line, maxsplit=1)[0]
        if name == "END" and inside == 1:
            kept += told.values()
        inside += {"BEGIN": 1, "END": -1}.get(name, 0)
        if not (inside == 1 and name in left):
            kept.append(line)
    return "\r\n".join(kept)
