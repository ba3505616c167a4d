"""A running server as its CRM's users see it: its API alone, and waiting until the sync has done its work.

A script that uses this is told by its first argument where everything is:
'{"api": …, "ews": …, "password": …, "admin": token, "users": {name: {id, address, token}}}'
"""

import datetime
import json
import sys
import time
import urllib.error
import urllib.request

from checked import count

PATIENCE_S = 60
TOLD = json.loads(sys.argv[1])
# A Monday far enough ahead that nothing here is in the past.
MONDAY = datetime.date.today() + datetime.timedelta(days=14 - datetime.date.today().weekday())


def eventually(what, look):
    """Waits until `look` answers something true, and answers it."""
    end = time.monotonic() + PATIENCE_S
    while True:
        found = look()
        if found:
            count()
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {PATIENCE_S} seconds")
        time.sleep(0.1)


def first(query):
    return next(iter(query), None)


def api(who, method, path, body=None):
    token = TOLD["admin"] if who == "admin" else TOLD["users"][who]["token"]
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(TOLD["api"] + path, data=data, method=method)
    request.add_header("Authorization", f"Bearer {token}")
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def done(who, method, path, body=None):
    status, answer = api(who, method, path, body)
    if not 200 <= status < 300:
        raise AssertionError(f"{method} {path}: {status} {answer}")
    return answer


def view(who, name):
    return done(who, "GET", f"/api/crm/views/{name}?limit=500")["items"]


def named(records, field, value):
    found = [record for record in records if record.get(field) == value]
    if len(found) > 1:
        raise AssertionError(f"{value} is there {len(found)} times")
    return found[0] if found else None


def edit(who, path, **change):
    change["version"] = done(who, "GET", path)["version"]
    return done(who, "PATCH", path, change)


def cycles(name, number=2):
    """Waits until so many cycles of a user that began from now on have ended well."""
    for _ in range(number):
        before = done("admin", "GET", f"/api/admin/users/{name}")["last_success"]
        eventually(
            f"a further cycle of {name}",
            lambda: done("admin", "GET", f"/api/admin/users/{name}")["last_success"] != before,
        )


def wall(day, hour, minute=0):
    return {"wall": f"{day.isoformat()}T{hour:02}:{minute:02}:00", "zone": "Europe/Berlin"}
