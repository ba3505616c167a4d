#!/usr/bin/env python3
"""Evolution drives a running emulator, and exchangelib looks at what it left there: two clients written elsewhere.

    evolution_emulator.py PYTHON ENDPOINT PASSWORD

PYTHON is the system's, which has the bindings of Evolution's data server. The server has the mailboxes alice@crm.test and
bob@crm.test. It uses nothing of the product; it ends with 0 when everything was as Exchange does it.
"""

import sys

from exchangelib import (
    DELEGATE,
    Account,
    CalendarItem,
    Configuration,
    Contact,
    Credentials,
    EWSDate,
    EWSDateTime,
    EWSTimeZone,
    Task,
)
from exchangelib.folders import Calendar
from exchangelib.indexed_properties import EmailAddress
from exchangelib.items import SEND_TO_ALL_AND_SAVE_COPY, SEND_TO_NONE
from exchangelib.recurrence import Recurrence, WeeklyPattern

from checked import check, count, report
from davmail import parts, value, values
from evolution import Evolution, edited

PYTHON = sys.argv[1]
BERLIN = EWSTimeZone("Europe/Berlin")
ADDRESS = "alice@crm.test"
GUEST = "bob@crm.test"
MINE = {"send_meeting_invitations": SEND_TO_NONE}

# Without categories: see docs/emulator.md.
CARD_OF_ANN = """BEGIN:VCARD
VERSION:3.0
N:Smith;Ann;M.;;
FN:Ann Smith
NICKNAME:Annie
ORG:Acme & Söhne;Sales
TITLE:Buyer
EMAIL;TYPE=work:ann@acme.test
EMAIL;TYPE=home:ann@home.test
TEL;TYPE=cell:0170
TEL;TYPE=work,voice:+49 30 123
ADR;TYPE=work:;;Main 1;Berlin;B;10115;Germany
ADR;TYPE=home:;;Side 2;Potsdam;BB;14467;Germany
BDAY:1980-02-29
NOTE:first\\nsecond
END:VCARD
"""


def berlin(day, hour, minute=0, month=3):
    return EWSDateTime(2026, month, day, hour, minute, tzinfo=BERLIN)


def event(start, end, more="", summary="One"):
    return (
        f"BEGIN:VEVENT\nUID:checks\nDTSTAMP:20260301T090000Z\nSUMMARY:{summary}\n"
        f"DTSTART;TZID=Europe/Berlin:{start}\nDTEND;TZID=Europe/Berlin:{end}\nTRANSP:OPAQUE\n{more}END:VEVENT\n"
    )


def stands(evolution, kind, name="VEVENT"):
    """What Evolution shows in a folder, each by its summary, occurrences that differ by their day as well."""
    found = {}
    for text in evolution.ask("listing", kind):
        (one,) = parts(text, name)
        found[value(one, "SUMMARY") or value(one, "FN"), value(one, "RECURRENCE-ID")] = one
    return found


def seen(evolution, what, kind, look, name="VEVENT"):
    """Has Evolution read what changed on the server, and waits until it shows it."""
    count()

    def looked():
        found = stands(evolution, kind, name)
        return (found,) if look(found) else None

    evolution.ask("refresh", kind)
    return evolution.eventually(what, looked)[0]


