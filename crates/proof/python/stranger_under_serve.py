#!/usr/bin/env python3
"""Servers that nobody here wrote, each with habits of its own, under a running server that synchronises.

    stranger_under_serve.py '{"api": …, "password": …, "account": …, "admin": token, "users": {character: {id, address, token}}}'

Each character is one user's mailbox on a server of its own (`stranger.py`). The CRM is asked by its API alone; what a
person does in Outlook is done inside the server. It ends with 0 when everything was as the rules say.
"""

import datetime
import json
import sys
import threading
import time
import traceback
import xml.etree.ElementTree as ET
import zoneinfo

import stranger
from checked import check, report
from served import MONDAY, TOLD, api, done, edit, eventually, named, view, wall

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
SECOND, THIRD, FOURTH = (MONDAY + datetime.timedelta(days=days) for days in (7, 14, 21))
HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>One moment, please<br></body></html>"

CHARACTERS = {
    "plain": {},
    # Exchange 2010 as it was: its schema knows neither later versions nor what they brought.
    "old": {
        "old": True, "versions": ["Exchange2007_SP1", "Exchange2010", "Exchange2010_SP1", "Exchange2010_SP2"], "server": (14, 3),
        "unknown_properties": ["JoinOnlineMeetingUrl"], "faults": True, "returns": True, "days": "Z", "type": "text/xml",
        "missing_folder": "ErrorItemNotFound",
    },
    # Bytes in another hand: default namespaces, an order of its own, comments, CDATA, chunks, gzip, no charset.
    "scribe": {
        "hand": "default", "shuffles": True, "strange": True, "sections": True, "chunks": True, "gzip": True, "type": "text/xml",
        "mark": True, "nameless": True,
    },
    "clockmaker": {"times": "offset", "days": "+02:00", "zones": "lower", "hand": "odd", "type": None},
    "seven": {"times": "seven", "days": "Z", "zones": "named", "encoding": "utf-16", "type": "application/xml"},
    "sparse": {"sparse": True, "no_codes": True, "hand": "odd", "undeclared": True},
    "hollow": {"hollow": True, "one_message": True, "faults_are_fine": True, "type": "application/soap+xml; charset=utf-8"},
    "twins": {"ids": "twins", "sync": "wild", "page": 2, "backwards": True},
    "keeper": {"keeps_ids": True, "sync": True, "page": 3, "one_folder": True, "no_directory": True, "missing_item": "ErrorItemNotFoundHere"},
    "tidier": {"tidies": True, "pages": True, "returns": True},
    "moody": {
        "busy_at": 17, "faults_are_fine": True,
        "moods": {
            9: (503, b"Busy", {"Retry-After": "0"}), 31: (200, HTML, {}), 47: (401, b"", {"WWW-Authenticate": 'Basic realm="here"'}),
            63: (302, b"", {"Location": "https://elsewhere.invalid/EWS/Exchange.asmx"}), 79: (500, b"", {}),
        },
    },
    "always500": {"always_500": True, "hand": "default"},
    "forgetful": {"named": "dropped"},
    "refuser": {"named": "refused"},
    "forgetter": {"forgets_items": 3},
    # Its change keys are others whenever an item is read, and it knows its own again.
    "drifter": {"keys": "drift"},
    # It answers one item at a time and calls itself busy for the rest, takes changes against any version, and its
    # faults say little.
    "miser": {"gives": 1, "loose": True, "bare": True, "faults_are_fine": True, "type": "text/xml"},
    # Items have ids and no versions.
    "keyless": {"loose": "keyless"},
    # Its listings never say that they end.
    "endless": {"endless": True},
    # Each answer ends the connection.
    "curt": {"closes": True},
    # It fails at one item, until it does not.
    "frail": {"ails": True},
    # Where others name a zone it says what people see of it.
    "painter": {"zones": "shown"},
}  # fmt: skip


def element(text):
    return ET.fromstring(f'<x xmlns="{stranger.SPACES["t"]}">{text}</x>')[0]


def utc(day, hour, minute=0):
    at = datetime.datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN)
    return at.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(day, hour, minute=0):
    return stranger.instant(utc(day, hour, minute))


