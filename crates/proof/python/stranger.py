"""An EWS server that was written without a look at the emulator, with habits of its own.

It shares nothing with the product or its emulator. One process is many servers: each has a name, a path
(`/NAME/EWS/Exchange.asmx`) and habits, which are keys of its `habits`; what it has no mind for it refuses as others do.
It keeps contacts, appointments with their series, and tasks, for one mailbox a name.
"""

import base64
import datetime
import gzip
import html
import http.server
import itertools
import random
import re
import threading
import xml.etree.ElementTree as ET
import zoneinfo

SPACES = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "m": "http://schemas.microsoft.com/exchange/services/2006/messages",
    "t": "http://schemas.microsoft.com/exchange/services/2006/types",
}
UTC = datetime.timezone.utc
ZONES = {
    "UTC": "UTC",
    "W. Europe Standard Time": "Europe/Berlin",
    "Romance Standard Time": "Europe/Paris",
    "GMT Standard Time": "Europe/London",
    "Eastern Standard Time": "America/New_York",
}
DISPLAY = {"W. Europe Standard Time": "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"}
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = [
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
]  # fmt: skip
DICTIONARIES = {
    "contacts:EmailAddress": "EmailAddresses",
    "contacts:PhoneNumber": "PhoneNumbers",
    "contacts:ImAddress": "ImAddresses",
    "contacts:PhysicalAddress": "PhysicalAddresses",
}
ADDRESS_PARTS = ["Street", "City", "State", "CountryOrRegion", "PostalCode"]
DISTINGUISHED = {
    "root": ("", "IPF.Root"),
    "msgfolderroot": ("root", "IPF.Note"),
    "inbox": ("msgfolderroot", "IPF.Note"),
    "calendar": ("msgfolderroot", "IPF.Appointment"),
    "contacts": ("msgfolderroot", "IPF.Contact"),
    "tasks": ("msgfolderroot", "IPF.Task"),
    "deleteditems": ("msgfolderroot", "IPF.Note"),
    "recoverableitemsdeletions": ("root", "IPF.Note"),
}
FOLDER_ELEMENTS = {"IPF.Appointment": "CalendarFolder", "IPF.Contact": "ContactsFolder", "IPF.Task": "TasksFolder"}
CLASSES = {"Contact": "IPM.Contact", "CalendarItem": "IPM.Appointment", "Task": "IPM.Task"}
TIMES = {
    "Start", "End", "OriginalStart", "DueDate", "StartDate", "CompleteDate", "ReminderDueBy", "Birthday",
    "WeddingAnniversary", "DateTimeCreated", "LastModifiedTime", "AppointmentReplyTime",
}  # fmt: skip
WRITES = {"CreateItem", "UpdateItem", "DeleteItem", "MoveItem"}


def local(element):
    return element.tag.rsplit("}", 1)[-1]


def children(element):
    return [] if element is None else [child for child in element if isinstance(child.tag, str)]


def child(element, *names):
    for name in names:
        element = next((one for one in children(element) if local(one) == name), None)
    return element


def said(element, name):
    found = child(element, name)
    return None if found is None else (found.text or "")


class Node:
    """An element still to be written: its name with the usual prefix, attributes, and children or text."""

    def __init__(self, tag, attributes=None, *inside):
        self.tag, self.attributes, self.inside = tag, dict(attributes or {}), [one for one in inside if one is not None]

    @staticmethod
    def of(element):
        inside = [Node.of(one) for one in children(element)] or [element.text or ""]
        return Node(f"t:{local(element)}", {key.rsplit("}", 1)[-1]: value for key, value in element.items()}, *inside)


def escaped(text):
    return html.escape(text, quote=True).replace("\r", "&#xD;")


class Refused(Exception):
    """One item, or all of them, is not to be had."""

    def __init__(self, code, text="Refused.", fault=False, back_off=None):
        super().__init__(code)
        self.code, self.text, self.fault, self.back_off = code, text, fault, back_off


def instant(text, zone=UTC):
    """A dateTime of the wire in UTC; one without an offset is read in the zone."""
    found = re.fullmatch(r"\s*(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?\s*", text)
    if not found:
        raise Refused("ErrorSchemaValidation", "The request failed schema validation: a dateTime.", fault=True)
    day, clock, offset = found.groups()
    at = datetime.datetime.fromisoformat(f"{day}T{clock or '00:00:00'}")
    if offset in (None, "Z"):
        return at.replace(tzinfo=UTC if offset else zone).astimezone(UTC)
    sign = -1 if offset[0] == "-" else 1
    return (at - sign * datetime.timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))).replace(tzinfo=UTC)


