#!/usr/bin/env python3
"""exchangelib, a client written elsewhere, drives a running emulator.

    emulator_exchangelib.py ENDPOINT PASSWORD [basic|ntlm|oauth CLIENT]

The server has the mailboxes alice@crm.test, bob@crm.test and carol@crm.test and the service account
svc@crm.test; by oauth, the application of this id with that password acts for all of them. It uses nothing of the
product; it ends with 0 when everything was as Exchange does it.
"""

import datetime
import sys
import urllib.parse

from exchangelib import (
    BASIC,
    NTLM,
    OAUTH2,
    Account,
    Attendee,
    CalendarItem,
    Configuration,
    Contact,
    Credentials,
    DELEGATE,
    EWSDate,
    EWSDateTime,
    EWSTimeZone,
    ExtendedProperty,
    FileAttachment,
    IMPERSONATION,
    Identity,
    Mailbox,
    Message,
    OAuth2Credentials,
    Task,
    UTC,
)
from exchangelib.errors import ErrorItemNotFound, ErrorInvalidSyncStateData
from exchangelib.folders import Contacts
from exchangelib.indexed_properties import EmailAddress, PhoneNumber, PhysicalAddress
from exchangelib.items import (
    AcceptItem,
    SEND_TO_ALL_AND_SAVE_COPY,
    SEND_TO_NONE,
    HARD_DELETE,
    MOVE_TO_DELETED_ITEMS,
)
from exchangelib.recurrence import DailyPattern, WeeklyPattern, Recurrence

from checked import check, report

BERLIN = EWSTimeZone("Europe/Berlin")


class Mark(ExtendedProperty):
    property_set_id = "c11ff724-aa03-4555-9952-8fa248a11c3e"
    property_name = "Mark"
    property_type = "String"


class CleanGlobalObjectId(ExtendedProperty):
    distinguished_property_set_id = "Meeting"
    property_id = 35
    property_type = "Binary"


for cls in (Contact, CalendarItem, Task):
    cls.register("mark", Mark)
CalendarItem.register("global_id", CleanGlobalObjectId)


class Application(OAuth2Credentials):
    """An application that signs in at the identity provider of the server itself."""

    endpoint = None

    @property
    def token_url(self):
        return urllib.parse.urljoin(self.endpoint, "/tenant/oauth2/v2.0/token")


def account(endpoint, password, address, service=False):
    kind = sys.argv[3] if len(sys.argv) > 3 else "basic"
    if kind == "oauth":
        identity = Identity(primary_smtp_address=address)
        credentials = Application(sys.argv[4], password, tenant_id="tenant", identity=identity)
        credentials.endpoint = endpoint
    else:
        credentials = Credentials("svc@crm.test" if service else address, password)
    config = Configuration(
        service_endpoint=endpoint,
        credentials=credentials,
        auth_type={"basic": BASIC, "ntlm": NTLM, "oauth": OAUTH2}[kind],
    )
    return Account(
        address,
        config=config,
        autodiscover=False,
        access_type=IMPERSONATION if service or kind == "oauth" else DELEGATE,
        default_timezone=BERLIN,
    )


