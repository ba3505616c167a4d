"""DavMail, a gateway written elsewhere: what speaks EWS to a server, and CalDAV and CardDAV to us.

It runs as a process of its own on loopback, with its settings and its log in a folder that goes with it.
"""

import base64
import http.client
import pathlib
import socket
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ElementTree

DAV = "{DAV:}"
CAL = "{urn:ietf:params:xml:ns:caldav}"
CARD = "{urn:ietf:params:xml:ns:carddav}"
CTAG = "{http://calendarserver.org/ns/}getctag"

# The zone of all appointments, as a calendar sends it along.
ZONE = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""

# A Java that starts beside a full test run takes its time.
PATIENCE_S = 90


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Gateway:
    """A running DavMail in front of an EWS endpoint."""

    def __init__(self, jar, endpoint):
        self.folder = tempfile.TemporaryDirectory(prefix="davmail-")
        self.port = free_port()
        place = pathlib.Path(self.folder.name)
        self.log = place / "davmail.log"
        settings = {
            "davmail.server": "true",
            "davmail.mode": "EWS",
            "davmail.url": endpoint,
            "davmail.bindAddress": "127.0.0.1",
            "davmail.allowRemote": "false",
            "davmail.disableUpdateCheck": "true",
            "davmail.caldavPort": self.port,
            "davmail.imapPort": "",
            "davmail.popPort": "",
            "davmail.smtpPort": "",
            "davmail.ldapPort": "",
            "davmail.logFilePath": self.log,
            "log4j.rootLogger": "WARN",
            "log4j.logger.davmail": "INFO",
        }
        text = "".join(f"{name}={value}\n" for name, value in settings.items())
        (place / "davmail.properties").write_text(text)
        command = ["java", "-Xmx256m", f"-Duser.home={place}", "-jar", jar, "-server", place / "davmail.properties"]
        self.process = subprocess.Popen(
            command, cwd=place, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def __enter__(self):
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"DavMail ended with {self.process.returncode}: {self.told()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"DavMail did not listen in time: {self.told()}")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()

    def told(self):
        """The end of what it logged."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else "nothing"


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def responses(self):
        """Of a multi-status: each path with its status and its properties."""
        found = {}
        for response in ElementTree.fromstring(self.body).iter(f"{DAV}response"):
            properties = {}
            for prop in response.iter(f"{DAV}prop"):
                properties.update({one.tag: one.text or "" for one in prop})
            status = response.findtext(f"{DAV}status") or response.findtext(f"{DAV}propstat/{DAV}status") or ""
            found[response.findtext(f"{DAV}href")] = (status.split()[1:2], properties)
        return found


class Client:
    """A user of the gateway, by plain HTTP."""

    def __init__(self, gateway, address, password):
        self.gateway = gateway
        self.password = password
        self.home = f"/users/{address}"
        pair = base64.b64encode(f"{address}:{password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {pair}", "User-Agent": "checks"}

    def ask(self, method, path, body="", expected=(200, 201, 204, 207), **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=PATIENCE_S)
        kind = {"Content-Type": "text/xml; charset=utf-8"} | {k.replace("_", "-"): v for k, v in headers.items()}
        try:
            connection.request(method, path, body.encode(), self.headers | kind)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()
        if answer.status not in expected:
            raise AssertionError(f"{method} {path}: {answer.status} {answer.body}\n{self.gateway.told()}")
        return answer

    def ctag(self, folder):
        body = (
            '<propfind xmlns="DAV:" xmlns:s="http://calendarserver.org/ns/"><prop><s:getctag/><getetag/></prop></propfind>'
        )
        found = self.ask("PROPFIND", f"{self.home}/{folder}/", body, Depth="0").responses()
        return next(iter(found.values()))[1][CTAG]

    def etags(self, folder):
        """What stands in a folder: the name of each record with its version."""
        body = '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
        found = self.ask("PROPFIND", f"{self.home}/{folder}/", body, Depth="1").responses()
        here = f"{self.home}/{folder}/"
        return {path[len(here) :]: props[f"{DAV}getetag"] for path, (_, props) in found.items() if path != here}

    def put(self, folder, name, text, expected=(201,), **headers):
        kind = "text/calendar" if folder == "calendar" else "text/vcard"
        return self.ask(
            "PUT", f"{self.home}/{folder}/{name}", text, expected, Content_Type=f"{kind}; charset=utf-8", **headers
        )

    def get(self, folder, name, expected=(200,)):
        return self.ask("GET", f"{self.home}/{folder}/{name}", expected=expected).body

    def delete(self, folder, name, expected=(200,)):
        self.ask("DELETE", f"{self.home}/{folder}/{name}", expected=expected)

    def report(self, folder, body):
        return self.ask("REPORT", f"{self.home}/{folder}/", body, Depth="1").responses()


def lines(text):
    """The lines of a calendar or card, unfolded."""
    return text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "").split("\n")


def parts(text, name):
    """The components of a name, each as a list of its own lines, without those of components inside."""
    found, inside = [], []
    for line in lines(text):
        if line.startswith("BEGIN:"):
            inside.append((line[6:], []))
        elif line.startswith("END:") and inside:
            kind, own = inside.pop()
            if kind == name:
                found.append(own)
        elif inside:
            inside[-1][1].append(line)
    return found


def values(component, name):
    """The values of a property, with what stands between its name and them."""
    found = []
    for line in component:
        head, _, value = line.partition(":")
        word, *parameters = head.split(";")
        if word == name:
            found.append((parameters, value))
    return found


def value(component, name):
    found = values(component, name)
    return found[0][1] if found else None