class Item:
    def __init__(self, kind, folder):
        self.kind, self.folder, self.version, self.id = kind, folder, 1, None
        self.values, self.entries, self.extended = {}, {}, {}
        self.exceptions, self.cancelled = {}, set()
        self.created = self.modified = datetime.datetime.now(UTC)
        self.times = {}

    def zone(self):
        definition = self.values.get("StartTimeZone")
        name = definition.get("Id") if definition is not None else None
        return zoneinfo.ZoneInfo(ZONES.get(name, "UTC"))

    def text(self, name):
        found = self.values.get(name)
        return None if found is None else "".join(found.itertext())

    def copy(self):
        other = Item(self.kind, self.folder)
        other.id = self.id
        for name in ("values", "entries", "extended", "exceptions", "times"):
            setattr(other, name, dict(getattr(self, name)))
        other.cancelled, other.created = set(self.cancelled), self.created
        return other

    def starts(self):
        """The starts of a series, by its rule."""
        rule, start, zone = self.values.get("Recurrence"), self.times.get("Start"), self.zone()
        if rule is None or start is None:
            return []
        wall = start.astimezone(zone)
        pattern = next(one for one in children(rule) if "Recurrence" in local(one) and "StartDate" not in [local(c) for c in one])
        span = next(one for one in children(rule) if child(one, "StartDate") is not None)
        first = datetime.date.fromisoformat(said(span, "StartDate")[:10])
        count, last = said(span, "NumberOfOccurrences"), said(span, "EndDate")
        last = datetime.date.fromisoformat(last[:10]) if last else first + datetime.timedelta(days=3 * 366)
        found = []
        for day in itertools.takewhile(lambda day: day <= last, self.days(pattern, first)):
            at = datetime.datetime.combine(day, wall.time()).replace(tzinfo=zone)
            found.append(at.astimezone(UTC))
            if len(found) >= (int(count) if count else 500):
                break
        return found

    @staticmethod
    def days(pattern, first):
        step = int(said(pattern, "Interval") or 1)
        words = (said(pattern, "DaysOfWeek") or said(pattern, "DayOfWeek") or "").split()
        every = {"Day": DAYS, "Weekday": DAYS[:5], "WeekendDay": DAYS[5:]}
        wanted = {name for word in words for name in every.get(word, [word])}
        kind, day = local(pattern), first
        for _ in range(366 * 12):
            months = (day.year - first.year) * 12 + day.month - first.month
            if kind == "DailyRecurrence":
                fits = (day - first).days % step == 0
            elif kind == "WeeklyRecurrence":
                begin = DAYS.index(said(pattern, "FirstDayOfWeek") or "Sunday")
                week = lambda one: (one.toordinal() - 1 - begin) // 7
                fits = (week(day) - week(first)) % step == 0 and DAYS[day.weekday()] in wanted
            else:
                month = said(pattern, "Month")
                fits = (MONTHS[day.month - 1] == month) if month else months % step == 0
                if kind.startswith("Absolute"):
                    ends = (day + datetime.timedelta(days=1)).month != day.month
                    asked = int(said(pattern, "DayOfMonth"))
                    fits = fits and (day.day == asked or (ends and day.day < asked))
                else:
                    week = ["First", "Second", "Third", "Fourth"]
                    index = said(pattern, "DayOfWeekIndex")
                    same = [d for d in Item.month(day) if DAYS[d.weekday()] in wanted]
                    chosen = same[-1] if index == "Last" else same[week.index(index)]
                    fits = fits and day == chosen
            if fits:
                yield day
            day += datetime.timedelta(days=1)

    @staticmethod
    def month(day):
        first = day.replace(day=1)
        return [d for d in (first + datetime.timedelta(days=n) for n in range(31)) if d.month == day.month]