class Story:
    def __init__(self, name, office):
        self.name, self.office = name, office

    def look(self, what, look):
        try:
            return eventually(f"{self.name}: {what}", look)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.told()}") from None

    def told(self):
        user = done("admin", "GET", f"/api/admin/users/{self.name}")
        quarantine = [one for one in done("admin", "GET", "/api/admin/quarantine")["items"] if one.get("user") == self.name]
        return json.dumps({"user": {key: user[key] for key in ("state", "trouble", "stopped", "not_before")}, "quarantine": quarantine, "operations": self.office.operations[-12:], "writes": self.office.writes[-1:]}, indent=1)

    def check(self, what, left, right=True):
        check(f"{self.name}: {what}", left, right)

    # Outlook

    def make(self, folder, text):
        with self.office.lock:
            return self.office.create(self.office.folders[folder], element(text))

    def set(self, item, *texts, start=None):
        updates = []
        for text in texts:
            holder = ET.Element("SetItemField")
            holder.append(ET.Element("FieldURI"))
            holder.append(element(f"<{item.kind}>{text}</{item.kind}>"))
            updates.append(holder)
        with self.office.lock:
            self.office.update(item, start, updates)

    def remove(self, item, start=None):
        with self.office.lock:
            self.office.delete(item, start)

    def items(self, folder, name, value):
        with self.office.lock:
            here = self.office.folders[folder]["id"]
            return [item for item in self.office.items.values() if item.folder == here and (item.text(name) or "").strip() == value]

    def item(self, folder, name, value):
        found = self.items(folder, name, value)
        if len(found) > 1:
            raise AssertionError(f"{self.name}: {value} is there {len(found)} times")
        return found[0] if found else None

    # the CRM

    def record(self, name, field, value):
        return named(view(self.name, name), field, value)

    def get(self, path):
        return done(self.name, "GET", path)

    def edit(self, path, **change):
        for _ in range(20):
            change["version"] = done(self.name, "GET", path)["version"]
            status, answer = api(self.name, "PATCH", path, change)
            if status != 409:
                break
        self.check(f"an edit in the CRM: {answer}", 200 <= status < 300)

    def cycles(self, number):
        for _ in range(number):
            before = done("admin", "GET", f"/api/admin/users/{self.name}")["last_success"]
            self.look("a further cycle", lambda: done("admin", "GET", f"/api/admin/users/{self.name}")["last_success"] != before)

    # the story

    def begin(self):
        self.ida = self.make(
            "contacts",
            "<Contact><Categories><String>Sailing</String><String>Siebel Contact</String></Categories>"
            "<GivenName>Ida</GivenName><CompanyName>Berg AG</CompanyName>"
            '<EmailAddresses><Entry Key="EmailAddress1">ida@out.test</Entry></EmailAddresses>'
            '<PhysicalAddresses><Entry Key="Business"><Street>Weg 1</Street><City>Ulm</City></Entry></PhysicalAddresses>'
            '<PhoneNumbers><Entry Key="MobilePhone">+49 (731) 55-77</Entry></PhoneNumbers>'
            "<Birthday>1980-05-17T00:00:00Z</Birthday><Surname>Berg</Surname></Contact>",
        )
        self.make("contacts", "<Contact><GivenName>Una</GivenName><Surname>Own</Surname></Contact>")
        if self.office.habits.get("ails"):
            self.make("contacts", "<Contact><Categories><String>Siebel Contact</String></Categories><Surname>Frail</Surname></Contact>")
        zone = '<StartTimeZone Id="W. Europe Standard Time"/><EndTimeZone Id="W. Europe Standard Time"/>'
        self.one = self.make(
            "calendar",
            '<CalendarItem><Subject>One</Subject><Body BodyType="Text">Bring a lamp\nand oil</Body><ReminderIsSet>true</ReminderIsSet>'
            "<ReminderMinutesBeforeStart>30</ReminderMinutesBeforeStart>"
            f"<Start>{utc(MONDAY, 10)}</Start><End>{utc(MONDAY, 11)}</End><Location>Room 1</Location>{zone}</CalendarItem>",
        )
        self.weekly = self.make(
            "calendar",
            f"<CalendarItem><Subject>Weekly</Subject><Start>{utc(MONDAY, 9)}</Start><End>{utc(MONDAY, 10)}</End>"
            "<Recurrence><WeeklyRecurrence><Interval>1</Interval><DaysOfWeek>Monday</DaysOfWeek></WeeklyRecurrence>"
            f"<EndDateRecurrence><StartDate>{MONDAY}</StartDate><EndDate>{MONDAY + datetime.timedelta(days=35)}</EndDate>"
            f"</EndDateRecurrence></Recurrence>{zone}</CalendarItem>",
        )
        moved = f"<Start>{utc(SECOND, 16)}</Start>", f"<End>{utc(SECOND, 17)}</End>"
        self.set(self.weekly, *moved, start=instant(SECOND, 9))
        self.remove(self.weekly, instant(THIRD, 9))
        self.task = self.make(
            "tasks",
            f"<Task><Subject>Read</Subject><Importance>High</Importance><DueDate>{MONDAY}T00:00:00Z</DueDate></Task>",
        )
        jan = {"first_name": "Jan", "last_name": "Dale", "email1": "jan@out.test", "work_phone": "+1 555 0100", "on_sync_list": True}
        self.jan = f"/api/crm/contacts/{done(self.name, 'POST', '/api/crm/contacts', jan)['id']}"
        talk = {"display": "Calendar and Activities", "subject": "Talk", "start": wall(MONDAY, 14), "end": wall(MONDAY, 15), "body": "About <it> & more"}
        self.talk = f"/api/crm/activities/{done(self.name, 'POST', '/api/crm/activities', talk)['id']}"
        fair = {"display": "Calendar and Activities", "subject": "Fair", "start": MONDAY.isoformat(), "end": SECOND.isoformat()}
        self.fair = f"/api/crm/activities/{done(self.name, 'POST', '/api/crm/activities', fair)['id']}"
        course = {
            "display": "Calendar and Activities", "subject": "Course", "start": wall(MONDAY, 12), "end": wall(MONDAY, 13),
            "rule": {"pattern": "weekly", "interval": 1, "days": ["monday"], "first_day": "monday", "count": 4},
            "occurrences": [
                {"original_start": f"{SECOND}T12:00:00", "state": "cancelled"},
                {"original_start": f"{THIRD}T12:00:00", "start": wall(THIRD, 15), "end": wall(THIRD, 16)},
            ],
        }  # fmt: skip
        self.course = f"/api/crm/activities/{done(self.name, 'POST', '/api/crm/activities', course)['id']}"
        call = {"display": "To Do and Activities", "subject": "Call", "due_day": MONDAY.isoformat(), "priority": "4-Low"}
        self.call = f"/api/crm/activities/{done(self.name, 'POST', '/api/crm/activities', call)['id']}"

    def first(self):
        ida = self.look("a contact comes in", lambda: self.record("my_contacts", "last_name", "Berg"))
        self.ida_path = f"/api/crm/contacts/{ida['id']}"
        ida = self.get(self.ida_path)
        self.check("its address", (ida["email1"], ida["business_city"]), ("ida@out.test", "Ulm"))
        self.check("its day", ida["birthday"], "1980-05-17")
        self.check("its phone", ida["mobile_phone"].replace(" ", "")[:3], "+49")
        one = self.look("an appointment comes in", lambda: self.record("my_calendar", "subject", "One"))
        self.one_path = f"/api/crm/activities/{one['id']}"
        self.check("its time", (one["start"]["wall"], one["end"]["wall"]), (f"{MONDAY}T10:00:00", f"{MONDAY}T11:00:00"))
        self.check("its place", (one["location"], one["reminder"]), ("Room 1", 30))
        self.check("its text", [line.strip() for line in one["body"].strip().splitlines()], ["Bring a lamp", "and oil"])
        weekly = self.look("a series comes in", lambda: self.record("my_calendar", "subject", "Weekly"))
        self.weekly_path = f"/api/crm/activities/{weekly['id']}"
        self.check("its rule", (weekly["rule"]["pattern"], weekly["rule"].get("until")), ("weekly", f"{MONDAY + datetime.timedelta(days=35)}"))
        found = {one["original_start"]: one for one in self.get(self.weekly_path).get("occurrences") or []}
        self.check("both exceptions", sorted(found), [f"{SECOND}T09:00:00", f"{THIRD}T09:00:00"])
        self.check("moved", found[f"{SECOND}T09:00:00"]["start"]["wall"], f"{SECOND}T16:00:00")
        self.check("taken out", found[f"{THIRD}T09:00:00"]["state"], "cancelled")
        read = self.look("a task comes in", lambda: self.record("my_to_dos", "subject", "Read"))
        self.read_path = f"/api/crm/activities/{read['id']}"
        self.check("its day", (read["due_day"], read["priority"]), (MONDAY.isoformat(), "2-High"))
        jan = self.look("a contact goes out", lambda: self.item("contacts", "Surname", "Dale"))
        self.check("with its address", jan.entries["EmailAddresses", "EmailAddress1", None], "jan@out.test")
        talk = self.look("an appointment goes out", lambda: self.item("calendar", "Subject", "Talk"))
        self.check("its start", talk.times["Start"], instant(MONDAY, 14))
        fair = self.look("whole days go out", lambda: self.item("calendar", "Subject", "Fair"))
        self.check("as whole days", (fair.text("IsAllDayEvent"), fair.times["End"] - fair.times["Start"]), ("true", datetime.timedelta(days=8)))
        def course():
            item = self.item("calendar", "Subject", "Course")
            return item if item and item.cancelled and item.exceptions else None
        course = self.look("a series goes out with its exceptions", course)
        self.check("taken out there", course.cancelled, {instant(SECOND, 12)})
        self.check("moved there", course.exceptions[instant(THIRD, 12)].times["Start"], instant(THIRD, 15))
        call = self.look("a to-do goes out", lambda: self.item("tasks", "Subject", "Call"))
        self.check("its importance", call.text("Importance"), "Low")

    def rest(self, when):
        self.cycles(2)
        before = len(self.office.writes)
        self.cycles(2)
        self.check(f"{when}, idle cycles write nothing: {self.office.writes[before:]}", len(self.office.writes), before)

    def both(self):
        """Edits on both sides, of different fields of one record."""
        self.set(self.ida, "<JobTitle>Chief</JobTitle>")
        self.edit(self.ida_path, department="Sales")
        self.set(self.one, "<Location>Room 2</Location>")
        self.edit(self.one_path, subject="One more")
        moved = f"<Start>{utc(FOURTH, 18)}</Start>", f"<End>{utc(FOURTH, 19)}</End>"
        self.set(self.weekly, *moved, start=instant(FOURTH, 9))
        self.set(self.item("tasks", "Subject", "Call"), "<PercentComplete>50</PercentComplete>")
        self.edit(self.call, body="Ring first")
        self.edit(self.talk, start=wall(MONDAY, 16), end=wall(MONDAY, 17), location="Hall")
        self.look("an edit comes in", lambda: self.get(self.ida_path)["job_title"] == "Chief")
        self.look("an edit goes out", lambda: self.ida.text("Department") == "Sales")
        self.look("a place comes in", lambda: self.get(self.one_path)["location"] == "Room 2")
        self.look("a subject goes out", lambda: self.one.text("Subject") == "One more")
        self.look("a third exception comes in", lambda: len(self.get(self.weekly_path)["occurrences"]) == 3)
        self.look("a percentage comes in", lambda: self.get(self.call)["percent"] == 50)
        self.look("a text goes out", lambda: "Ring first" in (self.item("tasks", "Subject", "Call").text("Body") or ""))
        self.look("a time goes out", lambda: self.item("calendar", "Subject", "Talk").times["Start"] == instant(MONDAY, 16))
        self.check("their categories stay", {"Sailing", "Siebel Contact"} <= {one.text for one in self.ida.values["Categories"]})

    def deletes(self):
        self.remove(self.one)
        self.remove(self.task)
        for path in (self.talk, self.call):
            version = self.get(path)["version"]
            done(self.name, "DELETE", f"{path}?version={version}")
        self.look("a delete comes in", lambda: api(self.name, "GET", self.one_path)[0] == 404)
        self.look("a task's delete comes in", lambda: api(self.name, "GET", self.read_path)[0] == 404)
        self.look("a delete goes out", lambda: not self.items("calendar", "Subject", "Talk"))
        self.look("a to-do's delete goes out", lambda: not self.items("tasks", "Subject", "Call"))
        self.check("to Deleted Items", (len(self.items("deleteditems", "Subject", "Talk")), len(self.items("deleteditems", "Subject", "Call"))), (1, 1))

    def counted(self):
        """Nothing is doubled and nothing is lost."""
        self.check("contacts there", sorted(i.text("Surname") for i in self.here("contacts")), ["Berg", "Dale", "Own"])
        self.check("appointments there", sorted(i.text("Subject") for i in self.here("calendar")), ["Course", "Fair", "Weekly"])
        self.check("tasks there", [i.text("Subject") for i in self.here("tasks")], [])
        mine = lambda name, field: sorted(one[field] for one in view(self.name, name))
        self.check("contacts here", mine("my_contacts", "last_name"), ["Berg", "Dale"])
        self.check("appointments here", mine("my_calendar", "subject"), ["Course", "Fair", "Weekly"])
        self.check("to-dos here", mine("my_to_dos", "subject"), [])
        quarantine = [one for one in done("admin", "GET", "/api/admin/quarantine")["items"] if one.get("user") == self.name]
        self.check("nothing is in quarantine", quarantine, [])

    def untouched(self):
        """Where our marks are not kept, a mailbox is not written to, and the reason is told."""
        words = "does not keep the named properties"
        user = lambda: done("admin", "GET", f"/api/admin/users/{self.name}")
        self.look("it is told in words", lambda: words in (user()["trouble"] or ""))
        self.check("nothing was written", self.office.writes, [])
        self.check("nothing came in", self.record("my_contacts", "last_name", "Berg"), None)

    def here(self, folder):
        return [item for item in self.office.items.values() if item.folder == self.office.folders[folder]["id"]]

    def run(self):
        self.begin()
        done("admin", "POST", f"/api/admin/users/{self.name}/enable")
        if self.office.habits.get("named"):
            return self.untouched()
        self.first()
        self.rest("after the first cycle")
        self.both()
        self.rest("after edits")
        self.deletes()
        self.rest("after deletes")
        if self.office.habits.get("ails"):
            waits = [one for one in done("admin", "GET", "/api/admin/quarantine")["items"] if one.get("user") == self.name]
            self.check("it waits alone, and is told", ["fails whenever" in one["reason"] for one in waits], [True])
            self.office.ailing = False
            frail = self.look("what could not be read comes in when it can", lambda: self.record("my_contacts", "last_name", "Frail"))
            done(self.name, "DELETE", f"/api/crm/contacts/{frail['id']}?version={self.get('/api/crm/contacts/' + frail['id'])['version']}")
            self.look("its delete goes out", lambda: not self.items("contacts", "Surname", "Frail"))
            self.rest("after that")
        self.counted()


def main():
    names = sys.argv[2:] or list(TOLD["users"])
    offices = [stranger.Office(name, TOLD["users"][name]["address"], TOLD["account"], TOLD["password"], **CHARACTERS[name]) for name in names]
    address, failures = stranger.serve(offices), []
    for name in names:
        connection = {"name": name, "url": f"{address}/{name}/EWS/Exchange.asmx", "user": TOLD["account"], "password": TOLD["password"], "impersonate": True}
        done("admin", "POST", "/api/admin/connections", connection)
        done("admin", "POST", "/api/admin/users", {"user": name, "connection": name, "address": TOLD["users"][name]["address"]})

    def told(story):
        began = time.monotonic()
        try:
            story.run()
        except Exception:
            failures.append(f"== {story.name}\n{traceback.format_exc()}")
        print(f"{story.name}: {time.monotonic() - began:.1f} s, {len(story.office.operations)} requests", flush=True)

    threads = [threading.Thread(target=told, args=(Story(office.name, office),)) for office in offices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise SystemExit("\n".join(failures))
    report()


if __name__ == "__main__":
    main()
