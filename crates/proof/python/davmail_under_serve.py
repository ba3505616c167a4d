#!/usr/bin/env python3
"""DavMail, a gateway written elsewhere, as the programs of a user while the server synchronises.

    davmail_under_serve.py '{"api": …, "ews": …, "password": …, "davmail": jar, "admin": token, "users": {…}}'

The CRM is asked by its API alone, the mailbox by CalDAV and CardDAV alone. It uses nothing of the product; it ends with
0 when everything was as the rules say.
"""

import datetime

from davmail import ZONE, Client, Gateway, parts, value, values
from checked import check, report
from served import MONDAY, TOLD, api, done, edit, eventually, named, view, wall


def stamp(day, hour):
    return f"{day:%Y%m%d}T{hour:02}0000"


def event(uid, day, hour, summary, more=""):
    text = (
        f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//checks//EN\n{ZONE}BEGIN:VEVENT\nUID:{uid}\n"
        f"DTSTAMP:20260301T090000Z\nSUMMARY:{summary}\nDTSTART;TZID=Europe/Berlin:{stamp(day, hour)}\n"
        f"DTEND;TZID=Europe/Berlin:{stamp(day, hour + 1)}\n{more}END:VEVENT\nEND:VCALENDAR\n"
    )
    return text.replace("\n", "\r\n")


def shown(client, kind, summary):
    """The name and the properties of what the calendar shows under a title."""
    for name in client.etags("calendar"):
        for one in parts(client.get("calendar", name, expected=(200, 404)), kind):
            if value(one, "SUMMARY") == summary and not values(one, "RECURRENCE-ID"):
                return name, one
    return None


def appointments(client):
    made = {
        "display": "Calendar and Activities",
        "subject": "From the CRM",
        "start": wall(MONDAY, 9),
        "end": wall(MONDAY, 10),
        "location": "Room 1",
    }
    made = done("anna", "POST", "/api/crm/activities", made)
    path = f"/api/crm/activities/{made['id']}"
    name, found = eventually("the CRM's appointment arrives", lambda: shown(client, "VEVENT", "From the CRM"))
    check("at its time", (value(found, "DTSTART"), value(found, "LOCATION")), (stamp(MONDAY, 9), "Room 1"))
    edit("anna", path, subject="Moved by the CRM", start=wall(MONDAY, 11), end=wall(MONDAY, 12))
    _, found = eventually("an edit arrives", lambda: shown(client, "VEVENT", "Moved by the CRM"))
    check("at its new time", value(found, "DTSTART"), stamp(MONDAY, 11))
    client.put("calendar", name, event(value(found, "UID"), MONDAY, 15, "Moved here"), expected=(200,))
    eventually("an edit comes in", lambda: done("anna", "GET", path)["start"] == wall(MONDAY, 15))
    check("with its title", done("anna", "GET", path)["subject"], "Moved here")
    client.delete("calendar", name)
    eventually("a delete comes in", lambda: api("anna", "GET", path)[0] == 404)
    client.put("calendar", "here.ics", event("here", MONDAY, 13, "From here"))
    record = eventually("an event comes in", lambda: named(view("anna", "my_calendar"), "subject", "From here"))
    check("at its time", record["start"], wall(MONDAY, 13))
    path = f"/api/crm/activities/{record['id']}"
    done("anna", "DELETE", f"{path}?version={done('anna', 'GET', path)['version']}")
    eventually("deleted in the CRM, it goes", lambda: shown(client, "VEVENT", "From here") is None)


