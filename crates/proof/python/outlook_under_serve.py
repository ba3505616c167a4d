#!/usr/bin/env python3
"""exchangelib, a client written elsewhere, as the Outlook of three users while the server synchronises.

    outlook_under_serve.py '{"api": …, "ews": …, "password": …, "admin": token, "users": {name: {id, address, token}}}'

The CRM is asked by its API alone. It uses nothing of the product; it ends with 0 when everything was as the rules say.
"""

import datetime
import json

from exchangelib import (
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
    Mailbox,
    Task,
)
from exchangelib.indexed_properties import EmailAddress
from exchangelib.items import SEND_TO_ALL_AND_SAVE_COPY, SEND_TO_NONE
from exchangelib.recurrence import Recurrence, WeeklyPattern

from checked import check, report
from served import MONDAY, TOLD, api, cycles, done, edit, eventually, first, named, view, wall

BERLIN = EWSTimeZone("Europe/Berlin")


def outlook(name):
    address = TOLD["users"][name]["address"]
    credentials = Credentials(address, TOLD["password"])
    config = Configuration(service_endpoint=TOLD["ews"], credentials=credentials, auth_type="basic")
    return Account(address, config=config, autodiscover=False, access_type=DELEGATE, default_timezone=BERLIN)


def at(day, hour, minute=0):
    return EWSDateTime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN)


def person(account, first, last, address, categories):
    contact = Contact(
        folder=account.contacts,
        display_name=f"{first} {last}",
        given_name=first,
        surname=last,
        email_addresses=[EmailAddress(label="EmailAddress1", email=address)],
        categories=categories,
    )
    contact.save()
    return contact


def contacts(anna):
    person(anna, "Una", "Categorised", "una@out.test", None)
    person(anna, "Sail", "Club", "sail@out.test", ["Sailing"])
    ida = person(anna, "Ida", "Berg", "ida@out.test", ["Siebel Contact", "Sailing"])
    record = eventually("a categorised contact comes in", lambda: named(view("anna", "my_contacts"), "last_name", "Berg"))
    check("it is on the Sync List", record["on_sync_list"])
    ida.refresh()
    ida.job_title = "Chief"
    ida.save(update_fields=["job_title"])
    path = f"/api/crm/contacts/{record['id']}"
    eventually("an edit comes in", lambda: done("anna", "GET", path)["job_title"] == "Chief")
    edit("anna", path, department="Sales")
    eventually("an edit goes out", lambda: anna.contacts.get(id=ida.id).department == "Sales")
    check("their categories stay", set(anna.contacts.get(id=ida.id).categories) >= {"Sailing", "Siebel Contact"})
    ida.refresh()
    ida.move_to_trash()
    eventually("deleted, it leaves the Sync List", lambda: done("anna", "GET", path)["on_sync_list"] is False)
    kim = person(anna, "Kim", "Own", "kim@out.test", ["Siebel Personal Contact"])
    eventually(
        "a personal contact comes in", lambda: named(view("anna", "my_personal_contacts"), "last_name", "Own")
    )
    eventually("its item is private now", lambda: anna.contacts.get(id=kim.id).sensitivity == "Private")
    check("nobody else sees it", named(view("bob", "my_personal_contacts"), "last_name", "Own"), None)
    kim.refresh()
    kim.move_to_trash()
    eventually(
        "deleted, it goes", lambda: named(view("anna", "my_personal_contacts"), "last_name", "Own") is None
    )
    made = {"first_name": "Jan", "last_name": "Dale", "email1": "jan@out.test", "on_sync_list": True}
    made = done("anna", "POST", "/api/crm/contacts", made)
    item = eventually("the CRM's contact goes out", lambda: first(anna.contacts.filter(surname="Dale")))
    check("with its address", item.email_addresses[0].email, "jan@out.test")
    check("with our category", item.categories, ["Siebel Contact"])
    done("anna", "DELETE", f"/api/crm/sync-list?record={made['id']}")
    eventually("taken off the list, it goes", lambda: anna.contacts.filter(surname="Dale").count() == 0)
    cycles("anna")
    names = {record["last_name"] for record in view("anna", "my_contacts")}
    check("what carries no category of ours stays out", names & {"Categorised", "Club"}, set())