def contacts(evolution, alice):
    check("nothing there yet", evolution.ask("listing", "contacts"), [])
    uid = evolution.ask("create", "contacts", CARD_OF_ANN)
    ann = alice.contacts.get(surname="Smith")
    check("names", (ann.given_name, ann.middle_name, ann.nickname), ("Ann", "M.", "Annie"))
    check("work", (ann.company_name, ann.department, ann.job_title), ("Acme & Söhne", "Sales", "Buyer"))
    mails = {one.label: one.email for one in ann.email_addresses}
    check("addresses", mails, {"EmailAddress1": "ann@acme.test", "EmailAddress2": "ann@home.test"})
    phones = {one.label: one.phone_number for one in ann.phone_numbers if one.phone_number}
    check("phones", phones, {"MobilePhone": "0170", "BusinessPhone": "+49 30 123"})
    places = {one.label: (one.street, one.city, one.zipcode, one.country) for one in ann.physical_addresses}
    check("office", places["Business"], ("Main 1", "Berlin", "10115", "Germany"))
    check("home", places["Home"], ("Side 2", "Potsdam", "14467", "Germany"))
    check("birthday", ann.birthday, EWSDate(1980, 2, 29))
    check("note", str(ann.body).splitlines(), ["first", "second"])
    (card,) = parts(evolution.ask("read", "contacts", uid), "VCARD")
    shown = (value(card, "TITLE"), value(card, "BDAY"), value(card, "NOTE"))
    check("read", shown, ("Buyer", "1980-02-29", "first\\nsecond"))
    ann.job_title = "Head of Buying"
    ann.save(update_fields=["job_title"])
    shown = seen(
        evolution,
        "changed elsewhere",
        "contacts",
        lambda found: [value(one, "TITLE") for one in found.values()] == ["Head of Buying"],
        "VCARD",
    )
    check("one still", len(shown), 1)
    text = edited(evolution.ask("read", "contacts", uid), TITLE="Chief", CATEGORIES="Customers,Friends")
    evolution.ask("modify", "contacts", text)
    ann = alice.contacts.get(surname="Smith")
    check("edited", (ann.job_title, ann.categories), ("Chief", ["Customers", "Friends"]))
    check("the rest as it was", (ann.nickname, str(ann.body).splitlines()), ("Annie", ["first", "second"]))
    bob = Contact(
        folder=alice.contacts,
        display_name="Bob Jones",
        given_name="Bob",
        surname="Jones",
        email_addresses=[EmailAddress(label="EmailAddress1", email="bob@acme.test")],
    )
    bob.save()
    shown = seen(evolution, "one of somebody else's", "contacts", lambda found: len(found) == 2, "VCARD")
    card = shown["Bob Jones", None]
    check("as it was made", (value(card, "N").split(";")[:2], value(card, "EMAIL")), (["Jones", "Bob"], "bob@acme.test"))
    found = evolution.ask("listing", "contacts", '(is "family_name" "Jones")')
    check("found by a name", len(found), 1)
    evolution.ask("remove", "contacts", uid)
    check("gone for all", [one.surname for one in alice.contacts.all()], ["Jones"])
    bob.delete()
    seen(evolution, "deleted elsewhere", "contacts", lambda found: not found, "VCARD")


def appointments(evolution, alice):
    check("an empty calendar", evolution.ask("listing", "calendar"), [])
    more = (
        "LOCATION:Room 1\nDESCRIPTION:first\\nsecond\nCATEGORIES:Work\nCLASS:PRIVATE\n"
        "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT30M\nEND:VALARM\n"
    )
    uid = evolution.ask("create", "calendar", event("20260328T090000", "20260328T100000", more))
    one = alice.calendar.get(subject="One")
    check("known by its global id", uid, one.uid)
    check("its time", (one.start, one.end, one._start_timezone), (berlin(28, 9), berlin(28, 10), BERLIN))
    check("its place", (one.location, str(one.body).splitlines()), ("Room 1", ["first", "second"]))
    check("its state", (one.sensitivity, one.legacy_free_busy_status), ("Private", "Busy"))
    check("its reminder", (one.reminder_is_set, one.reminder_minutes_before_start), (True, 30))
    check("its category", (one.categories, one.is_meeting), (["Work"], False))
    text = edited(
        evolution.ask("read", "calendar", uid),
        SUMMARY="One changed",
        LOCATION="Room 2",
        DTSTART=";TZID=Europe/Berlin:20260329T083000",
        DTEND=";TZID=Europe/Berlin:20260329T093000",
    )
    evolution.ask("modify", "calendar", text)
    one = alice.calendar.get(subject="One changed")
    check("moved over the change of clocks", (one.start, one.end), (berlin(29, 8, 30), berlin(29, 9, 30)))
    check("its new place", (one.location, one.sensitivity, one.categories), ("Room 2", "Private", ["Work"]))
    one.subject = "Renamed"
    one.save(update_fields=["subject"], **MINE)
    shown = seen(evolution, "changed elsewhere", "calendar", lambda found: ("Renamed", None) in found)
    check("one still", len(shown), 1)
    whole = (
        "BEGIN:VEVENT\nUID:whole\nDTSTAMP:20260301T090000Z\nSUMMARY:Whole day\n"
        "DTSTART;VALUE=DATE:20260401\nDTEND;VALUE=DATE:20260403\nEND:VEVENT\n"
    )
    days = evolution.ask("create", "calendar", whole)
    day = alice.calendar.get(subject="Whole day")
    check("whole days", (day.is_all_day, day.start, day.end), (True, EWSDate(2026, 4, 1), EWSDate(2026, 4, 2)))
    (read,) = parts(evolution.ask("read", "calendar", days), "VEVENT")
    check("as days", (value(read, "DTSTART"), value(read, "DTEND")), ("20260401", "20260403"))
    there = CalendarItem(
        account=alice, folder=alice.calendar, subject="From elsewhere", start=berlin(30, 14), end=berlin(30, 15)
    )
    there.save(**MINE)
    shown = seen(evolution, "somebody else's", "calendar", lambda found: ("From elsewhere", None) in found)
    read = shown["From elsewhere", None]
    check("its wall time", values(read, "DTSTART")[0], (["TZID=Europe/Berlin"], "20260330T140000"))
    day_of_it = '(occur-in-time-range? (make-time "20260330T000000Z") (make-time "20260331T000000Z"))'
    check("found by its time", len(evolution.ask("listing", "calendar", day_of_it)), 1)
    for one in (uid, days):
        evolution.ask("remove", "calendar", one)
    check("the other is left", [one.subject for one in alice.calendar.all()], ["From elsewhere"])
    there.delete(send_meeting_cancellations=SEND_TO_NONE)
    seen(evolution, "deleted elsewhere", "calendar", lambda found: not found)