class Office:
    """One server with one mailbox."""

    def __init__(self, name, address, account, password, **habits):
        self.name, self.address, self.habits = name, address, habits
        self.credentials = base64.b64encode(f"{account}:{password}".encode()).decode()
        self.lock, self.dice, self.count = threading.RLock(), random.Random(7), 0
        self.items, self.folders, self.occurrences, self.log = {}, {}, {}, []
        self.changes = []
        self.operations, self.asked, self.writes = [], 0, []
        self.last_id = None
        self.ailing = habits.get("ails", False)
        for folder, (parent, of) in DISTINGUISHED.items():
            above = self.folders[parent]["id"] if parent else ""
            self.make_folder(folder, above, of, folder)

    # ids and versions

    def new_id(self):
        self.count += 1
        if self.habits.get("ids") == "twins" and self.count % 2 == 0:
            return self.last_id.swapcase()
        length = 540 if self.habits.get("ids") else 150
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        head = base64.b64encode(f"{self.name}{self.count:06}".encode()).decode().rstrip("=")
        self.last_id = head + "".join(self.dice.choice(alphabet) for _ in range(length - len(head) - 2)) + "=="
        return self.last_id

    def key(self, item):
        read = f"#{self.dice.randrange(1 << 30)}" if self.habits.get("keys") == "drift" else ""
        return base64.b64encode(f"EQ{item.version}{read}".encode()).decode()

    def reference(self, id, item):
        return {"Id": id} if self.habits.get("loose") == "keyless" else {"Id": id, "ChangeKey": self.key(item)}

    def same_version(self, item, key):
        told = base64.b64decode(key).decode()[2:].split("#")[0]
        return told == str(item.version)

    # folders

    def make_folder(self, name, parent, of, distinguished=None):
        folder = {
            "id": self.new_id(), "parent": parent, "class": of, "name": name.title(), "extended": {},
            "distinguished": distinguished,
        }  # fmt: skip
        self.folders[distinguished or folder["id"]] = folder
        return folder

    def folder(self, reference):
        for one in children(reference):
            if local(one) in ("DistinguishedFolderId", "FolderId"):
                return self.folder_of(one)
        raise Refused("ErrorInvalidRequest", fault=True)

    def folder_of(self, one):
        found = [f for f in self.folders.values() if one.get("Id") == f["id"]]
        if local(one) == "DistinguishedFolderId":
            if one.get("Id") not in DISTINGUISHED or (one.get("Id").startswith("recover") and self.habits.get("old")):
                if self.habits.get("old"):
                    raise Refused("ErrorSchemaValidation", "The request failed schema validation.", fault=True)
                raise Refused(self.habits.get("missing_folder", "ErrorFolderNotFound"))
            found = [self.folders[one.get("Id")]]
        if not found:
            raise Refused(self.habits.get("missing_folder", "ErrorFolderNotFound"))
        return found[0]

    def folder_node(self, folder, shape):
        inside = [
            Node("t:FolderId", {"Id": folder["id"], "ChangeKey": "AQAAAA=="}),
            Node("t:ParentFolderId", {"Id": folder["parent"]}) if folder["parent"] else None,
            Node("t:FolderClass", None, folder["class"]),
            Node("t:DisplayName", None, folder["name"]),
        ]
        if not self.habits.get("sparse"):
            count = sum(item.folder == folder["id"] for item in self.items.values())
            below = sum(one["parent"] == folder["id"] for one in self.folders.values())
            inside += [Node("t:TotalCount", None, str(count)), Node("t:ChildFolderCount", None, str(below))]
        inside += self.extended_nodes(folder["extended"], shape)
        return Node(f"t:{FOLDER_ELEMENTS.get(folder['class'], 'Folder')}", None, *inside)

    # items

    def item(self, reference):
        """The item of an ItemId, OccurrenceItemId or RecurringMasterItemId; an occurrence with its series."""
        asked = reference.get("Id") or reference.get("RecurringMasterId") or reference.get("OccurrenceId")
        if local(reference) == "ItemId" and asked in self.items:
            return self.items[asked], None
        if asked in self.occurrences:
            master, start = self.occurrences[asked]
            if local(reference) == "RecurringMasterItemId":
                return self.items[master], None
            if master in self.items and start not in self.items[master].cancelled:
                return self.items[master], start
        elif local(reference) == "OccurrenceItemId" and asked in self.items:
            starts, index = self.items[asked].starts(), int(reference.get("InstanceIndex"))
            if not 0 < index <= len(starts):
                raise Refused("ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange")
            if starts[index - 1] in self.items[asked].cancelled:
                raise Refused("ErrorCalendarOccurrenceIsDeletedFromRecurrence")
            return self.items[asked], starts[index - 1]
        raise Refused(self.habits.get("missing_item", "ErrorItemNotFound"), "The specified object was not found in the store.")

    def occurrence_id(self, master, start):
        for known, of in self.occurrences.items():
            if of == (master.id, start):
                return known
        made = self.new_id()
        self.occurrences[made] = (master.id, start)
        return made

    def changed(self, item, how):
        item.version += 1
        item.modified = datetime.datetime.now(UTC)
        self.changes.append((item.folder, item.id, how))

    def put(self, item, how="Create"):
        self.items[item.id] = item
        self.changes.append((item.folder, item.id, how))

    def take(self, item):
        del self.items[item.id]
        self.changes.append((item.folder, item.id, "Delete"))

    def move(self, item, folder):
        self.take(item)
        if not self.habits.get("keeps_ids"):
            old = item.id
            item.id = self.new_id()
            for known, (master, start) in self.occurrences.items():
                if master == old:
                    self.occurrences[known] = (item.id, start)
        item.folder = folder["id"]
        item.version += 1
        item.modified = datetime.datetime.now(UTC)
        self.put(item)

    def set_values(self, item, element, start=None):
        """Takes over what an item element of a request holds."""
        for part in children(element):
            name = local(part)
            if name == "ExtendedProperty":
                self.set_extended(item, part)
            elif name in DICTIONARIES.values():
                for entry in children(part):
                    self.set_entry(item, name, entry)
            elif name == "ItemClass" and (part.text or "").split(".")[:2] == ["IPM", item.kind]:
                item.values[name] = part
            elif name in TIMES:
                item.times[name] = instant(part.text or "")
                item.values.pop(name, None)
            else:
                item.values[name] = self.kept(name, part)
            if name == "Recurrence" or (name in ("Start", "End") and start is None and "Recurrence" in item.values):
                item.exceptions, item.cancelled = {}, set()

    @staticmethod
    def sound(item):
        if item.times.get("End") and item.times.get("Start") and item.times["End"] < item.times["Start"]:
            raise Refused("ErrorCalendarEndDateIsEarlierThanStartDate")
        zone = item.values.get("StartTimeZone")
        if zone is not None and zone.get("Id") not in ZONES:
            raise Refused("ErrorTimeZone", f"no such zone: {zone.get('Id')}")

    def kept(self, name, part):
        """A value as this server keeps it."""
        if self.habits.get("tidies") and not children(part) and part.text and name not in ("StartTimeZone", "EndTimeZone"):
            part.text = re.sub(r"[ \t]+$", "", part.text, flags=re.M).strip()
        if self.habits.get("tidies") and name == "Categories":
            part[:] = sorted(part, key=lambda one: one.text or "", reverse=True)
        return part

    def set_entry(self, item, dictionary, entry):
        key = entry.get("Key")
        if dictionary == "PhysicalAddresses":
            for part in children(entry):
                item.entries[dictionary, key, local(part)] = part.text or ""
        else:
            text = entry.text or ""
            if dictionary == "PhoneNumbers" and self.habits.get("tidies"):
                text = re.sub(r"[^+0-9]", "", text)
            item.entries[dictionary, key, None] = text

    @staticmethod
    def extended_key(uri):
        tag = uri.get("PropertyTag")
        if tag:
            return ("tag", int(tag, 16))
        return (
            (uri.get("DistinguishedPropertySetId") or uri.get("PropertySetId") or "").lower(),
            uri.get("PropertyName") or int(uri.get("PropertyId") or 0),
        )

    def set_extended(self, item, part):
        uri = child(part, "ExtendedFieldURI")
        if uri.get("PropertyName") and self.habits.get("named") == "refused":
            raise Refused("ErrorInvalidExtendedProperty", "Named properties are not kept here.")
        if uri.get("PropertyName") and self.habits.get("named") == "dropped":
            return
        values = child(part, "Values")
        texts = [one.text or "" for one in children(values)] if values is not None else said(part, "Value")
        extended = item["extended"] if isinstance(item, dict) else item.extended
        extended[self.extended_key(uri)] = (dict(uri.items()), texts)

    def delete_value(self, item, path):
        name = path.get("FieldURI") or ""
        if local(path) == "ExtendedFieldURI":
            item.extended.pop(self.extended_key(path), None)
        elif local(path) == "IndexedFieldURI":
            base, part = (name.rsplit(":", 1) + [None])[:2] if name.count(":") == 2 else (name, None)
            item.entries.pop((DICTIONARIES[base], path.get("FieldIndex"), part), None)
        else:
            name = name.split(":", 1)[1]
            if name in ("Start", "End"):
                raise Refused("ErrorInvalidPropertyDelete")
            item.values.pop(name, None)
            item.times.pop(name, None)
            if name == "Recurrence":
                item.exceptions, item.cancelled = {}, set()

    # what is shown

    def time(self, at):
        how = self.habits.get("times")
        if how == "seven":
            return at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
        if how == "offset":
            return at.astimezone(zoneinfo.ZoneInfo("Europe/Berlin")).isoformat(timespec="milliseconds")
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def extended_nodes(self, extended, shape):
        found = []
        for uri in shape["extended"]:
            kept = extended.get(self.extended_key(uri))
            if kept is None:
                continue
            attributes, value = kept
            if isinstance(value, list):
                inside = Node("t:Values", None, *[Node("t:Value", None, one) for one in value])
            else:
                inside = Node("t:Value", None, value or "")
            found.append(Node("t:ExtendedProperty", None, Node("t:ExtendedFieldURI", attributes), inside))
        return found

    def shape(self, operation):
        shape = child(operation, "ItemShape")
        shape = child(operation, "FolderShape") if shape is None else shape
        more = children(child(shape, "AdditionalProperties"))
        names = [one.get("FieldURI", "").split(":", 1)[1] for one in more if local(one) == "FieldURI"]
        unknown = set(self.habits.get("unknown_properties", ())) & set(names)
        if unknown:
            raise Refused("ErrorInvalidPropertyRequest", "The property is not known.", fault=self.habits.get("faults"))
        indexed = [(one.get("FieldURI"), one.get("FieldIndex")) for one in more if local(one) == "IndexedFieldURI"]
        return {
            "all": said(shape, "BaseShape") in ("AllProperties", "Default"),
            "names": names,
            "dictionaries": {name for name in names if name in DICTIONARIES.values()} | {
                DICTIONARIES[uri.rsplit(":", 1)[0] if uri.count(":") == 2 else uri] for uri, _ in indexed
            },
            "extended": [one for one in more if local(one) == "ExtendedFieldURI"],
            "body": said(shape, "BodyType") or "Best",
        }  # fmt: skip

    def computed(self, item, start):
        zone = item.zone()
        values = {
            "ItemClass": CLASSES[item.kind],
            "DateTimeCreated": self.time(item.created),
            "LastModifiedTime": self.time(item.modified),
            "HasAttachments": "false",
            "Sensitivity": "Normal",
            "Importance": "Normal",
            "Size": "1024",
        }
        if item.kind == "CalendarItem":
            is_series = "Recurrence" in item.values and start is None
            exception = start in item.exceptions
            kind = ("Exception" if exception else "Occurrence") if start else "RecurringMaster" if is_series else "Single"
            values |= {
                "CalendarItemType": kind,
                "IsRecurring": "true" if start or is_series else "false",
                "IsMeeting": "false",
                "IsCancelled": "false",
                "MeetingRequestWasSent": "false",
                "IsAllDayEvent": "false",
                "IsOnlineMeeting": "false",
                "AppointmentState": "0",
                "MyResponseType": "Organizer",
                "LegacyFreeBusyStatus": "Busy",
                "UID": f"{self.name}-{item.id[:40]}",
                "TimeZone": str(zone),
                "ReminderIsSet": "false",
                "ReminderMinutesBeforeStart": "15",
            }
        if item.kind == "Task":
            values |= {
                "Status": "NotStarted", "PercentComplete": "0", "IsComplete": "false", "IsRecurring": "false",
                "ReminderIsSet": "false",
            }  # fmt: skip
        return values

    def seen(self, item, start):
        """An occurrence as an item of its own."""
        if start is None:
            return item
        one = item.copy()
        one.version = item.version
        one.values.pop("Recurrence", None)
        length = item.times["End"] - item.times["Start"]
        one.times |= {"Start": start, "End": start + length, "OriginalStart": start}
        one.id = self.occurrence_id(item, start)
        other = item.exceptions.get(start)
        if other:
            for name in ("values", "entries", "extended", "times"):
                getattr(one, name).update(getattr(other, name))
        return one

    def item_node(self, item, shape, start=None):
        whole, item = item, self.seen(item, start)
        values = self.computed(item, start)
        nodes = {"ItemId": Node("t:ItemId", self.reference(item.id, item))}
        wanted = lambda name: shape["all"] or name in shape["names"]
        if wanted("ParentFolderId"):
            nodes["ParentFolderId"] = Node("t:ParentFolderId", {"Id": item.folder, "ChangeKey": "AQAAAA=="})
        for name, text in values.items():
            if wanted(name) and name not in item.values and not (self.habits.get("sparse") and name != "CalendarItemType"):
                nodes[name] = Node(f"t:{name}", None, text)
        for name, at in item.times.items():
            if wanted(name):
                nodes[name] = Node(f"t:{name}", None, self.time(at))
        for name, element in item.values.items():
            if wanted(name):
                nodes[name] = self.value_node(item, name, element, shape)
        if item.kind == "Contact" and wanted("DisplayName") and "DisplayName" not in item.values and not self.habits.get("sparse"):
            nodes["DisplayName"] = Node("t:DisplayName", None, f"{item.text('GivenName') or ''} {item.text('Surname') or ''}".strip())
        if item.kind == "CalendarItem" and wanted("Organizer"):
            mailbox = [Node("t:Name", None, "The owner"), Node("t:EmailAddress", None, self.address), Node("t:RoutingType", None, "SMTP")]
            nodes["Organizer"] = Node("t:Organizer", None, Node("t:Mailbox", None, *mailbox))
        if start is None and "Recurrence" in item.values:
            self.series_nodes(whole, wanted, nodes)
        for dictionary in DICTIONARIES.values():
            if shape["all"] or dictionary in shape["dictionaries"]:
                found = self.dictionary_node(item, dictionary)
                if found:
                    nodes[dictionary] = found
        if self.habits.get("hollow"):
            for name in ("Location", "Categories", "CompanyName", "ReminderMinutesBeforeStart", "Recurrence", "DueDate", "Birthday",
                         "RequiredAttendees", "ModifiedOccurrences", "DeletedOccurrences", "StartDate", "CompleteDate"):  # fmt: skip
                if wanted(name) and name not in nodes and name not in item.values:
                    nodes[name] = Node(f"t:{name}", None)
        ordered = list(nodes.values()) + self.extended_nodes(item.extended, shape)
        return Node(f"t:{item.kind}", None, *ordered)

    def value_node(self, item, name, element, shape):
        if name == "Body":
            return self.body_node(element, shape["body"])
        node = Node.of(element)
        if name in ("StartTimeZone", "EndTimeZone"):
            how, known = self.habits.get("zones"), element.get("Id")
            told = known.lower() if how == "lower" else known
            if how == "shown":
                return Node(f"t:{name}", {"Id": DISPLAY.get(known, known)})
            return Node(f"t:{name}", {"Id": told, "Name": DISPLAY.get(known, known)})
        if name == "Recurrence":
            for part in node.inside:
                for day in part.inside:
                    if isinstance(day, Node) and day.tag in ("t:StartDate", "t:EndDate"):
                        day.inside = [day.inside[0][:10] + self.habits.get("days", "")]
        return node

    def body_node(self, element, wanted):
        kind, text = element.get("BodyType"), "".join(element.itertext())
        if wanted == "Text" and kind == "HTML":
            text = html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"(?i)<(br|/p|/div)[^>]*>", "\n", text)))
            kind = "Text"
        if kind == "Text" and (wanted == "HTML" or (wanted == "Best" and self.habits.get("pages"))):
            lines = "<br>\r\n".join(html.escape(line) for line in text.split("\n"))
            text = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body><div class="PlainText">{lines}</div></body></html>'
            kind = "HTML"
        if self.habits.get("returns"):
            text = text.replace("\r\n", "\n").replace("\n", "\r\n")
            text += "\r\n" if kind == "Text" and text else ""
        return Node("t:Body", {"BodyType": kind}, text)

    def dictionary_node(self, item, dictionary):
        found = {}
        for (of, key, part), text in item.entries.items():
            if of == dictionary:
                found.setdefault(key, []).append((part, text))
        entries = []
        for key, parts in found.items():
            if dictionary == "PhysicalAddresses":
                parts.sort(key=lambda one: ADDRESS_PARTS.index(one[0]))
                entries.append(Node("t:Entry", {"Key": key}, *[Node(f"t:{part}", None, text) for part, text in parts]))
            else:
                entries.append(Node("t:Entry", {"Key": key}, parts[0][1]))
        if self.habits.get("hollow") and dictionary != "PhysicalAddresses":
            keys = {"EmailAddresses": "EmailAddress", "ImAddresses": "ImAddress"}.get(dictionary)
            more = [f"{keys}{n}" for n in (1, 2, 3)] if keys else ["BusinessPhone", "HomePhone", "MobilePhone"]
            entries += [Node("t:Entry", {"Key": key}) for key in more if key not in found]
        return Node(f"t:{dictionary}", None, *entries) if entries else None

    def series_nodes(self, item, wanted, nodes):
        if item.exceptions and wanted("ModifiedOccurrences"):
            lists = []
            for start in sorted(item.exceptions):
                one = self.seen(item, start)
                lists.append(Node("t:Occurrence", None,
                    Node("t:ItemId", self.reference(one.id, item)),
                    Node("t:Start", None, self.time(one.times["Start"])), Node("t:End", None, self.time(one.times["End"])),
                    Node("t:OriginalStart", None, self.time(start))))  # fmt: skip
            nodes["ModifiedOccurrences"] = Node("t:ModifiedOccurrences", None, *lists)
        if item.cancelled and wanted("DeletedOccurrences"):
            gone = [Node("t:DeletedOccurrence", None, Node("t:Start", None, self.time(at))) for at in sorted(item.cancelled)]
            nodes["DeletedOccurrences"] = Node("t:DeletedOccurrences", None, *gone)

    # operations: each answers a list of messages, each a list of nodes or a refusal

    def GetFolder(self, operation):
        shape = self.shape(operation)
        def one(reference):
            return [Node("m:Folders", None, self.folder_node(self.folder_of(reference), shape))]
        return [self.tried(one, reference) for reference in children(child(operation, "FolderIds"))]

    def FindFolder(self, operation):
        shape, top = self.shape(operation), self.folder(child(operation, "ParentFolderIds"))
        deep, above, found = operation.get("Traversal") == "Deep", [top["id"]], []
        while above:
            below = [one for one in self.folders.values() if one["parent"] in above]
            found += below
            above = [one["id"] for one in below] if deep else []
        return [[self.page(operation, "IndexedPageFolderView", "t:Folders", [self.folder_node(one, shape) for one in found])]]

    def page(self, operation, view, holder, nodes):
        view = child(operation, view)
        at, most = (int(view.get("Offset") or 0), int(view.get("MaxEntriesReturned") or 1000)) if view is not None else (0, 1000)
        most = min(most, self.habits.get("page", 1000))
        shown, last = nodes[at : at + most], at + most >= len(nodes)
        told = {"IndexedPagingOffset": str(at + len(shown)), "TotalItemsInView": str(len(nodes)), "IncludesLastItemInRange": str(last).lower()}
        return Node("m:RootFolder", {} if self.habits.get("sparse") else told, Node(holder, None, *shown))

    def CreateFolder(self, operation):
        parent = self.folder(child(operation, "ParentFolderId"))
        def one(element):
            of = said(element, "FolderClass") or "IPF.Note"
            made = self.make_folder(said(element, "DisplayName"), parent["id"], of)
            for part in children(element):
                if local(part) == "ExtendedProperty":
                    self.set_extended(made, part)
            return [Node("m:Folders", None, self.folder_node(made, {"extended": []}))]
        return [self.tried(one, element) for element in children(child(operation, "Folders"))]

    def UpdateFolder(self, operation):
        def one(change):
            folder = self.folder(change)
            for update in children(child(change, "Updates")):
                if local(update) == "SetFolderField":
                    for part in children(children(update)[1]):
                        if local(part) == "ExtendedProperty":
                            self.set_extended(folder, part)
            return [Node("m:Folders", None, self.folder_node(folder, {"extended": []}))]
        return [self.tried(one, change) for change in children(child(operation, "FolderChanges"))]

    def DeleteFolder(self, operation):
        def one(reference):
            folder = self.folder_of(reference)
            for item in [item for item in self.items.values() if item.folder == folder["id"]]:
                self.take(item)
            self.folders = {key: one for key, one in self.folders.items() if one is not folder}
            return []
        return [self.tried(one, reference) for reference in children(child(operation, "FolderIds"))]

    def GetItem(self, operation):
        shape, ids = self.shape(operation), children(child(operation, "ItemIds"))
        given = itertools.count(1)
        def one(reference):
            if next(given) > self.habits.get("gives", 1000):
                raise Refused("ErrorServerBusy", "Ask for fewer items at once.")
            item, start = self.item(reference)
            if self.ailing and item.text("Surname") == "Frail":
                raise Refused("ErrorInternalServerError", "An internal server error occurred. The operation failed.")
            return [Node("m:Items", None, self.item_node(item, shape, start))]
        answers = [self.tried(one, reference) for reference in ids]
        if self.habits.get("one_message") and all(isinstance(answer, list) for answer in answers):
            return [[Node("m:Items", None, *[answer[0].inside[0] for answer in answers])]]
        if self.habits.get("backwards"):
            answers.reverse()
        if self.habits.get("forgets_items"):
            answers = answers[: self.habits["forgets_items"]]
        return answers

    def FindItem(self, operation):
        shape, restriction = self.shape(operation), child(operation, "Restriction")
        folders = children(child(operation, "ParentFolderIds"))
        if len(folders) > 1 and self.habits.get("one_folder"):
            raise Refused("ErrorInvalidRequest", "One folder at a time.", fault=True)
        def one(reference):
            folder, span = self.folder_of(reference), child(operation, "CalendarView")
            found = [item for item in self.items.values() if item.folder == folder["id"]]
            if span is not None:
                return [self.page(operation, "", "t:Items", self.in_span(found, span, shape))]
            found = [item for item in found if restriction is None or self.meets(item, children(restriction)[0])]
            return [self.page(operation, "IndexedPageItemView", "t:Items", [self.item_node(item, shape) for item in found])]
        return [self.tried(one, reference) for reference in folders]

    def in_span(self, found, span, shape):
        begin, end, nodes = instant(span.get("StartDate")), instant(span.get("EndDate")), []
        for item in found:
            starts = [at for at in item.starts() if at not in item.cancelled] if "Recurrence" in item.values else [None]
            for start in starts:
                one = self.seen(item, start)
                if one.times["Start"] < end and one.times["End"] > begin:
                    nodes.append((one.times["Start"], self.item_node(item, shape, start)))
        return [node for _, node in sorted(nodes, key=lambda one: one[0])]

    def meets(self, item, condition):
        name, parts = local(condition), children(condition)
        if name in ("And", "Or"):
            return (all if name == "And" else any)(self.meets(item, part) for part in parts)
        if name == "Not":
            return not self.meets(item, parts[0])
        path = parts[0]
        if local(path) == "ExtendedFieldURI":
            if path.get("PropertyName") and self.habits.get("named") == "refused":
                raise Refused("ErrorUnsupportedPathForQuery", "Named properties are not kept here.")
            kept = item.extended.get(self.extended_key(path), (None, None))[1]
        elif local(path) == "IndexedFieldURI":
            kept = item.entries.get((DICTIONARIES[path.get("FieldURI")], path.get("FieldIndex"), None))
        else:
            field = path.get("FieldURI").split(":", 1)[1]
            kept = item.text(field) or self.computed(item, None).get(field)
        if name == "Exists":
            return kept is not None
        wanted = child(condition, "FieldURIOrConstant", "Constant")
        wanted = (wanted if wanted is not None else child(condition, "Constant")).get("Value")
        match name:
            case "IsEqualTo":
                return kept == wanted
            case "IsNotEqualTo":
                return kept != wanted
            case "Contains":
                return wanted.lower() in (kept or "").lower()
        raise Refused("ErrorUnsupportedPathForQuery", f"{name} is not understood.")

    def SyncFolderItems(self, operation):
        folder, shape = self.folder(child(operation, "SyncFolderId")), self.shape(operation)
        state, most = said(operation, "SyncState"), int(said(operation, "MaxChangesReturned") or 512)
        since = 0
        if state:
            told = base64.b64decode(state + "==", validate=False).decode(errors="replace").split("|")
            if len(told) != 2 or told[0] != folder["id"][:40] or not told[1].isdigit():
                raise Refused("ErrorInvalidSyncStateData")
            since = int(told[1])
        known = set()
        for of, id, how in self.changes[:since]:
            if of == folder["id"]:
                (known.discard if how == "Delete" else known.add)(id)
        last = {}
        for at, (of, id, _) in enumerate(self.changes[since:], since):
            if of == folder["id"]:
                last[id] = at
        due = sorted(last.items(), key=lambda one: one[1])
        most = min(most, self.habits.get("page", 512))
        shown, rest = due[:most], due[most:]
        nodes = []
        for id, _ in shown:
            here = self.items.get(id)
            if here is None or here.folder != folder["id"]:
                if id in known or self.habits.get("sync"):
                    nodes.append(Node("t:Delete", None, Node("t:ItemId", {"Id": id})))
                continue
            how = "Update" if id in known else "Create"
            if self.habits.get("sync") == "wild":
                how = {"Create": "Update", "Update": "Create"}[how]
                if id in known:
                    nodes.append(Node("t:Delete", None, Node("t:ItemId", {"Id": id})))
            one = Node(f"t:{how}", None, self.item_node(here, shape))
            nodes += [one, one] if self.habits.get("sync") == "wild" else [one]
        reached = rest[0][1] if rest else len(self.changes)
        state = base64.b64encode(f"{folder['id'][:40]}|{reached}".encode()).decode()
        told = [Node("m:SyncState", None, state), Node("m:Changes", None, *nodes)]
        if not self.habits.get("sparse"):
            more = rest or self.habits.get("endless")
            told.insert(1, Node("m:IncludesLastItemInRange", None, "false" if more else "true"))
        return [told]

    def CreateItem(self, operation):
        folder, elements = self.folder(child(operation, "SavedItemFolderId")), children(child(operation, "Items"))
        if any(local(one) == "CalendarItem" for one in elements) and not operation.get("SendMeetingInvitations"):
            raise Refused("ErrorSendMeetingInvitationsRequired")
        return [self.tried(lambda one: [Node("m:Items", None, self.short(self.create(folder, one)))], one) for one in elements]

    def create(self, folder, element):
        if local(element) not in CLASSES:
            raise Refused("ErrorInvalidRequest", fault=True)
        item = Item(local(element), folder["id"])
        self.set_values(item, element)
        self.sound(item)
        if item.kind == "CalendarItem" and not {"Start", "End"} <= set(item.times):
            raise Refused("ErrorCalendarInvalidPropertyValue", "Start and End")
        item.id = self.new_id()
        self.put(item)
        return item

    def short(self, item, start=None):
        one = self.seen(item, start)
        return Node(f"t:{item.kind}", None, Node("t:ItemId", self.reference(one.id, item)))

    def UpdateItem(self, operation):
        how = operation.get("ConflictResolution")
        def one(change):
            reference = next(one for one in children(change) if local(one).endswith("ItemId"))
            item, start = self.item(reference)
            key = reference.get("ChangeKey") or None
            guarded = how != "AlwaysOverwrite" and not self.habits.get("loose")
            if key is None and guarded:
                raise Refused("ErrorChangeKeyRequired")
            if key is not None and guarded and not self.same_version(item, key):
                raise Refused("ErrorIrresolvableConflict")
            if item.kind == "CalendarItem" and not operation.get("SendMeetingInvitationsOrCancellations"):
                raise Refused("ErrorSendMeetingInvitationsOrCancellationsRequired")
            self.update(item, start, children(child(change, "Updates")))
            return [Node("m:Items", None, self.short(item, start))]
        return [self.tried(one, change) for change in children(child(operation, "ItemChanges"))]

    def update(self, item, start, updates):
        known = item.exceptions.get(start) if start is not None else item
        target = known.copy() if known else Item(item.kind, item.folder)
        for update in updates:
            path = children(update)[0]
            if local(update) == "DeleteItemField":
                self.delete_value(target, path)
            else:
                element = children(update)[1]
                if local(element) != item.kind or len(children(element)) != 1:
                    raise Refused("ErrorIncorrectUpdatePropertyCount")
                self.set_values(target, element, start)
        if start is not None:
            changed = item.copy()
            changed.exceptions = item.exceptions | {start: target}
            self.sound(self.seen(changed, start))
            item.exceptions[start] = target
        else:
            self.sound(target)
            for name in ("values", "entries", "extended", "exceptions", "times", "cancelled"):
                setattr(item, name, getattr(target, name))
        self.changed(item, "Update")

    def DeleteItem(self, operation):
        def one(reference):
            item, start = self.item(reference)
            if item.kind == "CalendarItem" and not operation.get("SendMeetingCancellations"):
                raise Refused("ErrorSendMeetingCancellationsRequired")
            if item.kind == "Task" and not operation.get("AffectedTaskOccurrences"):
                raise Refused("ErrorAffectedTaskOccurrencesRequired")
            self.delete(item, start, operation.get("DeleteType"))
            return []
        return [self.tried(one, reference) for reference in children(child(operation, "ItemIds"))]

    def delete(self, item, start=None, how="MoveToDeletedItems"):
        if start is not None:
            item.exceptions.pop(start, None)
            item.cancelled.add(start)
            self.changed(item, "Update")
        elif how == "HardDelete":
            self.take(item)
        else:
            self.move(item, self.folders["deleteditems" if how == "MoveToDeletedItems" else "recoverableitemsdeletions"])

    def MoveItem(self, operation):
        folder = self.folder(child(operation, "ToFolderId"))
        def one(reference):
            item, _ = self.item(reference)
            self.move(item, folder)
            return [Node("m:Items", None, self.short(item))]
        return [self.tried(one, reference) for reference in children(child(operation, "ItemIds"))]

    def ResolveNames(self, operation):
        entry = (said(operation, "UnresolvedEntry") or "").split(":", 1)[-1]
        if self.habits.get("no_directory"):
            raise Refused("ErrorInvalidOperation", "There is no directory here.", fault=True)
        if entry.lower() != self.address.lower():
            raise Refused("ErrorNameResolutionNoResults", "No results were found.")
        inside = [Node("t:Name", None, "The owner"), Node("t:EmailAddress", None, self.address), Node("t:RoutingType", None, "SMTP")]
        if not self.habits.get("sparse"):
            inside.append(Node("t:MailboxType", None, "Mailbox"))
        found = Node("t:Resolution", None, Node("t:Mailbox", None, *inside))
        return [[Node("m:ResolutionSet", {"TotalItemsInView": "1", "IncludesLastItemInRange": "true"}, found)]]

    def tried(self, one, argument):
        try:
            return one(argument)
        except Refused as refused:
            if refused.fault:
                raise
            return refused

    # the wire

    OPERATIONS = {
        "GetFolder", "FindFolder", "CreateFolder", "UpdateFolder", "DeleteFolder", "GetItem", "FindItem", "SyncFolderItems",
        "CreateItem", "UpdateItem", "DeleteItem", "MoveItem", "ResolveNames",
    }  # fmt: skip

    def answer(self, body):
        """The status, and the answer as a node, to the bytes of a request."""
        try:
            root = ET.fromstring(body)
        except ET.ParseError as error:
            return 400, self.fault(Refused("ErrorSchemaValidation", str(error)))
        version = child(root, "Header", "RequestServerVersion")
        version = None if version is None else version.get("Version")
        operation = children(child(root, "Body"))[0]
        with self.lock:
            try:
                if version not in self.habits.get("versions", [version]):
                    raise Refused("ErrorInvalidServerVersion", "The version is not supported.", fault=True)
                name = local(operation)
                self.operations.append(name)
                if name not in self.OPERATIONS:
                    raise Refused("ErrorInvalidRequest", "The request is invalid.", fault=True)
                if name in WRITES:
                    self.writes.append((name, body.decode()))
                trouble = self.trouble()
                if trouble is not None:
                    raise trouble
                messages = getattr(self, name)(operation)
            except Refused as refused:
                status = 200 if self.habits.get("faults_are_fine") else 500
                if refused.fault or refused.code == "ErrorServerBusy":
                    return status, self.fault(refused)
                messages = [refused]
            return 200, self.envelope(self.response(name, messages))

    def trouble(self):
        """Something is wrong for a moment."""
        if len(self.operations) == self.habits.get("busy_at"):
            return Refused("ErrorServerBusy", "The server cannot service this request right now.", back_off=50)
        return None

    def response(self, name, messages):
        inside = []
        for message in messages:
            if isinstance(message, Refused):
                parts = [
                    Node("m:MessageText", None, message.text), Node("m:ResponseCode", None, message.code),
                    Node("m:DescriptiveLinkKey", None, "0"),
                ]  # fmt: skip
                inside.append(Node(f"m:{name}ResponseMessage", {"ResponseClass": "Error"}, *parts))
            else:
                code = [] if self.habits.get("no_codes") else [Node("m:ResponseCode", None, "NoError")]
                inside.append(Node(f"m:{name}ResponseMessage", {"ResponseClass": "Success"}, *code, *message))
        return Node(f"m:{name}Response", None, Node("m:ResponseMessages", None, *inside))

    def envelope(self, content):
        major, minor = self.habits.get("server", (15, 1))
        told = {"MajorVersion": str(major), "MinorVersion": str(minor), "MajorBuildNumber": "2507", "MinorBuildNumber": "1"}
        header = [] if self.habits.get("nameless") else [Node("s:Header", None, Node("t:ServerVersionInfo", told))]
        return Node("s:Envelope", None, *header, Node("s:Body", None, content))

    def fault(self, refused):
        detail = [Node("t:ResponseCode", None, refused.code), Node("t:Message", None, refused.text)]
        if refused.back_off is not None:
            value = Node("t:Value", {"Name": "BackOffMilliseconds"}, str(refused.back_off))
            detail.append(Node("t:MessageXml", None, value))
        parts = [
            Node("faultcode", None, f"a:{refused.code}"), Node("faultstring", {"xml:lang": "en-US"}, refused.text),
            Node("detail", None, *detail),
        ]  # fmt: skip
        if self.habits.get("bare"):
            whose = "SOAP:Client" if refused.code in ("ErrorInvalidRequest", "ErrorSchemaValidation") else refused.code
            parts = [Node("faultcode", None, whose), Node("faultstring", None, refused.text)]
        return self.envelope(Node("s:Fault", None, *parts))

    def written(self, node):
        """The bytes of an answer, in this server's hand."""
        out, hand = [], self.habits.get("hand", "usual")
        prefixes = {"usual": {"s": "s", "m": "m", "t": "t"}, "odd": {"s": "SOAP-ENV", "m": "ns1", "t": "ns2.x-y"}}.get(hand)

        def write(node, above):
            prefix, name = node.tag.split(":", 1) if ":" in node.tag else ("", node.tag)
            attributes = "".join(f' {key}="{escaped(value)}"' for key, value in node.attributes.items())
            if hand == "default":
                tag, space = name, SPACES.get(prefix, "")
                attributes += f' xmlns="{space}"' if space != above else ""
            else:
                tag, space = f"{prefixes[prefix]}:{name}" if prefix else name, above
            if self.habits.get("strange"):
                attributes += ' x:seen="yes" xmlns:x="urn:x"'
            inside = list(node.inside)
            nodes = [one for one in inside if isinstance(one, Node)]
            if self.habits.get("shuffles") and len(nodes) == len(inside) and len({one.tag for one in inside}) == len(inside):
                self.dice.shuffle(inside)
            out.append(f"<{tag}{attributes}>")
            for one in inside:
                if isinstance(one, Node):
                    if self.habits.get("strange"):
                        out.append("\n  <!-- <t:ItemId Id='no'/> -->")
                    write(one, space)
                elif self.habits.get("sections") and one and "]]>" not in one and "\r" not in one:
                    out.append(f"<![CDATA[{one}]]>")
                else:
                    out.append(escaped(one))
            if self.habits.get("strange") and nodes and name in ("Contact", "CalendarItem", "Task", "RootFolder"):
                out.append("<y:Own xmlns:y='urn:y'><y:Id>7</y:Id><y:Subject>not this</y:Subject></y:Own>")
            out.append(f"</{tag}>")

        if prefixes:
            node.attributes |= {f"xmlns:{prefixes[key]}": space for key, space in SPACES.items()}
        write(node, "")
        encoding = self.habits.get("encoding", "utf-8")
        declared = f'<?xml version="1.0" encoding="{encoding}"?>\r\n' if not self.habits.get("undeclared") else ""
        text = declared + "".join(out)
        return text.encode("utf-8-sig" if encoding == "utf-8" and self.habits.get("mark") else encoding)