def contacts(alice):
    names = {folder.name for folder in alice.root.walk()}
    check("the folders a mailbox has", {"Inbox", "Calendar", "Contacts", "Tasks"} <= names)
    states = list(alice.contacts.sync_items())
    check("nothing there yet", states, [])
    contact = Contact(
        folder=alice.contacts,
        display_name="Ann Smith",
        given_name="Ann",
        surname="Smith",
        company_name="Acme & Söhne",
        body="first\nsecond",
        categories=["Customers"],
        sensitivity="Private",
        birthday=EWSDate(1980, 2, 29),
        email_addresses=[EmailAddress(label="EmailAddress1", email="ann@acme.test")],
        phone_numbers=[
            PhoneNumber(label="BusinessPhone", phone_number="+49 30 123"),
            PhoneNumber(label="MobilePhone", phone_number="0170"),
        ],
        physical_addresses=[PhysicalAddress(label="Business", street="Main 1", city="Berlin")],
        mark="mark-1",
    )
    contact.save()
    again = alice.contacts.get(id=contact.id)
    check("display name", again.display_name, "Ann Smith")
    check("file as", again.file_as, "Smith, Ann")
    check("birthday", again.birthday, EWSDate(1980, 2, 29))
    check("mark", again.mark, "mark-1")
    check("city", again.physical_addresses[0].city, "Berlin")
    check("body", str(again.body).splitlines(), ["first", "second"])
    check("found by its mark", alice.contacts.filter(mark="mark-1").count(), 1)
    check("not found by another", alice.contacts.filter(mark="mark-2").count(), 0)
    check("found by category", alice.contacts.filter(categories__contains=["Customers"]).count(), 1)
    changes = list(alice.contacts.sync_items(sync_state=alice.contacts.item_sync_state))
    check("one create", [kind for kind, _ in changes], ["create"])
    again.job_title = "Buyer"
    again.phone_numbers = [PhoneNumber(label="HomePhone", phone_number="99")]
    again.save(update_fields=["job_title", "phone_numbers"])
    changes = list(alice.contacts.sync_items(sync_state=alice.contacts.item_sync_state))
    check("one update", [kind for kind, _ in changes], ["update"])
    final = alice.contacts.get(id=contact.id)
    check("phones", [(p.label, p.phone_number) for p in final.phone_numbers], [("HomePhone", "99")])
    final.attach(FileAttachment(name="note.txt", content=b"hello"))
    final.refresh()
    check("a file", final.attachments[0].content, b"hello")
    final.move_to_trash()
    changes = list(alice.contacts.sync_items(sync_state=alice.contacts.item_sync_state))
    check("one delete", [kind for kind, _ in changes], ["delete"])
    check("in the bin", alice.trash.filter(subject="Ann Smith").count(), 1)
    try:
        list(alice.contacts.sync_items(sync_state="AAAA"))
        check("a foreign state is refused", False)
    except ErrorInvalidSyncStateData:
        check("a foreign state is refused", True)


def many(alice):
    folder = Contacts(parent=alice.contacts, name="Many")
    folder.save()
    made = alice.bulk_create(
        folder=folder,
        items=[Contact(display_name=f"N{n} Many", given_name=f"N{n}", surname="Many", mark=f"many-{n}") for n in range(120)],
    )
    check("all made", len(made), 120)
    listed = [change for change in folder.sync_items(max_changes_returned=50)]
    check("all listed in pages", len(listed), 120)
    check("sorted", folder.all().order_by("given_name")[0].given_name, "N0")
    gone = alice.bulk_delete(made[:20], delete_type=HARD_DELETE)
    check("deleted", [r for r in gone if r is not True], [])
    left = list(folder.sync_items(sync_state=folder.item_sync_state))
    check("deletes listed", [kind for kind, _ in left], ["delete"] * 20)
    folder.delete()


def appointments(alice):
    start = EWSDateTime(2026, 3, 28, 9, 0, tzinfo=BERLIN)
    one = CalendarItem(
        account=alice,
        folder=alice.calendar,
        subject="One",
        start=start,
        end=start + datetime.timedelta(hours=1),
        location="Room 1",
        reminder_minutes_before_start=30,
        legacy_free_busy_status="OOF",
        mark="appointment",
    )
    one.save(send_meeting_invitations=SEND_TO_NONE)
    read = alice.calendar.get(id=one.id)
    check("start", read.start, start)
    check("zone", read._start_timezone, BERLIN)
    check("global id there", bool(read.global_id))
    check("no meeting", read.is_meeting, False)
    read.subject = "One changed"
    read.save(update_fields=["subject"], send_meeting_invitations=SEND_TO_NONE)
    check("start kept", alice.calendar.get(id=one.id).start, start)
    whole = CalendarItem(
        account=alice,
        folder=alice.calendar,
        subject="Whole day",
        start=EWSDate(2026, 4, 1),
        end=EWSDate(2026, 4, 2),
        is_all_day=True,
    )
    whole.save(send_meeting_invitations=SEND_TO_NONE)
    read = alice.calendar.get(id=whole.id)
    check("whole days", (read.start, read.end), (EWSDate(2026, 4, 1), EWSDate(2026, 4, 2)))
    one.delete(send_meeting_cancellations=SEND_TO_NONE)
    whole.delete(send_meeting_cancellations=SEND_TO_NONE)