def series(evolution, alice):
    daily = event("20260327T090000", "20260327T093000", "RRULE:FREQ=DAILY;COUNT=5\n", "Daily")
    uid = evolution.ask("create", "calendar", daily)
    check("a master", alice.calendar.get(subject="Daily").type, "RecurringMaster")
    later = edited(
        evolution.ask("read", "calendar", uid),
        SUMMARY="Later",
        DTSTART=";TZID=Europe/Berlin:20260328T110000",
        DTEND=";TZID=Europe/Berlin:20260328T113000",
        RRULE=None,
        RECURRENCE_ID=";TZID=Europe/Berlin:20260328T090000",
    )
    evolution.ask("modify", "calendar", later, "this")
    evolution.ask("remove", "calendar", uid, "20260329T090000", "this")
    view = list(alice.calendar.view(start=berlin(27, 0), end=berlin(5, 0, month=4)))
    starts = [item.start.astimezone(BERLIN) for item in view]
    check("its days", [(at.day, at.hour) for at in starts], [(27, 9), (28, 11), (30, 9), (31, 9)])
    check("the one that differs", [item.subject for item in view], ["Daily", "Later", "Daily", "Daily"])
    master = alice.calendar.get(subject="Daily")
    (moved,) = master.modified_occurrences
    check("the day it stood on", moved.original_start, berlin(28, 9))
    check("the day taken out", [gone.start for gone in master.deleted_occurrences], [berlin(29, 9)])
    fourth = master.occurrence(index=4)
    fourth.refresh()
    fourth.location = "Room 4"
    fourth.save(update_fields=["location"], **MINE)
    place = ("Daily", "20260330T090000")
    shown = seen(evolution, "an exception made elsewhere", "calendar", lambda found: place in found)
    check("its place", value(shown[place], "LOCATION"), "Room 4")
    check("its own one still", set(shown), {("Daily", None), place, ("Later", "20260328T090000")})
    first = shown["Daily", None]
    check("its rule", value(first, "RRULE"), "FREQ=DAILY;COUNT=5")
    check("the day left out", [text for _, text in values(first, "EXDATE")], ["20260329T090000"])
    evolution.ask("modify", "calendar", edited(evolution.ask("read", "calendar", uid), SUMMARY="Every day"))
    master = alice.calendar.get(subject="Every day")
    check("all of it renamed", (master.type, len(master.modified_occurrences)), ("RecurringMaster", 2))
    weekly = edited(evolution.ask("read", "calendar", uid), RRULE="FREQ=WEEKLY;COUNT=3;BYDAY=FR", EXDATE=None)
    evolution.ask("modify", "calendar", weekly)
    pattern = alice.calendar.get(subject="Every day").recurrence.pattern
    check("a new rule", (type(pattern), pattern.weekdays), (WeeklyPattern, [5]))
    evolution.ask("remove", "calendar", uid)
    check("the series is gone", alice.calendar.all().count(), 0)
    rule = Recurrence(pattern=WeeklyPattern(interval=2, weekdays=["Friday"]), start=EWSDate(2026, 3, 27), number=3)
    CalendarItem(
        account=alice,
        folder=alice.calendar,
        subject="Weekly",
        start=berlin(27, 9),
        end=berlin(27, 10),
        recurrence=rule,
    ).save(**MINE)
    shown = seen(evolution, "a series of somebody else's", "calendar", lambda found: ("Weekly", None) in found)
    read = shown["Weekly", None]
    told = dict(one.split("=") for one in value(read, "RRULE").split(";"))
    check("its rule as made", (told["FREQ"], told["INTERVAL"], told["BYDAY"]), ("WEEKLY", "2", "FR"))
    evolution.ask("remove", "calendar", value(read, "UID"))
    check("nothing left", alice.calendar.all().count(), 0)


