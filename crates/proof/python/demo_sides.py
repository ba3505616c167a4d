"""Both sides of the demonstration's dump as plain records: the API's JSON on one, raw EWS answers on the other.

The table below is the field table of the product's description, written down a second time; nothing of the product is
used. A record's face is a dict: a field's name, or (original start, field) for an occurrence of a series, and its value.
"""

import datetime
import json
import pathlib
import re
import xml.etree.ElementTree as ET
import zoneinfo

from exchangelib.winzone import IANA_TO_MS_TIMEZONE_MAP, MS_TIMEZONE_TO_IANA_MAP

CANARY = re.compile(r"zq\d{4}[a-z]{5}")
T = "{http://schemas.microsoft.com/exchange/services/2006/types}"
M = "{http://schemas.microsoft.com/exchange/services/2006/messages}"
DOMAINS = ("business_contact", "personal_contact", "employee", "calendar", "task")
CONTACTS = DOMAINS[:3]
WORD = {
    "business_contact": "Siebel Contact",
    "personal_contact": "Siebel Personal Contact",
    "employee": "Employee",
}

# The field table: the CRM's name, and where EWS keeps it.
TEXTS = {
    "first_name": "GivenName",
    "middle_name": "MiddleName",
    "last_name": "Surname",
    "suffix": "Generation",
    "nickname": "Nickname",
    "job_title": "JobTitle",
    "department": "Department",
    "company": "CompanyName",
    "company_location": "OfficeLocation",
    "assistant": "AssistantName",
    "manager": "Manager",
    "spouse": "SpouseName",
    "web_page": "BusinessHomePage",
}
TITLE = "0x3a45"
EMAILS = {"email1": "EmailAddress1", "email2": "EmailAddress2", "email3": "EmailAddress3"}
PHONES = {
    "work_phone": "BusinessPhone",
    "work_phone2": "BusinessPhone2",
    "home_phone": "HomePhone",
    "mobile_phone": "MobilePhone",
    "fax": "BusinessFax",
    "pager": "Pager",
    "assistant_phone": "AssistantPhone",
}
PARTS = {
    "street": "Street",
    "city": "City",
    "state": "State",
    "country": "CountryOrRegion",
    "postal_code": "PostalCode",
}
ADDRESSES = {f"{place}_{part}": (place.title(), PARTS[part]) for place in ("business", "home") for part in PARTS}
CONTACT_FIELDS = [*TEXTS, "personal_title", *EMAILS, *PHONES, *ADDRESSES, "birthday", "body"]
# Where a contact that stands in Deleted Items shows its sign.
CONTACT_SIGNS = ("DisplayName", "JobTitle")
OF_OCCURRENCE = ("subject", "start", "end", "location", "body", "reminder", "show_as")
CALENDAR_TEXTS = {"subject": "Subject", "location": "Location", "show_as": "LegacyFreeBusyStatus"}
TASK_TEXTS = {"subject": "Subject", "status": "Status", "priority": "Importance"}
TASK_DAYS = {"start_day": "StartDate", "due_day": "DueDate", "done_day": "CompleteDate"}
# An activity's type is a category; these are the words for it that mailboxes show.
TYPES = ("Call", "Demonstration", "Event", "Meeting", "Presentation")
ANSWERS = {
    "Unknown": "unknown",
    "NoResponseReceived": "not_responded",
    "Accept": "accepted",
    "Tentative": "tentative",
    "Decline": "declined",
}
BLOCK = "--- Participants ---"
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = {"Day": WEEK, "Weekday": WEEK[:5], "WeekendDay": WEEK[5:]}


def plain(text):
    """A text as people see it: without carriage returns, blanks at line ends, or empty lines around it."""
    text = (text or "").replace("\r\n", "\n").replace("\r", "\n").replace("\v", "\n")
    return "\n".join(line.rstrip(" \t\u00a0") for line in text.split("\n")).strip()


def tidy(face):
    """A face without what is blank."""
    face = {key: plain(value) if isinstance(value, str) else value for key, value in face.items()}
    return {key: value for key, value in face.items() if value not in (None, "", False)}


def canaries(face):
    return {found for value in face.values() if isinstance(value, str) for found in CANARY.findall(value)}


def is_activity(domain):
    return domain in ("calendar", "task")


class Record:
    """A record of the CRM, as its owner's or a viewer's view shows it."""

    def __init__(self, domain, json_):
        self.domain, self.json = domain, json_
        self.face = crm_face(domain, json_)
        self.viewers = set()
        self.listed = set()


