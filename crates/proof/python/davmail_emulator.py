#!/usr/bin/env python3
"""DavMail drives a running emulator, and exchangelib looks at what it left there: two clients written elsewhere.

    davmail_emulator.py JAR ENDPOINT PASSWORD

The server has the mailboxes alice@crm.test and bob@crm.test, and a clock that goes on by a second with every look at it: DavMail tells
versions by seconds. It uses nothing of the product; it ends with 0 when everything was as Exchange does it.
"""

import datetime
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
from exchangelib.indexed_properties import EmailAddress
from exchangelib.items import SEND_TO_NONE
from exchangelib.recurrence import Recurrence, WeeklyPattern

from checked import check, report
from davmail import CAL, CARD, ZONE, Client, Gateway, parts, value, values

BERLIN = EWSTimeZone("Europe/Berlin")
ADDRESS = "alice@crm.test"
GUEST = "bob@crm.test"

CARD_OF_ANN = """BEGIN:VCARD
VERSION:3.0
UID:ann
N:Smith;Ann;M.;Dr.;Jr.
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
CATEGORIES:Customers,Friends
CLASS:PRIVATE
END:VCARD
"""


def crlf(text):
    return text.replace("\n", "\r\n")


def calendar(body):
    return crlf(f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//checks//EN\n{ZONE}{body}END:VCALENDAR\n")


def event(uid, start, end, more="", summary="One", recurrence_id=None):
    instance = f"RECURRENCE-ID;TZID=Europe/Berlin:{recurrence_id}\n" if recurrence_id else ""
    return (
        f"BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260301T090000Z\n{instance}SUMMARY:{summary}\n"
        f"DTSTART;TZID=Europe/Berlin:{start}\nDTEND;TZID=Europe/Berlin:{end}\n{more}END:VEVENT\n"
    )


def berlin(day, hour, minute=0, month=3):
    return EWSDateTime(2026, month, day, hour, minute, tzinfo=BERLIN)


def changed(client, folder, before):
    """What a client that keeps versions sees: what came or changed, and what went."""
    now = client.etags(folder)
    return now, {name for name in now if before.get(name) != now[name]}, before.keys() - now.keys()


def contacts(client, alice):
    state = client.etags("contacts")
    check("nothing there yet", state, {})
    mark = client.ctag("contacts")
    client.put("contacts", "ann.vcf", crlf(CARD_OF_ANN))
    check("the folder tells of the change", client.ctag("contacts") != mark)
    state, new, gone = changed(client, "contacts", state)
    check("one card", (new, gone), ({"ann.vcf"}, set()))
    check("nothing changed since", changed(client, "contacts", state)[1:], (set(), set()))
    ann = alice.contacts.get(surname="Smith")
    check("names", (ann.given_name, ann.middle_name, ann.generation, ann.nickname), ("Ann", "M.", "Jr.", "Annie"))
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
    check("categories", ann.categories, ["Customers", "Friends"])
    check("private", ann.sensitivity, "Private")
    ann.job_title = "Head of Buying"
    ann.save(update_fields=["job_title"])
    state, new, gone = changed(client, "contacts", state)
    check("changed elsewhere", (new, gone), ({"ann.vcf"}, set()))
    (card,) = parts(client.get("contacts", "ann.vcf"), "VCARD")
    check("read again", value(card, "TITLE"), "Head of Buying")
    check("its note", value(card, "NOTE"), "first\\nsecond")
    check("its office", ("TYPE=work" in str(values(card, "ADR")), value(card, "BDAY")), (True, "1980-02-29"))
    edited = CARD_OF_ANN.replace("TITLE:Buyer", "TITLE:Chief").replace("TEL;TYPE=cell:0170\n", "")
    client.put("contacts", "ann.vcf", crlf(edited), expected=(412,), If_Match=mark)
    check("nothing written over", alice.contacts.get(surname="Smith").job_title, "Head of Buying")
    client.put("contacts", "ann.vcf", crlf(edited), expected=(200,), If_Match=state["ann.vcf"])
    ann = alice.contacts.get(surname="Smith")
    phones = {one.label: one.phone_number for one in ann.phone_numbers if one.phone_number}
    check("edited", (ann.job_title, phones), ("Chief", {"BusinessPhone": "+49 30 123"}))
    state, new, gone = changed(client, "contacts", state)
    check("its own change", (new, gone), ({"ann.vcf"}, set()))
    bob = Contact(
        folder=alice.contacts,
        display_name="Bob Jones",
        given_name="Bob",
        surname="Jones",
        email_addresses=[EmailAddress(label="EmailAddress1", email="bob@acme.test")],
    )
    bob.save()
    state, new, gone = changed(client, "contacts", state)
    check("one of somebody else's", (len(new), gone), (1, set()))
    (card,) = parts(client.get("contacts", next(iter(new))), "VCARD")
    check("as it was made", (value(card, "N").split(";")[:2], value(card, "EMAIL")), (["Jones", "Bob"], "bob@acme.test"))
    hrefs = "".join(f"<D:href>{client.home}/contacts/{name}</D:href>" for name in sorted(state))
    found = client.report(
        "contacts",
        '<C:addressbook-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">'
        f"<D:prop><D:getetag/><C:address-data/></D:prop>{hrefs}</C:addressbook-multiget>",
    )
    cards = [props[f"{CARD}address-data"] for _, props in found.values()]
    check("both at once", sorted(value(parts(one, "VCARD")[0], "N").split(";")[0] for one in cards), ["Jones", "Smith"])
    client.delete("contacts", "ann.vcf")
    state, new, gone = changed(client, "contacts", state)
    check("deleted", (new, gone), (set(), {"ann.vcf"}))
    check("gone for all", [one.surname for one in alice.contacts.all()], ["Jones"])
    check("to be seen in the bin", [one.surname for one in alice.trash.all()], ["Smith"])
    bob.delete()
    check("nothing left", client.etags("contacts"), {})
    client.get("contacts", "ann.vcf", expected=(404,))


def appointments(client, alice):
    state = client.etags("calendar")
    check("an empty calendar", state, {})
    more = (
        "LOCATION:Room 1\nDESCRIPTION:first\\nsecond\nCATEGORIES:Work\nCLASS:PRIVATE\nTRANSP:TRANSPARENT\n"
        "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT30M\nEND:VALARM\n"
    )
    mark = client.ctag("calendar")
    client.put("calendar", "one.ics", calendar(event("one", "20260328T090000", "20260328T100000", more)))
    check("the folder tells of the change", client.ctag("calendar") != mark)
    state, new, gone = changed(client, "calendar", state)
    check("one event", (len(new), gone), (1, set()))
    one = alice.calendar.get(subject="One")
    check("its time", (one.start, one.end, one._start_timezone), (berlin(28, 9), berlin(28, 10), BERLIN))
    check("its place", (one.location, str(one.body).splitlines()), ("Room 1", ["first", "second"]))
    check("its state", (one.sensitivity, one.legacy_free_busy_status), ("Private", "Free"))
    check("its reminder", (one.reminder_is_set, one.reminder_minutes_before_start), (True, 30))
    check("its category", (one.categories, one.is_meeting), (["Work"], False))
    (read,) = parts(client.get("calendar", "one.ics"), "VEVENT")
    check("read by its own name", (value(read, "SUMMARY"), value(read, "CLASS")), ("One", "PRIVATE"))
    edited = event("one", "20260329T083000", "20260329T093000", more.replace("Room 1", "Room 2"), "One changed")
    client.put("calendar", "one.ics", calendar(edited), expected=(200,))
    one = alice.calendar.get(subject="One changed")
    check("moved over the change of clocks", (one.start, one.end), (berlin(29, 8, 30), berlin(29, 9, 30)))
    check("its new place", one.location, "Room 2")
    state, new, gone = changed(client, "calendar", state)
    check("its own change", (len(new), gone), (1, set()))
    one.subject = "Renamed"
    one.save(update_fields=["subject"], send_meeting_invitations=SEND_TO_NONE)
    state, new, gone = changed(client, "calendar", state)
    check("changed elsewhere", (len(new), gone), (1, set()))
    whole = (
        "BEGIN:VEVENT\nUID:whole\nDTSTAMP:20260301T090000Z\nSUMMARY:Whole day\n"
        "DTSTART;VALUE=DATE:20260401\nDTEND;VALUE=DATE:20260403\nEND:VEVENT\n"
    )
    client.put("calendar", "whole.ics", calendar(whole))
    day = alice.calendar.get(subject="Whole day")
    check("whole days", (day.is_all_day, day.start, day.end), (True, EWSDate(2026, 4, 1), EWSDate(2026, 4, 2)))
    (read,) = parts(client.get("calendar", "whole.ics"), "VEVENT")
    check("as days", (value(read, "DTSTART"), value(read, "DTEND")), ("20260401", "20260403"))
    there = CalendarItem(
        account=alice,
        folder=alice.calendar,
        subject="From elsewhere",
        start=berlin(30, 14),
        end=berlin(30, 15),
    )
    there.save(send_meeting_invitations=SEND_TO_NONE)
    body = (
        '<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/></D:prop>'
        '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
        '<C:time-range start="20260330T000000Z" end="20260331T000000Z"/>'
        "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    )
    found = list(client.report("calendar", body))
    check("found by its time", len(found), 1)
    body = (
        '<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f"<D:prop><D:getetag/><C:calendar-data/></D:prop><D:href>{found[0]}</D:href></C:calendar-multiget>"
    )
    ((_, props),) = client.report("calendar", body).values()
    (read,) = parts(props[f"{CAL}calendar-data"], "VEVENT")
    check("somebody else's", value(read, "SUMMARY"), "From elsewhere")
    check("its wall time", value(read, "DTSTART"), "20260330T140000")
    state = client.etags("calendar")
    for name in ("one.ics", "whole.ics"):
        client.delete("calendar", name)
    there.delete(send_meeting_cancellations=SEND_TO_NONE)
    check("all gone", (client.etags("calendar"), alice.calendar.all().count()), ({}, 0))
    check("told as gone", len(changed(client, "calendar", state)[2]), 3)


def series(client, alice):
    rule = "RRULE:FREQ=DAILY;COUNT=5\n"
    master = event("daily", "20260327T090000", "20260327T093000", rule, "Daily")
    without = event(
        "daily", "20260327T090000", "20260327T093000", f"{rule}EXDATE;TZID=Europe/Berlin:20260329T090000\n", "Daily"
    )
    later = event("daily", "20260328T110000", "20260328T113000", "", "Later", "20260328T090000")
    client.put("calendar", "daily.ics", calendar(without + later))
    read = alice.calendar.get(subject="Daily")
    check("a master", read.type, "RecurringMaster")
    view = list(alice.calendar.view(start=berlin(27, 0), end=berlin(30, 0) + datetime.timedelta(days=7)))
    starts = [item.start.astimezone(BERLIN) for item in view]
    check("its days", [(at.day, at.hour) for at in starts], [(27, 9), (28, 11), (30, 9), (31, 9)])
    check("the one that differs", [item.subject for item in view], ["Daily", "Later", "Daily", "Daily"])
    found = parts(client.get("calendar", "daily.ics"), "VEVENT")
    check("as it was written", sorted(value(one, "SUMMARY") for one in found), ["Daily", "Later"])
    first = next(one for one in found if not values(one, "RECURRENCE-ID"))
    check("its rule", ("COUNT=5" in value(first, "RRULE"), len(values(first, "EXDATE"))), (True, 1))
    fourth = read.occurrence(index=4)
    fourth.refresh()
    fourth.location = "Room 4"
    fourth.save(update_fields=["location"], send_meeting_invitations=SEND_TO_NONE)
    found = parts(client.get("calendar", "daily.ics"), "VEVENT")
    check("an exception made elsewhere", sum(bool(values(one, "RECURRENCE-ID")) for one in found), 2)
    check("its place", [value(one, "LOCATION") for one in found if value(one, "LOCATION")], ["Room 4"])
    renamed = master.replace("SUMMARY:Daily", "SUMMARY:Every day")
    client.put("calendar", "daily.ics", calendar(renamed), expected=(200,))
    read = alice.calendar.get(subject="Every day")
    check("still a series", (read.type, read.recurrence.pattern.interval), ("RecurringMaster", 1))
    client.delete("calendar", "daily.ics")
    check("the series is gone", alice.calendar.all().count(), 0)
    weekly = CalendarItem(
        account=alice,
        folder=alice.calendar,
        subject="Weekly",
        start=berlin(27, 9),
        end=berlin(27, 10),
        recurrence=Recurrence(
            pattern=WeeklyPattern(interval=2, weekdays=["Friday"]), start=EWSDate(2026, 3, 27), number=3
        ),
    )
    weekly.save(send_meeting_invitations=SEND_TO_NONE)
    (name,) = client.etags("calendar")
    (read,) = parts(client.get("calendar", name), "VEVENT")
    rule = dict(one.split("=") for one in value(read, "RRULE").split(";"))
    check("a rule of somebody else's", (rule["FREQ"], rule["INTERVAL"], rule["BYDAY"]), ("WEEKLY", "2", "FR"))
    client.delete("calendar", name)
    check("deleted by its listed name", alice.calendar.all().count(), 0)


def tasks(client, alice):
    text = (
        "BEGIN:VTODO\nUID:call\nDTSTAMP:20260301T090000Z\nSUMMARY:Call\nDESCRIPTION:now\n"
        "DTSTART;VALUE=DATE:20260105\nDUE;VALUE=DATE:20260109\nPRIORITY:1\nCATEGORIES:Work\n{}END:VTODO\n"
    )
    state = client.etags("calendar")
    client.put("calendar", "call.ics", calendar(text.format("")))
    state, new, gone = changed(client, "calendar", state)
    check("one to do", (len(new), gone), (1, set()))
    (listed,) = new
    call = alice.tasks.get(subject="Call")
    check("days", (call.start_date, call.due_date), (EWSDate(2026, 1, 5), EWSDate(2026, 1, 9)))
    check("as written", (call.importance, call.categories, call.body.strip()), ("High", ["Work"], "now"))
    check("open", (call.status, int(call.percent_complete)), ("NotStarted", 0))
    half = text.format("STATUS:IN-PROCESS\nPERCENT-COMPLETE:50\n").replace("SUMMARY:Call", "SUMMARY:Call back")
    client.put("calendar", "call.ics", calendar(half), expected=(200,))
    call = alice.tasks.get(subject="Call back")
    check("half done", (call.status, int(call.percent_complete)), ("InProgress", 50))
    state, new, gone = changed(client, "calendar", state)
    check("its own change", (len(new), gone), (1, set()))
    call.due_date = EWSDate(2026, 1, 12)
    call.save(update_fields=["due_date"])
    state, new, gone = changed(client, "calendar", state)
    check("changed elsewhere", (len(new), gone), (1, set()))
    (read,) = parts(client.get("calendar", "call.ics"), "VTODO")
    check("read", (value(read, "SUMMARY"), value(read, "DUE")), ("Call back", "20260112"))
    done = text.format("STATUS:COMPLETED\nPERCENT-COMPLETE:100\nCOMPLETED:20260101T100000Z\n")
    client.put("calendar", "call.ics", calendar(done), expected=(200,))
    call = alice.tasks.get(subject="Call")
    check("done", (call.is_complete, call.complete_date.date()), (True, datetime.date(2026, 1, 1)))
    Task(folder=alice.tasks, subject="From elsewhere", due_date=EWSDate(2026, 2, 2)).save()
    _, new, _ = changed(client, "calendar", state)
    (read,) = parts(client.get("calendar", next(iter(new))), "VTODO")
    check("somebody else's", (value(read, "SUMMARY"), value(read, "DUE")), ("From elsewhere", "20260202"))
    client.delete("calendar", next(iter(new)))
    # A task is deleted by the name that the listing gives it, not by the one it was put under.
    client.delete("calendar", listed)
    check("none left", [one.subject for one in alice.tasks.all()], [])


def meetings(client, alice):
    guest = Client(client.gateway, GUEST, client.password)
    people = f"ORGANIZER:mailto:{ADDRESS}\nATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{GUEST}\n"
    client.put("calendar", "meet.ics", calendar(event("meet", "20260504T140000", "20260504T150000", people, "Meet")))
    mine = alice.calendar.get(subject="Meet")
    check("a meeting that was sent", (mine.is_meeting, mine.meeting_request_was_sent), (True, True))
    check("whom it invites", [one.mailbox.email_address for one in mine.required_attendees], [GUEST])
    (name,) = guest.etags("calendar")
    (read,) = parts(guest.get("calendar", name), "VEVENT")
    check("the guest's copy", (value(read, "SUMMARY"), value(read, "UID")), ("Meet", mine.uid))
    client.delete("calendar", "meet.ics")
    check("called off", alice.calendar.all().count(), 0)


def main():
    jar, endpoint, password = sys.argv[1:4]
    config = Configuration(service_endpoint=endpoint, credentials=Credentials(ADDRESS, password), auth_type="basic")
    alice = Account(ADDRESS, config=config, autodiscover=False, access_type=DELEGATE, default_timezone=BERLIN)
    with Gateway(jar, endpoint) as gateway:
        client = Client(gateway, ADDRESS, password)
        for part in (contacts, appointments, series, tasks, meetings):
            part(client, alice)
    report()


if __name__ == "__main__":
    main()