def series(client):
    second = MONDAY + datetime.timedelta(days=7)
    rule = f"RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=MO\nEXDATE;TZID=Europe/Berlin:{stamp(second, 8)}\n"
    client.put("calendar", "weekly.ics", event("weekly", MONDAY, 8, "Weekly", rule))
    record = eventually("a series comes in", lambda: named(view("anna", "my_calendar"), "subject", "Weekly"))
    check("its rule", (record["rule"]["pattern"], record["rule"]["count"]), ("weekly", 4))
    path = f"/api/crm/activities/{record['id']}"
    found = {one["original_start"]: one["state"] for one in done("anna", "GET", path)["occurrences"]}
    check("its gap", found, {f"{second.isoformat()}T08:00:00": "cancelled"})
    made = {
        "display": "Calendar and Activities",
        "subject": "Every week",
        "start": wall(MONDAY, 17),
        "end": wall(MONDAY, 18),
        "rule": {"pattern": "weekly", "interval": 1, "days": ["monday"], "first_day": "monday", "count": 4},
        "occurrences": [{"original_start": f"{second.isoformat()}T17:00:00", "state": "cancelled"}],
    }
    done("anna", "POST", "/api/crm/activities", made)

    def whole():
        found = shown(client, "VEVENT", "Every week")
        return found if found and values(found[1], "EXDATE") else None

    _, found = eventually("the CRM's series arrives with its gap", whole)
    check("every week", "COUNT=4" in value(found, "RRULE") and "FREQ=WEEKLY" in value(found, "RRULE"))
    check("but the second", value(found, "EXDATE"), stamp(second, 17))


def tasks(client):
    made = {"display": "To Do and Activities", "subject": "Call", "due_day": MONDAY.isoformat(), "priority": "2-High"}
    made = done("anna", "POST", "/api/crm/activities", made)
    path = f"/api/crm/activities/{made['id']}"
    name, found = eventually("the CRM's to-do arrives", lambda: shown(client, "VTODO", "Call"))
    check("its day", (value(found, "DUE"), value(found, "PRIORITY")), (f"{MONDAY:%Y%m%d}", "1"))
    text = (
        f"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VTODO\nUID:{value(found, 'UID')}\nSUMMARY:Call\n"
        f"DUE;VALUE=DATE:{MONDAY:%Y%m%d}\nPRIORITY:1\nSTATUS:COMPLETED\nPERCENT-COMPLETE:100\n"
        "END:VTODO\nEND:VCALENDAR\n"
    )
    client.put("calendar", name, text.replace("\n", "\r\n"), expected=(200,))
    eventually("done is done", lambda: done("anna", "GET", path)["status"] == "Done")


def contacts(client):
    made = {"first_name": "Jan", "last_name": "Dale", "email1": "jan@out.test", "on_sync_list": True}
    made = done("anna", "POST", "/api/crm/contacts", made)
    path = f"/api/crm/contacts/{made['id']}"
    ((name, _),) = eventually("the CRM's contact arrives", lambda: client.etags("contacts")).items()
    (card,) = parts(client.get("contacts", name), "VCARD")
    check("its name", (value(card, "N").split(";")[:2], value(card, "EMAIL")), (["Dale", "Jan"], "jan@out.test"))
    check("our category", value(card, "CATEGORIES"), "Siebel Contact")
    edit("anna", path, job_title="Buyer")

    def title():
        (card,) = parts(client.get("contacts", name), "VCARD")
        return value(card, "TITLE") == "Buyer" and client.etags("contacts")[name]

    etag = eventually("an edit arrives", title)
    text = (
        "BEGIN:VCARD\nVERSION:3.0\nN:Dale;Jan;;;\nFN:Jan Dale\nEMAIL;TYPE=work:jan@out.test\nTITLE:Head of Buying\n"
        "CATEGORIES:Siebel Contact\nEND:VCARD\n"
    )
    client.put("contacts", name, text.replace("\n", "\r\n"), expected=(200,), If_Match=etag)
    eventually("an edit comes in", lambda: done("anna", "GET", path)["job_title"] == "Head of Buying")
    new = text.replace("Dale;Jan", "Berg;Ida").replace("Jan Dale", "Ida Berg").replace("jan@", "ida@")
    client.put("contacts", "ida.vcf", new.replace("\n", "\r\n"))
    record = eventually("a categorised card comes in", lambda: named(view("anna", "my_contacts"), "last_name", "Berg"))
    check("it is on the Sync List", record["on_sync_list"])
    client.delete("contacts", "ida.vcf")
    path = f"/api/crm/contacts/{record['id']}"
    eventually("deleted, it leaves the Sync List", lambda: done("anna", "GET", path)["on_sync_list"] is False)


def main():
    with Gateway(TOLD["davmail"], TOLD["ews"]) as gateway:
        client = Client(gateway, TOLD["users"]["anna"]["address"], TOLD["password"])
        for part in (appointments, series, tasks, contacts):
            part(client)
    report()


if __name__ == "__main__":
    main()