class Item:
    """An item of a mailbox."""

    def __init__(self, kind, element, occurrences):
        self.kind, self.element = kind, element
        ref = element.find(f"{T}ItemId")
        self.id, self.change_key = ref.get("Id"), ref.get("ChangeKey")
        self.words = {word.text for word in element.iterfind(f"{T}Categories/{T}String")}
        self.private = text(element, "Sensitivity") in ("Private", "Confidential")
        self.organizer = text(element, "MyResponseType") in (None, "Organizer", "Unknown")
        self.organized_by = plain(element.findtext(f"{T}Organizer/{T}Mailbox/{T}EmailAddress")).lower()
        self.sent = text(element, "MeetingRequestWasSent") == "true"
        self.cancelled = text(element, "IsCancelled") == "true"
        # Who was asked, and what each answered as the CRM calls it.
        self.people = {
            plain(of.findtext(f"{T}Mailbox/{T}EmailAddress")).lower(): ANSWERS.get(text(of, "ResponseType"))
            for name in ("RequiredAttendees", "OptionalAttendees")
            for of in element.iterfind(f"{T}{name}/{T}Attendee")
        }
        self.block = block(text(element, "Body"))
        read = {"contact": contact_face, "appointment": calendar_face, "task": task_face}[kind]
        self.face = tidy(read(element, occurrences))

    @property
    def canary(self):
        """The sign that says which record this is; an activity may show people's names beside its own."""
        found = canaries(self.face if self.kind == "contact" else {"subject": self.face.get("subject", "")})
        return found.pop() if len(found) == 1 else None


def text(element, name):
    return element.findtext(f"{T}{name}")


def block(body):
    body = plain(body)
    return body[body.find(BLOCK) :] if BLOCK in body else ""


def without_block(body):
    body = plain(body)
    return plain(body[: body.find(BLOCK)]) if BLOCK in body else body


def day(moment):
    """Contacts' and tasks' dates are moments on the wire; their day is the one written there."""
    return moment[:10] if moment else None


def entries(element, dictionary):
    return {of.get("Key"): of for of in element.iterfind(f"{T}{dictionary}/{T}Entry")}


def contact_face(element, _):
    face = {field: text(element, name) for field, name in TEXTS.items()}
    for extended in element.iterfind(f"{T}ExtendedProperty"):
        uri = extended.find(f"{T}ExtendedFieldURI")
        if (uri.get("PropertyTag") or "").lower() == TITLE:
            face["personal_title"] = text(extended, "Value")
    for names, dictionary in ((EMAILS, "EmailAddresses"), (PHONES, "PhoneNumbers")):
        found = entries(element, dictionary)
        face.update({field: found[key].text for field, key in names.items() if key in found})
    found = entries(element, "PhysicalAddresses")
    face.update({field: text(found[key], part) for field, (key, part) in ADDRESSES.items() if key in found})
    face["birthday"] = day(text(element, "Birthday"))
    face["body"] = without_block(text(element, "Body"))
    return face


def windows_zone(element, name):
    zone = element.find(f"{T}{name}")
    return zone.get("Id") if zone is not None else "UTC"


def local(moment, zone):
    """The wall time of a moment of the wire in a Windows zone."""
    at = datetime.datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return at.astimezone(zoneinfo.ZoneInfo(MS_TIMEZONE_TO_IANA_MAP[zone])).replace(tzinfo=None)


def times(element, zones):
    """Start and end as (wall time, zone), or as first and last day."""
    start, end = (local(text(element, name), zone) for name, zone in zip(("Start", "End"), zones))
    if text(element, "IsAllDayEvent") == "true":
        last = end - datetime.timedelta(seconds=1)
        return {"start": start.date().isoformat(), "end": last.date().isoformat()}
    return {"start": (start.isoformat(), zones[0]), "end": (end.isoformat(), zones[1])}


def appointment_face(element, zones):
    face = {field: text(element, name) for field, name in CALENDAR_TEXTS.items()}
    face["body"] = without_block(text(element, "Body"))
    if text(element, "ReminderIsSet") == "true":
        face["reminder"] = int(text(element, "ReminderMinutesBeforeStart"))
    face.update(times(element, zones))
    return face


def calendar_face(element, occurrences):
    zones = [windows_zone(element, "StartTimeZone"), windows_zone(element, "EndTimeZone")]
    face = appointment_face(element, zones)
    face["private"] = text(element, "Sensitivity") in ("Private", "Confidential")
    words = sorted(word.text for word in element.iterfind(f"{T}Categories/{T}String") if word.text in TYPES)
    face["activity_type"] = words[0] if words else None
    face["rule"] = ews_rule(element.find(f"{T}Recurrence"))
    for deleted in element.iterfind(f"{T}DeletedOccurrences/{T}DeletedOccurrence"):
        face[(local(text(deleted, "Start"), zones[0]).isoformat(), "state")] = "cancelled"
    for modified in element.iterfind(f"{T}ModifiedOccurrences/{T}Occurrence"):
        found = occurrences[modified.find(f"{T}ItemId").get("Id")]
        original = local(text(modified, "OriginalStart"), zones[0])
        exception(face, original, tidy(appointment_face(found, zones)))
    return face