def appointments(anna):
    one = CalendarItem(
        account=anna,
        folder=anna.calendar,
        subject="One",
        start=at(MONDAY, 10),
        end=at(MONDAY, 11),
        location="Room 1",
        reminder_minutes_before_start=30,
        reminder_is_set=True,
        body="Bring a lamp",
    )
    one.save(send_meeting_invitations=SEND_TO_NONE)
    record = eventually("an appointment comes in", lambda: named(view("anna", "my_calendar"), "subject", "One"))
    check("its start", record["start"], wall(MONDAY, 10))
    check("its place", (record["location"], record["reminder"]), ("Room 1", 30))
    check("its text", record["body"].strip(), "Bring a lamp")
    path = f"/api/crm/activities/{record['id']}"
    one.refresh()
    one.start, one.end = at(MONDAY, 14), at(MONDAY, 15)
    one.save(update_fields=["start", "end"], send_meeting_invitations=SEND_TO_NONE)
    eventually("it moves", lambda: done("anna", "GET", path)["start"] == wall(MONDAY, 14))
    edit("anna", path, subject="One changed", location=None)
    eventually("an edit goes out", lambda: anna.calendar.get(id=one.id).subject == "One changed")
    check("what was cleared is gone", anna.calendar.get(id=one.id).location in (None, ""))
    one.refresh()
    one.move_to_trash(send_meeting_cancellations=SEND_TO_NONE)
    eventually("a delete comes in", lambda: api("anna", "GET", path)[0] == 404)
    whole = CalendarItem(
        account=anna,
        folder=anna.calendar,
        subject="Fair",
        start=EWSDate.from_date(MONDAY),
        end=EWSDate.from_date(MONDAY + datetime.timedelta(days=1)),
        is_all_day=True,
    )
    whole.save(send_meeting_invitations=SEND_TO_NONE)
    record = eventually("a whole day comes in", lambda: named(view("anna", "my_calendar"), "subject", "Fair"))
    check("its days", (record["start"], record["end"]), (MONDAY.isoformat(), (MONDAY + datetime.timedelta(days=1)).isoformat()))


def series(anna):
    item = CalendarItem(
        account=anna,
        folder=anna.calendar,
        subject="Weekly",
        start=at(MONDAY, 9),
        end=at(MONDAY, 10),
        recurrence=Recurrence(
            pattern=WeeklyPattern(interval=1, weekdays=["Monday"], first_day_of_week="Monday"),
            start=EWSDate.from_date(MONDAY),
            number=6,
        ),
    )
    item.save(send_meeting_invitations=SEND_TO_NONE)
    record = eventually("a series comes in", lambda: named(view("anna", "my_calendar"), "subject", "Weekly"))
    check("as a series", (record["rule"]["pattern"], record["rule"]["count"]), ("weekly", 6))
    path = f"/api/crm/activities/{record['id']}"
    second = MONDAY + datetime.timedelta(days=7)
    third = MONDAY + datetime.timedelta(days=14)
    moved = item.occurrence(index=2)
    moved.refresh()
    moved.start, moved.end = at(second, 16), at(second, 17)
    moved.save(update_fields=["start", "end"], send_meeting_invitations=SEND_TO_NONE)
    item.occurrence(index=3).delete(send_meeting_cancellations=SEND_TO_NONE)

    def exceptions():
        found = done("anna", "GET", path).get("occurrences") or []
        return {one["original_start"]: one for one in found} if len(found) == 2 else None

    found = eventually("a moved and a deleted occurrence come in", exceptions)
    check("moved", found[f"{second.isoformat()}T09:00:00"]["start"], wall(second, 16))
    check("deleted", found[f"{third.isoformat()}T09:00:00"]["state"], "cancelled")
    made = {
        "display": "Calendar and Activities",
        "subject": "Crm series",
        "start": wall(MONDAY, 12),
        "end": wall(MONDAY, 13),
        "rule": {"pattern": "weekly", "interval": 1, "days": ["monday"], "first_day": "monday", "count": 4},
        "occurrences": [{"original_start": f"{second.isoformat()}T12:00:00", "state": "cancelled"}],
    }
    done("anna", "POST", "/api/crm/activities", made)

    def shown():
        window = anna.calendar.view(start=at(MONDAY, 0), end=at(MONDAY + datetime.timedelta(days=30), 0))
        found = sorted(one.start for one in window if one.subject == "Crm series")
        return found if len(found) == 3 else None

    found = eventually("the CRM's series goes out", shown)
    check("on its days", found, [at(MONDAY + datetime.timedelta(days=d), 12) for d in (0, 14, 21)])


