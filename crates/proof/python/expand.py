#!/usr/bin/env python3
"""The instances of series by python-dateutil, an expander written elsewhere.

    expand.py FILE      FILE has one series a line: {"rule": …, "start": wall time, "zone": IANA name, "until": wall time}

It prints, a line per series, the instants in seconds, in order. It uses nothing of the product; days of the week are 1
(Monday) to 7, and a day that a month does not have is the month's last, as Exchange has it.
"""

import datetime
import json
import sys
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule

POSITIONS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}


def weekdays(rule):
    return [day - 1 for day in rule["days"]]


def month_day(day):
    """A date, or the last day of a month that is too short for it."""
    return {"bymonthday": list(range(min(day, 28), day + 1)), "bysetpos": -1}


def options(pattern):
    ((kind, rule),) = pattern.items()
    if kind == "daily":
        return DAILY, {"interval": rule["interval"]}
    if kind == "weekly":
        return WEEKLY, {"interval": rule["interval"], "byweekday": weekdays(rule), "wkst": rule["first_day"] - 1}
    if kind == "monthly_by_date":
        return MONTHLY, {"interval": rule["interval"], **month_day(rule["day"])}
    if kind == "monthly_by_weekday":
        position = POSITIONS[rule["index"]]
        return MONTHLY, {"interval": rule["interval"], "byweekday": weekdays(rule), "bysetpos": position}
    if kind == "yearly_by_date":
        return YEARLY, {"bymonth": rule["month"], **month_day(rule["day"])}
    if kind == "yearly_by_weekday":
        position = POSITIONS[rule["index"]]
        return YEARLY, {"bymonth": rule["month"], "byweekday": weekdays(rule), "bysetpos": position}
    raise ValueError(kind)


def ends(rule_range):
    if rule_range == "no_end":
        return {}
    ((kind, value),) = rule_range.items()
    if kind == "count":
        return {"count": value}
    day = datetime.date.fromisoformat(value)
    return {"until": datetime.datetime.combine(day, datetime.time.max)}


def instants(series):
    start = datetime.datetime.fromisoformat(series["start"])
    until = datetime.datetime.fromisoformat(series["until"])
    zone = ZoneInfo(series["zone"])
    frequency, rest = options(series["rule"]["pattern"])
    rule = rrule(frequency, dtstart=start, **rest, **ends(series["rule"]["range"]))
    for wall in rule:
        if wall >= until:
            return
        # The first of two equal wall times; in a gap the clock has moved on (RFC 5545 3.3.5).
        yield int(wall.replace(tzinfo=zone, fold=0).timestamp())


with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        print(" ".join(str(instant) for instant in instants(json.loads(line))))
