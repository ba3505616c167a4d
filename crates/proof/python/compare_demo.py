#!/usr/bin/env python3
"""Compares the two sides of `syncline demo --once --dump DIR` record by record and field by field.

    compare_demo.py DIR

It uses nothing of the product and believes nothing that the product says of itself: from the raw answers before the first
cycles (`seeded`) and after people's edits (`edited`) it works out by the rules what must stand where, and holds that
against the raw answers after the first cycles (`first`) and at the end (`quiet`, `idle`). It ends with 0 when all is as
the rules say, else with 1 and a line for everything that is not.
"""

import collections
import pathlib
import sys

from demo_rules import Copy, Rules, Track, domain_of, flipped
from demo_sides import WORD, Side, is_activity

SERVICE = "svc@crm.test"
KIND = {"calendar": "appointment", "task": "task"}
CLASS = {"contact": "IPM.Contact", "appointment": "IPM.Appointment", "task": "IPM.Task"}
KEYS = {"calendar": ("subject", "start", "end"), "task": ("subject", "due_day")}
# Each participant has his own (P7).
OWN = ("reminder", "show_as", "private")


def kind(domain):
    return KIND.get(domain, "contact")


class Comparison:
    """The tracks, and what does not hold."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.tracks, self.faults = {}, []
        self.compared = collections.Counter()

    def fault(self, what, text):
        self.faults.append(f"{what}: {text}")

    # What stands on both sides before anything is synchronised.

    def plant(self, side, rules):
        for key, record in side.crm.items():
            self._record(key, record, rules)
        for user, items in side.items.items():
            for item in items:
                self._stranger(user, item, rules, side)
        required = [of["field"] for of in side.admin("map-business_contact")["entries"] if of["required"]]
        for track in self.tracks.values():
            track.out = track.out or self._why_out(track, rules, required)

    def _record(self, key, record, rules):
        track = self.tracks.setdefault(key, Track(*key))
        json_ = record.json
        track.crm = dict(record.face)
        if is_activity(track.domain) or track.domain == "personal_contact":
            track.owner = rules.addresses.get(json_["owner"])
        track.people = {rules.addresses.get(of["employee"]) for of in json_.get("people") or []} - {None}
        # Who no longer sees the record keeps it on his list, where nobody shows it.
        track.listed = {user for user in track.listed if user not in record.viewers} | record.listed
        track.sees = set(record.viewers)

    def _stranger(self, user, item, rules, side):
        domain = domain_of(item, side.crm)
        track = self.tracks.setdefault((domain, item.canary), Track(domain, item.canary))
        if domain is None:
            track.out = "scope"
        if user in track.copies:
            track.copies[user].times += 1
            track.out = "ambiguous"
            return
        if track.crm is not None and not self._same(track, item):
            self.fault("sample", f"{domain} {item.canary} is not the same on both sides by M1 and M2")
        track.copies[user] = Copy(dict(item.face), set(item.words), item.private, not item.organizer)

    @staticmethod
    def _same(track, item):
        if is_activity(track.domain):
            return all(track.crm.get(key) == item.face.get(key) for key in KEYS[track.domain])
        mails = [{face[of].lower() for of in ("email1", "email2", "email3") if of in face} for face in (track.crm, item.face)]
        return bool(mails[0] & mails[1])

    @staticmethod
    def _why_out(track, rules, required):
        faces = [track.crm] if track.crm is not None else [of.face for of in track.copies.values()]
        moves = track.crm is None or any("out" in rules.level(user, track.domain) for user in track.listed)
        if track.domain == "business_contact" and moves and any(field not in face for face in faces for field in required):
            return "bad"
        return None if rules.in_scope(track) else "scope"

    # What people did then.

    def learn(self, side, rules):
        for key, record in side.crm.items():
            self._record(key, record, rules)
        items = by_sign(side)
        for key, track in self.tracks.items():
            track.deleted = track.crm is not None and key not in side.crm
            for user, of in track.copies.items():
                if of.state == "standing":
                    found = items.pop((user, kind(track.domain), track.sign), [])
                    self._copy(user, of, track, found, side)
        for (user, _, _), found in items.items():
            for item in found:
                self._stranger(user, item, rules, side)
        for track in list(self.tracks.values()):
            for user in [user for user, of in track.copies.items() if of.base and self._flips(track, user, rules)]:
                new = flipped(track, user)
                self.tracks[new.domain, new.sign] = new

    def _copy(self, user, of, track, found, side):
        if found:
            of.face, of.words, of.private = dict(found[0].face), set(found[0].words), found[0].private
        elif (CLASS[kind(track.domain)], track.sign) in side.elsewhere[user]["inbox"]:
            of.state = "left"
        else:
            of.state = "deleted"

    @staticmethod
    def _flips(track, user, rules):
        return track.copies[user].private and track.domain == "business_contact" and rules.level(user, "personal_contact") == {"in", "out"}

    # What must stand where.

    def hold(self, side, rules, when):
        for sign in side.doubles:
            self.fault("double", f"{when}: the CRM has {' '.join(sign)} more than once")
        for key, record in side.crm.items():
            if key not in self.tracks:
                self.fault("leak", f"{when}: the CRM shows {' '.join(key)}, which nobody made")
        for key, track in self.tracks.items():
            self._crm_side(track, side.crm.get(key), rules, when)
        items = by_sign(side)
        for track in self.tracks.values():
            self._answers(track, side.crm.get((track.domain, track.sign)), items, rules, when)
        for track in self.tracks.values():
            for user, of in track.copies.items():
                found = items.pop((user, kind(track.domain), track.sign), []) if of.state == "standing" else []
                self._mailbox_side(track, user, of, found, rules, when)
        for (user, what, sign), found in items.items():
            self._nobody_expects(user, what, sign, when)
        self._veil(side, when)
        self._waiting(side, when)

    def _crm_side(self, track, record, rules, when):
        name = f"{when}: {track.domain} {track.sign} in the CRM"
        if track.crm is None or record is None:
            if (track.crm is None) != (record is None):
                self.fault("missing" if record is None else "left over", name)
            return
        self._fields(name, record.face, track.crm, ())
        for user in record.viewers if not is_activity(track.domain) else ():
            if (user in record.listed) != (user in track.listed):
                self.fault("differs", f"{name}: on the Sync List of {user}")
        people = {rules.addresses.get(of["employee"]): of for of in record.json.get("people") or []}
        for user in track.people:
            if user not in people:
                self.fault("missing", f"{name}: {user} takes part")
            elif people[user]["removed"] != (user in track.hidden):
                self.fault("differs", f"{name}: {user} took it off his calendar")
        if is_activity(track.domain) and record.json["cancelled"] != track.cancelled:
            self.fault("differs", f"{name}: cancelled")

    def _answers(self, track, record, items, rules, when):
        """What the organiser's copy knows of answers, the CRM shows (P4)."""
        for item in items.get((track.owner, "appointment", track.sign), []) if record and not track.out else []:
            shown = {rules.addresses.get(of["employee"]): of["response"] for of in record.json["people"]}
            for address, answer in item.people.items():
                user = rules.of_address.get(address)
                self.compared["fields"] += 1
                if shown.get(user) != answer:
                    name = f"{when}: calendar {track.sign} in the CRM"
                    self.fault("differs", f"{name}: {user} answered {answer}, shown is {shown.get(user)}")

    def _mailbox_side(self, track, user, of, found, rules, when):
        name = f"{when}: {track.domain} {track.sign} in the mailbox {user}"
        times = of.times if of.state == "standing" else 0
        if len(found) != times:
            what = "missing" if len(found) < times else "double"
            self.fault(what, f"{name}: {len(found)} items instead of {times}")
        decides = track.owner in (None, user) or track.domain != "calendar"
        apart = () if decides and not of.received else (*OWN, "activity_type") if of.received else OWN
        for item in found:
            self._fields(name, item.face, of.face, apart)
            if track.domain in WORD:
                personal = track.domain == "personal_contact" and of.base and "out" in rules.level(user, track.domain)
                if item.private != bool(personal):
                    self.fault("differs", f"{name}: the Private flag")
                if item.words != of.words:
                    self.fault("differs", f"{name}: categories {sorted(item.words)} instead of {sorted(of.words)}")
            if item.people and item.organizer and not item.sent:
                self.fault("mail", f"{name}: attendees whose requests were not sent")
            if of.given and (item.organizer or item.people or rules.of_address.get(item.organized_by) != track.owner):
                self.fault("differs", f"{name}: it is not its owner's meeting, received, with nobody asked (P5)")
            if item.cancelled != (of.received and track.cancelled):
                self.fault("differs", f"{name}: cancelled")

    def _fields(self, name, is_, should, apart):
        self.compared["records"] += 1
        for key in is_.keys() | should.keys():
            field = key[1] if isinstance(key, tuple) else key
            if field in apart:
                continue
            self.compared["fields"] += 1
            if is_.get(key) != should.get(key):
                self.fault("differs", f"{name}: {key} is {is_.get(key)!r}, must be {should.get(key)!r}")

    def _nobody_expects(self, user, what, sign, when):
        tracks = [of for of in self.tracks.values() if of.sign == sign]
        concerns = any(
            user in of.copies or user == of.owner or user in of.people | of.hidden | of.sees | of.listed for of in tracks
        )
        self.fault("left over" if concerns else "leak", f"{when}: {what} {sign} in the mailbox {user}")

    def _veil(self, side, when):
        """What is private nobody but its owner sees, in no view (O7)."""
        signs = collections.Counter(of.sign for of in self.tracks.values())
        for track in self.tracks.values():
            private = track.domain == "personal_contact" or (track.crm or {}).get("private")
            if not private or not track.owner or signs[track.sign] > 1:
                continue
            for user, texts in side.texts.items():
                if user != track.owner and any(track.sign in text for text in texts):
                    self.fault("leak", f"{when}: {user} sees the private {track.sign} of {track.owner}")

    def _waiting(self, side, when):
        """What cannot be synchronised, and what waits for a person, is told: these records and no others."""
        for name, why in (("quarantine", "bad"), ("held", "ambiguous")):
            told, planted = len(side.admin(name)["items"]), sum(of.out == why for of in self.tracks.values())
            if told != planted:
                self.fault("differs", f"{when}: {told} in {name}, {planted} planted")

    # What went over the wire.

    def mails(self, side):
        for mail in side.wire("sink")["items"]:
            if mail["account"].lower() == SERVICE:
                self.fault("mail", f"a {mail['kind']} to {len(mail['recipients'])} people was asked for by the sync")

    def sent(self, before, after):
        """A meeting whose requests are out was sent by a person, who did it before the sync looked (C9)."""
        known = {item.canary for items in before.items.values() for item in items if item.sent}
        for user, items in after.items.items():
            for item in items:
                if item.sent and item.canary not in known:
                    self.fault("mail", f"the requests of {item.canary} in the mailbox {user} went out, and no person sent them")

    def moved(self, before, after):
        """A mailbox moved to the other server: nothing was made for it on either side (M4)."""
        for what, of in (("made", "created"), ("deleted", "deleted")):
            count = writes(after, of) - writes(before, of)
            if count:
                self.fault("double", f"the move of a mailbox: {count} items {what}")

    def trash(self, side):
        """A copy that went stands in Deleted Items (C4), or where a person put it."""
        for user, signs in self.stood.items():
            there = {sign for folder in side.elsewhere[user].values() for _, sign in folder}
            for sign in signs - {item.canary for item in side.items[user]} - there:
                self.fault("missing", f"{sign} went from the mailbox {user} and is not in Deleted Items")

    def remember(self, side):
        self.stood = {user: {item.canary for item in items} for user, items in side.items.items()}

    def idle(self, quiet, idle):
        """Nobody edits, and nothing is written: no change key, no version, no count of a write moves."""
        keys = [{item.id: item.change_key for items in of.items.values() for item in items} for of in (quiet, idle)]
        for item in keys[0].keys() | keys[1].keys():
            if keys[0].get(item) != keys[1].get(item):
                self.fault("idle write", f"the item {item[-16:]} changed while nobody edited")
        for key in quiet.crm.keys() | idle.crm.keys():
            versions = [of.crm[key].json["version"] if key in of.crm else None for of in (quiet, idle)]
            if versions[0] != versions[1]:
                self.fault("idle write", f"{' '.join(key)} changed in the CRM while nobody edited")
        for of in ("created", "updated", "deleted", "moved", "copied"):
            count = writes(idle, of) - writes(quiet, of)
            if count:
                self.fault("idle write", f"the servers counted {count} items {of} while nobody edited")