def exception(face, original, effective):
    """Notes only what an occurrence has otherwise than its series."""
    series = tidy(face)
    if isinstance(face.get("start"), tuple):
        span = datetime.datetime.fromisoformat(face["end"][0]) - datetime.datetime.fromisoformat(face["start"][0])
        series["start"] = (original.isoformat(), face["start"][1])
        series["end"] = ((original + span).isoformat(), face["end"][1])
    for field in OF_OCCURRENCE:
        if effective.get(field) != series.get(field):
            face[(original.isoformat(), field)] = effective.get(field, "(cleared)")


def task_face(element, _):
    face = {field: text(element, name) for field, name in TASK_TEXTS.items()}
    face.update({field: day(text(element, name)) for field, name in TASK_DAYS.items()})
    face["body"] = without_block(text(element, "Body"))
    face["private"] = text(element, "Sensitivity") in ("Private", "Confidential")
    percent = text(element, "PercentComplete")
    face["percent"] = round(float(percent)) or None if percent else None
    if text(element, "ReminderIsSet") == "true":
        face["reminder_at"] = text(element, "ReminderDueBy")
    face["rule"] = ews_rule(element.find(f"{T}Recurrence"))
    return face


def ews_rule(element):
    """A rule of the wire as the words both sides share; the first day of a week counts only where weeks are skipped."""
    if element is None:
        return None
    pattern, range_ = element[0], element[1]
    name = pattern.tag.removeprefix(T)
    days = [of for word in (text(pattern, "DaysOfWeek") or "").split() for of in DAYS.get(word, (word.lower(),))]
    interval = int(text(pattern, "Interval") or 1)
    index = (text(pattern, "DayOfWeekIndex") or "").lower()
    on = text(pattern, "DayOfMonth")
    month = (text(pattern, "Month") or "").lower()
    rule = {
        "DailyRecurrence": ("daily", interval),
        "WeeklyRecurrence": weekly(interval, days, (text(pattern, "FirstDayOfWeek") or "Monday").lower()),
        "AbsoluteMonthlyRecurrence": ("monthly_by_date", interval, int(on or 0)),
        "RelativeMonthlyRecurrence": ("monthly_by_weekday", interval, index, *sorted(days)),
        "AbsoluteYearlyRecurrence": ("yearly_by_date", month, int(on or 0)),
        "RelativeYearlyRecurrence": ("yearly_by_weekday", month, index, *sorted(days)),
    }[name]
    ends = {"EndDate": "until", "NumberOfOccurrences": "count"}
    end = next(((ends[of.tag.removeprefix(T)], of.text) for of in range_ if of.tag.removeprefix(T) in ends), None)
    return (*rule, end)


def weekly(interval, days, first):
    return ("weekly", interval, *sorted(days), first if interval > 1 else None)


def crm_rule(rule):
    if not rule:
        return None
    interval, days = rule.get("interval", 1), rule.get("days", [])
    month = rule.get("month")
    month = datetime.date(2000, month, 1).strftime("%B").lower() if isinstance(month, int) else month
    shared = {
        "daily": ("daily", interval),
        "weekly": weekly(interval, days, rule.get("first_day", "monday")),
        "monthly_by_date": ("monthly_by_date", interval, rule.get("day")),
        "monthly_by_weekday": ("monthly_by_weekday", interval, rule.get("index"), *sorted(days)),
        "yearly_by_date": ("yearly_by_date", month, rule.get("day")),
        "yearly_by_weekday": ("yearly_by_weekday", month, rule.get("index"), *sorted(days)),
    }[rule["pattern"]]
    end = next(((name, str(rule[name])) for name in ("until", "count") if name in rule), None)
    return (*shared, end)


def crm_when(value):
    """A time of the API as (wall time, Windows zone), or as a day."""
    if not isinstance(value, dict):
        return value
    wall = datetime.datetime.fromisoformat(value["wall"]).isoformat()
    return (wall, IANA_TO_MS_TIMEZONE_MAP[value["zone"]][0])