def series(alice):
    start = EWSDateTime(2026, 3, 27, 9, 0, tzinfo=BERLIN)
    master = CalendarItem(
        account=alice,
        folder=alice.calendar,
        subject="Daily",
        start=start,
        end=start + datetime.timedelta(minutes=30),
        mark="series",
        recurrence=Recurrence(pattern=DailyPattern(interval=1), start=start.date(), number=5),
    )
    master.save(send_meeting_invitations=SEND_TO_NONE)
    read = alice.calendar.get(id=master.id)
    check("a master", read.type, "RecurringMaster")
    check("last", read.last_occurrence.start, start.replace(day=31))
    view = alice.calendar.view(start=start, end=start + datetime.timedelta(days=7))
    starts = [item.start.astimezone(BERLIN) for item in view]
    check("wall time over the change of clocks", [s.hour for s in starts], [9] * 5)
    second = master.occurrence(index=2)
    second.refresh()
    second.start += datetime.timedelta(hours=2)
    second.end += datetime.timedelta(hours=2)
    second.subject = "Later"
    second.save(update_fields=["start", "end", "subject"], send_meeting_invitations=SEND_TO_NONE)
    third = master.occurrence(index=3)
    third.refresh()
    third.delete(send_meeting_cancellations=SEND_TO_NONE)
    read = alice.calendar.get(id=master.id)
    check("one modified", len(read.modified_occurrences), 1)
    check("its original start", read.modified_occurrences[0].original_start, start.replace(day=28))
    check("one deleted", [gone.start for gone in read.deleted_occurrences], [start.replace(day=29)])
    kinds = [item.type for item in alice.calendar.view(start=start, end=start + datetime.timedelta(days=7))]
    check("as listed", kinds, ["Occurrence", "Exception", "Occurrence", "Occurrence"])
    state = [kind for kind, item in alice.calendar.sync_items() if item.subject == "Daily"]
    check("a sync shows the master only", state, ["create"])
    fourth = master.occurrence(index=4)
    fourth.refresh()
    found = fourth.recurring_master()
    found.refresh()
    check("its master", found.subject, "Daily")
    read.recurrence = Recurrence(pattern=WeeklyPattern(interval=1, weekdays=["Friday"]), start=start.date(), number=3)
    read.save(update_fields=["recurrence"], send_meeting_invitations=SEND_TO_NONE)
    read = alice.calendar.get(id=master.id)
    check("a new rule drops exceptions", (read.modified_occurrences, read.deleted_occurrences), (None, None))
    read.delete(send_meeting_cancellations=SEND_TO_NONE)


def tasks(alice):
    task = Task(
        folder=alice.tasks,
        subject="Call",
        body="now",
        start_date=EWSDate(2026, 1, 5),
        due_date=EWSDate(2026, 1, 9),
        importance="High",
        mark="task",
    )
    task.save()
    read = alice.tasks.get(id=task.id)
    check("days", (read.start_date, read.due_date), (EWSDate(2026, 1, 5), EWSDate(2026, 1, 9)))
    check("status", read.status, "NotStarted")
    read.complete()
    read = alice.tasks.get(id=task.id)
    check("done", (read.is_complete, int(read.percent_complete)), (True, 100))
    read.delete()