def writes(side, what):
    """How many items the sync's account wrote, as both servers counted."""
    counts = [of for server in ("exchange-a", "exchange-b") for of in side.wire(server)["writes"]]
    return sum(of[what] for of in counts if of["account"].lower() == SERVICE)


def by_sign(side):
    found = {}
    for user, items in side.items.items():
        for item in items:
            found.setdefault((user, item.kind, item.canary), []).append(item)
    return found


def main(folder):
    folder = pathlib.Path(folder)
    seeded, first, edited, settled, quiet, idle = (
        Side(folder / name) for name in ("seeded", "first", "edited", "settled", "quiet", "idle")
    )
    it = Comparison(folder)
    rules = Rules(first)
    it.plant(seeded, rules)
    for track in it.tracks.values():
        rules.settle(track)
    it.hold(first, rules, "after the first cycles")
    it.learn(edited, rules)
    it.remember(edited)
    for track in it.tracks.values():
        rules.settle(track)
    rules = Rules(quiet)
    it.hold(quiet, rules, "at the end")
    it.trash(quiet)
    it.sent(edited, quiet)
    it.moved(settled, quiet)
    it.idle(quiet, idle)
    it.mails(idle)
    for line in it.faults:
        print(line)
    print(f"{it.compared['records']} records with {it.compared['fields']} fields compared, {len(it.faults)} faults")
    return 1 if it.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