class Door(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    offices = {}

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.reply(405, b"", "text/plain")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        office = self.offices.get(self.path.strip("/").split("/")[0])
        if office is None or not self.path.lower().endswith("/ews/exchange.asmx"):
            return self.reply(404, b"<html><body>Not here</body></html>", "text/html")
        habits = office.habits
        office.asked += 1
        if self.headers.get("Authorization") != f"Basic {office.credentials}":
            return self.reply(401, b"", "text/html", {"WWW-Authenticate": 'Basic realm="here"'})
        if office.asked in habits.get("moods", {}):
            status, page, more = habits["moods"][office.asked]
            return self.reply(status, page, "text/html", more)
        status, node = office.answer(body)
        if status == 200 and habits.get("always_500"):
            status = 500
        with office.lock:
            content = office.written(node)
        more = {}
        if habits.get("gzip") and "gzip" in self.headers.get("Accept-Encoding", ""):
            content, more = gzip.compress(content), {"Content-Encoding": "gzip"}
        self.reply(status, content, habits.get("type", "text/xml; charset=utf-8"), more)

    def reply(self, status, content, kind, more=None):
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        for name, value in (more or {}).items():
            self.send_header(name, value)
        office = self.offices.get(self.path.strip("/").split("/")[0])
        if office is not None and office.habits.get("closes"):
            self.send_header("Connection", "close")
            self.close_connection = True
        if office is not None and office.habits.get("chunks") and content:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(content), 777):
                piece = content[at : at + 777]
                self.wfile.write(f"{len(piece):x};own=1\r\n".encode() + piece + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)


def serve(offices):
    """Serves these offices on a free port; answers the address before their names."""
    handler = type("OpenDoor", (Door,), {"offices": {office.name: office for office in offices}})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"