def tasks(anna):
    due = EWSDate.from_date(MONDAY)
    task = Task(account=anna, folder=anna.tasks, subject="Read", due_date=due, body="page 7", importance="High")
    task.save()
    record = eventually("a task comes in", lambda: named(view("anna", "my_to_dos"), "subject", "Read"))
    check("its day and priority", (record["due_day"], record["priority"]), (MONDAY.isoformat(), "2-High"))
    path = f"/api/crm/activities/{record['id']}"
    task.refresh()
    task.complete()
    eventually("done is done", lambda: done("anna", "GET", path)["status"] == "Done")
    task.refresh()
    task.move_to_trash()
    eventually("a delete comes in", lambda: api("anna", "GET", path)[0] == 404)
    made = {"display": "To Do and Activities", "subject": "Call", "due_day": MONDAY.isoformat(), "priority": "4-Low"}
    made = done("anna", "POST", "/api/crm/activities", made)
    item = eventually("the CRM's to-do goes out", lambda: first(anna.tasks.filter(subject="Call")))
    check("its day and importance", (item.due_date, item.importance), (due, "Low"))
    path = f"/api/crm/activities/{made['id']}"
    version = done("anna", "GET", path)["version"]
    done("anna", "DELETE", f"{path}?version={version}")
    eventually("deleted in the CRM, it goes", lambda: anna.tasks.filter(subject="Call").count() == 0)
    check("to Deleted Items", anna.trash.filter(subject="Call").count(), 1)


def private(anna):
    secret = CalendarItem(
        account=anna,
        folder=anna.calendar,
        subject="Surgery",
        location="Clinic",
        start=at(MONDAY, 17),
        end=at(MONDAY, 18),
        sensitivity="Private",
    )
    secret.save(send_meeting_invitations=SEND_TO_NONE)
    record = eventually("a private one comes in", lambda: named(view("anna", "my_calendar"), "subject", "Surgery"))
    check("flagged", record["private"])
    for path in (f"/api/crm/activities/{record['id']}", "/api/crm/search?q=Surgery", "/api/crm/views/my_activities"):
        text = json.dumps(api("bob", "GET", path)[1])
        check(f"unseen by another: {path}", "Surgery" in text or "Clinic" in text, False)


def export_only(cleo):
    done("admin", "PATCH", "/api/admin/users/cleo/levels", {"calendar": "export"})
    made = {
        "display": "Calendar and Activities",
        "subject": "One way",
        "start": wall(MONDAY, 8),
        "end": wall(MONDAY, 9),
    }
    made = done("cleo", "POST", "/api/crm/activities", made)
    item = eventually("it goes out", lambda: first(cleo.calendar.filter(subject="One way")))
    item.subject = "My way"
    item.save(update_fields=["subject"], send_meeting_invitations=SEND_TO_NONE)
    own = CalendarItem(
        account=cleo, folder=cleo.calendar, subject="Only here", start=at(MONDAY, 6), end=at(MONDAY, 7)
    )
    own.save(send_meeting_invitations=SEND_TO_NONE)
    cycles("cleo", 3)
    path = f"/api/crm/activities/{made['id']}"
    check("an edit stays where it is", done("cleo", "GET", path)["subject"], "One way")
    check("and is not undone", cleo.calendar.get(id=item.id).subject, "My way")
    check("what is made there stays there", named(view("cleo", "my_calendar"), "subject", "Only here"), None)
    edit("cleo", path, subject="Another way")
    eventually("the source's next edit is written", lambda: cleo.calendar.get(id=item.id).subject == "Another way")