def crm_face(domain, of):
    if not is_activity(domain):
        return tidy({field: of.get(field) for field in CONTACT_FIELDS})
    shared = ("subject", "body", "private")
    if domain == "task":
        names = (*shared, "status", "priority", "percent", "reminder_at", *TASK_DAYS)
        face = tidy({field: of.get(field) or None for field in names})
        return tidy({**face, "rule": crm_rule(of.get("rule"))})
    names = (*shared, "location", "show_as", "activity_type", "reminder")
    face = {field: of.get(field) for field in names}
    face.update(start=crm_when(of.get("start")), end=crm_when(of.get("end")), rule=crm_rule(of.get("rule")))
    face = tidy(face)
    for occurrence in of.get("occurrences") or []:
        original = datetime.datetime.fromisoformat(occurrence["original_start"])
        if occurrence["state"] == "cancelled":
            face[(original.isoformat(), "state")] = "cancelled"
            continue
        effective = {field: face.get(field) for field in OF_OCCURRENCE}
        span = datetime.datetime.fromisoformat(face["end"][0]) - datetime.datetime.fromisoformat(face["start"][0])
        effective["start"] = (original.isoformat(), face["start"][1])
        effective["end"] = ((original + span).isoformat(), face["end"][1])
        own = {field: occurrence[field] for field in OF_OCCURRENCE if field in occurrence}
        effective.update({field: crm_when(value) if field in ("start", "end") else value for field, value in own.items()})
        exception(face, original, tidy(effective))
    return face


class Side:
    """What both sides answered at one moment."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.users = sorted(of.name for of in (self.folder / "crm").glob("*"))
        self.employees = {}
        self.crm, self.items, self.elsewhere, self.texts = {}, {}, {}, {}
        # Records beyond the first under the same sign: doubles.
        self.doubles = []
        for user in self.users:
            self._views(user)
        for user in self.users:
            self._mailbox(user)

    def admin(self, name):
        return json.loads((self.folder / "admin" / f"{name}.json").read_text())

    def wire(self, name):
        return json.loads((self.folder / "wire" / f"{name}.json").read_text())

    def view(self, user, name):
        pages = sorted((self.folder / "crm" / user).glob(f"{name}-*.json"))
        return [item for page in pages for item in json.loads(page.read_text())["items"]]

    def _views(self, user):
        for view, domain in (
            ("all_employees", "employee"),
            ("my_contacts", "business_contact"),
            ("my_personal_contacts", "personal_contact"),
            ("my_activities", None),
        ):
            for found in self.view(user, view):
                self.texts.setdefault(user, []).append(json.dumps(found, ensure_ascii=False))
                if domain == "employee":
                    self.employees[found["id"]] = found
                shown = {"Calendar and Activities": "calendar", "To Do and Activities": "task"}
                of = domain or shown.get(found["display"])
                if of:
                    self._record(user, of, found)

    def _record(self, user, domain, found):
        record = Record(domain, found)
        signs = canaries(record.face if not is_activity(domain) else {"subject": record.face.get("subject", "")})
        for sign in signs:
            known = self.crm.setdefault((domain, sign), record)
            if known.json["id"] != found["id"]:
                self.doubles.append((domain, sign))
            elif found.get("part") == "owner" and known.json.get("part") != "owner":
                # The owner's view shows the record whole; what others see of it may be less.
                record.viewers, record.listed = known.viewers, known.listed
                self.crm[domain, sign] = known = record
            known.viewers.add(user)
            if found.get("on_sync_list"):
                known.listed.add(user)

    def _answers(self, user, prefix):
        for file in sorted((self.folder / "mailboxes" / user).glob(f"{prefix}-*.xml")):
            yield ET.parse(file).getroot()

    def _mailbox(self, user):
        occurrences = {
            of.find(f"{T}ItemId").get("Id"): of
            for root in self._answers(user, "occurrences")
            for of in root.iter(f"{T}CalendarItem")
        }
        items = self.items[user] = []
        for kind, folder, name in (
            ("contact", "contacts-get", "Contact"),
            ("appointment", "calendar-get", "CalendarItem"),
            ("task", "tasks-get", "Task"),
        ):
            for root in self._answers(user, folder):
                items.extend(Item(kind, element, occurrences) for element in root.iter(f"{T}{name}"))
        # Where items stand that are in none of the three folders, and by which sign they are known.
        self.elsewhere[user] = {
            folder: [
                (text(element, "ItemClass"), sign)
                for root in self._answers(user, f"{folder}-find")
                for element in root.iter()
                if element.find(f"{T}ItemId") is not None
                for sign in CANARY.findall(" ".join(text(element, of) or "" for of in ("Subject", *CONTACT_SIGNS)))
            ]
            for folder in ("inbox", "deleteditems")
        }