def tasks(evolution, alice):
    text = (
        "BEGIN:VTODO\nUID:call\nDTSTAMP:20260301T090000Z\nSUMMARY:Call\nDESCRIPTION:now\n"
        "DTSTART;VALUE=DATE:20260105\nDUE;VALUE=DATE:20260109\nPRIORITY:1\nCATEGORIES:Work\nEND:VTODO\n"
    )
    uid = evolution.ask("create", "tasks", text)
    call = alice.tasks.get(subject="Call")
    check("days", (call.start_date, call.due_date), (EWSDate(2026, 1, 5), EWSDate(2026, 1, 9)))
    check("as written", (call.importance, call.categories, call.body.strip()), ("High", ["Work"], "now"))
    check("open", (call.status, int(call.percent_complete)), ("NotStarted", 0))
    half = {"SUMMARY": "Call back", "STATUS": "IN-PROCESS", "PERCENT_COMPLETE": "50"}
    evolution.ask("modify", "tasks", edited(evolution.ask("read", "tasks", uid), **half))
    call = alice.tasks.get(subject="Call back")
    check("half done", (call.status, int(call.percent_complete)), ("InProgress", 50))
    call.due_date = EWSDate(2026, 1, 12)
    call.save(update_fields=["due_date"])
    shown = seen(
        evolution,
        "changed elsewhere",
        "tasks",
        lambda found: [value(one, "DUE") for one in found.values()] == ["20260112"],
        "VTODO",
    )
    check("one still", list(shown), [("Call back", None)])
    done = {"STATUS": "COMPLETED", "PERCENT_COMPLETE": "100"}
    evolution.ask("modify", "tasks", edited(evolution.ask("read", "tasks", uid), **done))
    call = alice.tasks.get(subject="Call back")
    check("done", (call.is_complete, int(call.percent_complete)), (True, 100))
    other = Task(folder=alice.tasks, subject="From elsewhere", due_date=EWSDate(2026, 2, 2))
    other.save()
    shown = seen(evolution, "somebody else's", "tasks", lambda found: ("From elsewhere", None) in found, "VTODO")
    check("its day", value(shown["From elsewhere", None], "DUE"), "20260202")
    evolution.ask("remove", "tasks", uid)
    check("the other is left", [one.subject for one in alice.tasks.all()], ["From elsewhere"])
    other.delete()
    seen(evolution, "deleted elsewhere", "tasks", lambda found: not found, "VTODO")