def meeting(anna, bob, cleo):
    people = [
        Attendee(mailbox=Mailbox(email_address=TOLD["users"][name]["address"]), response_type="Unknown")
        for name in ("bob", "cleo")
    ]
    CalendarItem(
        account=anna,
        folder=anna.calendar,
        subject="Everybody",
        start=at(MONDAY, 15),
        end=at(MONDAY, 16),
        required_attendees=people,
    ).save(send_meeting_invitations=SEND_TO_ALL_AND_SAVE_COPY)

    def ids():
        found = [named(view(name, "my_calendar"), "subject", "Everybody") for name in ("anna", "bob", "cleo")]
        return [record["id"] for record in found] if all(found) else None

    found = eventually("a meeting of three comes in", ids)
    check("as one activity", len(set(found)), 1)
    for name in ("anna", "bob", "cleo"):
        cycles(name)
    check("and stays one", len(set(ids())), 1)
    for account in (anna, bob, cleo):
        check("one item each", account.calendar.filter(subject="Everybody").count(), 1)
    status, answer = api(
        "anna",
        "PATCH",
        f"/api/crm/activities/{found[0]}",
        {"version": done("anna", "GET", f"/api/crm/activities/{found[0]}")["version"], "subject": "Mine"},
    )
    check(f"locked by Exchange: {answer}", status, 409)


def planned(anna, bob):
    """A meeting of the CRM is the meeting itself in its participant's Outlook; the real invitation takes it over (P5)."""
    path = done(
        "anna",
        "POST",
        "/api/crm/activities",
        {
            "display": "Calendar and Activities",
            "subject": "Planned",
            "start": wall(MONDAY, 17),
            "end": wall(MONDAY, 18),
            "people": [{"employee": TOLD["users"]["bob"]["id"]}],
        },
    )
    copy = eventually("a meeting of the CRM reaches its participant", lambda: first(bob.calendar.filter(subject="Planned")))
    mine = anna.calendar.get(subject="Planned")
    check("organised by", copy.organizer.email_address, TOLD["users"]["anna"]["address"])
    check("as received", (copy.is_meeting, copy.my_response_type, copy.appointment_state), (True, "NoResponseReceived", ("Meeting", "Received")))
    check("the same meeting", copy.uid, mine.uid)
    check("nobody is asked", (copy.required_attendees, copy.optional_attendees), (None, None))
    check("nor was", copy.meeting_request_was_sent, False)
    mailbox = Mailbox(email_address=TOLD["users"]["bob"]["address"])
    mine.required_attendees = [Attendee(mailbox=mailbox, response_type="Unknown")]
    mine.save(update_fields=["required_attendees"], send_meeting_invitations=SEND_TO_ALL_AND_SAVE_COPY)
    taken = bob.calendar.get(id=copy.id)
    check("taken over where it stands", (taken.meeting_request_was_sent, len(taken.required_attendees)), (True, 1))
    record = f"/api/crm/activities/{path['id']}"
    eventually("it is Exchange's now", lambda: done("anna", "GET", record)["locked"])
    for name in ("anna", "bob"):
        cycles(name)
    check("one item each", [of.calendar.filter(subject="Planned").count() for of in (anna, bob)], [1, 1])
    check("one activity", named(view("bob", "my_calendar"), "subject", "Planned")["id"], path["id"])


def main():
    anna, bob, cleo = (outlook(name) for name in ("anna", "bob", "cleo"))
    contacts(anna)
    appointments(anna)
    series(anna)
    tasks(anna)
    private(anna)
    export_only(cleo)
    meeting(anna, bob, cleo)
    planned(anna, bob)
    report()


if __name__ == "__main__":
    main()