def meetings(alice, bob, carol):
    start = EWSDateTime(2026, 5, 4, 14, 0, tzinfo=BERLIN)
    plan = dict(
        account=alice,
        folder=alice.calendar,
        start=start,
        end=start + datetime.timedelta(hours=1),
        required_attendees=[Attendee(mailbox=Mailbox(email_address="bob@crm.test"), response_type="Accept")],
        optional_attendees=["carol@crm.test"],
    )
    quiet = CalendarItem(subject="Quiet", **plan)
    quiet.save(send_meeting_invitations=SEND_TO_NONE)
    check("nothing sent", bob.inbox.all().count() + bob.calendar.all().count(), 0)
    check("not sent", alice.calendar.get(id=quiet.id).meeting_request_was_sent, False)
    quiet.delete(send_meeting_cancellations=SEND_TO_NONE)
    loud = CalendarItem(subject="Loud", mark="mine", **plan)
    loud.save(send_meeting_invitations=SEND_TO_ALL_AND_SAVE_COPY)
    mine = alice.calendar.get(id=loud.id)
    copy = bob.calendar.get(subject="Loud")
    check("sent", mine.meeting_request_was_sent)
    check("the same meeting", copy.global_id, mine.global_id)
    check("unanswered", (copy.my_response_type, copy.legacy_free_busy_status), ("NoResponseReceived", "Tentative"))
    check("organised by", copy.organizer.email_address, "alice@crm.test")
    check("marks do not travel", copy.mark, None)
    request = bob.inbox.get(subject="Loud")
    check("a request", type(request).__name__, "MeetingRequest")
    request.accept(body="yes")
    copy = bob.calendar.get(subject="Loud")
    check("accepted", (copy.my_response_type, copy.legacy_free_busy_status), ("Accept", "Busy"))
    mine = alice.calendar.get(id=loud.id)
    check("heard", mine.required_attendees[0].response_type, "Accept")
    mine.location = "Room 7"
    mine.save(update_fields=["location"], send_meeting_invitations=SEND_TO_ALL_AND_SAVE_COPY)
    copy = bob.calendar.get(subject="Loud")
    check("an update that keeps the answer", (copy.location, copy.my_response_type), ("Room 7", "Accept"))
    carol.calendar.get(subject="Loud").decline(body="no")
    check("declined goes", carol.calendar.all().count(), 0)
    mine = alice.calendar.get(id=loud.id)
    mine.cancel()
    copy = bob.calendar.get(subject__contains="Loud")
    check("cancelled, not deleted", (copy.is_cancelled, copy.subject), (True, "Canceled: Loud"))
    copy.delete(send_meeting_cancellations=SEND_TO_NONE)


def mail(alice, bob):
    Message(
        account=alice, folder=alice.sent, subject="Hello", body="there", to_recipients=["bob@crm.test"]
    ).send_and_save()
    got = bob.inbox.get(subject="Hello")
    check("mail arrives", got.sender.email_address, "alice@crm.test")


def service(endpoint, password):
    alice = account(endpoint, password, "alice@crm.test", service=True)
    contact = Contact(folder=alice.contacts, display_name="By Service", given_name="By", surname="Service")
    contact.save()
    found = alice.contacts.get(id=contact.id, changekey=contact.changekey)
    gone = (found.id, found.changekey)
    contact.delete()
    answer = next(iter(alice.fetch(ids=[gone])))
    check("gone", type(answer), ErrorItemNotFound)
    zones = alice.protocol.get_timezones()
    check("zones", len(list(zones)) > 100)
    names = alice.protocol.resolve_names(["bob"])
    check("names", names[0].email_address, "bob@crm.test")


def main():
    endpoint, password = sys.argv[1:3]
    alice, bob, carol = (
        account(endpoint, password, f"{name}@crm.test") for name in ("alice", "bob", "carol")
    )
    contacts(alice)
    many(alice)
    appointments(alice)
    series(alice)
    tasks(alice)
    meetings(alice, bob, carol)
    mail(alice, bob)
    service(endpoint, password)
    report()


if __name__ == "__main__":
    main()