def meetings(evolution, alice, bob):
    people = f"ORGANIZER:mailto:{ADDRESS}\nATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;ROLE=REQ-PARTICIPANT:mailto:{GUEST}\n"
    uid = evolution.ask("create", "calendar", event("20260504T140000", "20260504T150000", people, "Meet"), "send")
    mine = alice.calendar.get(subject="Meet")
    check("a meeting that was sent", (mine.is_meeting, mine.meeting_request_was_sent), (True, True))
    check("whom it invites", [one.mailbox.email_address for one in mine.required_attendees], [GUEST])
    copy = bob.calendar.get(subject="Meet")
    check("the guest's copy", (copy.uid, copy.my_response_type), (mine.uid, "NoResponseReceived"))
    copy.accept(body="yes")
    seen(
        evolution,
        "who comes",
        "calendar",
        lambda found: any("PARTSTAT=ACCEPTED" in str(values(one, "ATTENDEE")) for one in found.values()),
    )
    evolution.ask("modify", "calendar", edited(evolution.ask("read", "calendar", uid), LOCATION="Room 7"), "all", "send")
    copy = bob.calendar.get(subject="Meet")
    check("an update", (copy.location, copy.my_response_type), ("Room 7", "Accept"))
    evolution.ask("remove", "calendar", uid, None, "all", "send")
    check("called off", (alice.calendar.all().count(), bob.calendar.get(subject__contains="Meet").is_cancelled), (0, True))
    CalendarItem(
        account=bob,
        folder=bob.calendar,
        subject="His",
        start=berlin(5, 14, month=5),
        end=berlin(5, 15, month=5),
        required_attendees=[ADDRESS],
    ).save(send_meeting_invitations=SEND_TO_ALL_AND_SAVE_COPY)
    shown = seen(evolution, "an invitation", "calendar", lambda found: ("His", None) in found)
    uid = value(shown["His", None], "UID")
    evolution.ask("answer", uid, ADDRESS, "ACCEPTED")
    mine = alice.calendar.get(subject="His")
    check("accepted", (mine.my_response_type, mine.legacy_free_busy_status), ("Accept", "Busy"))
    check("heard", bob.calendar.get(subject="His").required_attendees[0].response_type, "Accept")
    seen(
        evolution,
        "its own answer",
        "calendar",
        lambda found: any("PARTSTAT=ACCEPTED" in str(values(one, "ATTENDEE")) for one in found.values()),
    )
    evolution.ask("remove", "calendar", uid)
    check("taken away", alice.calendar.all().count(), 0)


def folders(evolution, alice):
    more = Calendar(parent=alice.calendar, name="More")
    more.save()
    evolution.ask("look_again")
    evolution.eventually("a folder made elsewhere", lambda: evolution.ask("folders").get("More") == "calendar")
    more.delete()


def told_unasked(endpoint, password, alice):
    """What a server tells on its own: this time Evolution is never asked to look."""
    one = CalendarItem(account=alice, folder=alice.calendar, subject="0", start=berlin(30, 14), end=berlin(30, 15))
    one.save(**MINE)
    with Evolution(PYTHON, endpoint, ADDRESS, password, listen=True) as evolution:
        evolution.eventually("its calendar", lambda: evolution.ask("open", "calendar"))
        evolution.eventually("what stands there", lambda: stands(evolution, "calendar"))

        # It begins to listen some seconds after it has read: what changed before then is not told.
        def changed():
            one.subject = str(int(one.subject) + 1)
            one.save(update_fields=["subject"], **MINE)
            return evolution.within(1, lambda: (one.subject, None) in stands(evolution, "calendar"))

        check("told", bool(evolution.eventually("a change that the server told of", changed)))
    one.delete(send_meeting_cancellations=SEND_TO_NONE)


def main():
    endpoint, password = sys.argv[2:4]

    def account(address):
        config = Configuration(service_endpoint=endpoint, credentials=Credentials(address, password), auth_type="basic")
        return Account(address, config=config, autodiscover=False, access_type=DELEGATE, default_timezone=BERLIN)

    alice, bob = account(ADDRESS), account(GUEST)
    with Evolution(PYTHON, endpoint, ADDRESS, password) as evolution:
        for kind in ("contacts", "calendar", "tasks"):
            evolution.eventually(f"{kind} of the account", lambda kind=kind: evolution.ask("open", kind))
        for part in (contacts, appointments, series, tasks, folders):
            part(evolution, alice)
        meetings(evolution, alice, bob)
        check("the password was right", evolution.ask("refusals"), 0)
    told_unasked(endpoint, password, alice)
    report()


if __name__ == "__main__":
    main()
