"""What the rules make of a record: written down a second time, from their text, for whoever compares the dump.

A track is one record with its copies. `learn` takes what people did from a read of both sides, `settle` brings the track
to where the rules end: levels (D1, L2 to L4), opt-in (O1 to O5), the window (O9), matching (M1 to M3), merging (C1 to C5),
deletes (C4, C6, C12, D6) and meetings (P1 to P5).
"""

import copy
import dataclasses
import datetime

from demo_sides import CONTACTS, WORD, is_activity

EVERY = {"full": {"out", "in"}, "export": {"out"}, "import": {"in"}, "none": set()}

# Words that differ: the CRM's, the mailbox's, and whether the mailbox's word leads back to it.
WORDS = {
    "priority": [("1-ASAP", "High", False), ("2-High", "High", True), ("3-Medium", "Normal", True), ("4-Low", "Low", True)],
    "status": [
        ("Acknowledged", "NotStarted", False),
        ("Not Started", "NotStarted", True),
        ("In Progress", "InProgress", True),
        ("Done", "Completed", True),
        ("On Hold", "WaitingOnOthers", True),
        ("Deferred", "Deferred", True),
        ("Cancelled", "Deferred", False),
        ("Declined", "Deferred", False),
    ],
    # The type every appointment starts with has no word of its own.
    "activity_type": [("Appointment", None, True)],
}


def image(field, value):
    """How a mailbox shows a value of the CRM."""
    return next((pim for crm, pim, _ in WORDS.get(field, ()) if crm == value), value)


def back(field, value, present):
    """What a mailbox's value means; as long as it shows what the CRM has, the CRM's value stays."""
    if present is not None and image(field, present) == value:
        return present
    return next((crm for crm, pim, leads in WORDS.get(field, ()) if pim == value and leads), value)


def unit(key):
    """What makes sense only together merges as one (C2)."""
    original, field = key if isinstance(key, tuple) else (None, key)
    for name, of in (
        ("time", ("start", "end")),
        ("company", ("company", "company_location")),
        ("progress", ("status", "percent", "done_day")),
    ):
        if field in of:
            return original, name
    for place in ("business_", "home_"):
        if field.startswith(place) and field != "home_phone":
            return original, place
    return original, field


def units(*faces):
    found = {}
    for key in {key for face in faces for key in face}:
        found.setdefault(unit(key), []).append(key)
    return found.values()


def put(face, key, value):
    if value in (None, "", False):
        face.pop(key, None)
    else:
        face[key] = value


@dataclasses.dataclass
class Copy:
    """A copy in a mailbox."""

    face: dict
    words: set
    private: bool = False
    received: bool = False
    base: tuple = None
    # made from the CRM for a participant: the meeting itself, with its owner as organiser (P5)
    given: bool = False
    # standing, deleted (by a person, not looked at yet), left (for another folder), absent (deleted, and stays so)
    state: str = "standing"
    asleep: bool = False
    times: int = 1


@dataclasses.dataclass
class Track:
    """A record: in the CRM, and in mailboxes."""

    domain: str
    sign: str
    crm: dict = None
    owner: str = None
    people: set = dataclasses.field(default_factory=set)
    listed: set = dataclasses.field(default_factory=set)
    sees: set = dataclasses.field(default_factory=set)
    hidden: set = dataclasses.field(default_factory=set)
    cancelled: bool = False
    deleted: bool = False
    copies: dict = dataclasses.field(default_factory=dict)
    # Why nothing may happen to it: bad, ambiguous, or out of scope.
    out: str = None

    def is_meeting(self):
        return self.domain == "calendar" and (bool(self.people) or any(of.received for of in self.copies.values()))

    def wants(self, user):
        if not is_activity(self.domain):
            return user in self.listed
        return (self.owner == user or user in self.people) and user not in self.hidden


class Rules:
    """Who may synchronise what, out of the administrator's settings (L2 to L4) and the window (O9)."""

    def __init__(self, side):
        self.settings = side.admin("settings")
        self.users = {of["user"]: of for of in side.admin("users")["items"]}
        self.addresses = {of["user"]: of["address"] for of in self.users.values()}
        self.of_address = {
            address.lower(): self.addresses[id_]
            for id_, of in side.employees.items()
            if id_ in self.addresses
            for address in of["addresses"]
        }
        self.held_positions = {
            self.addresses[id_]: {of["position"] for of in employee["positions"]}
            for id_, employee in side.employees.items()
            if id_ in self.addresses
        }
        self.levels = {
            (of["address"], domain): self._level(side, id_, of, domain)
            for id_, of in self.users.items()
            for domain in self.settings["domains"]
        }
        cycles = [of["last_cycle"] for of in self.users.values() if of["last_cycle"]]
        today = datetime.date.fromisoformat(max(cycles)[:10]) if cycles else datetime.date.today()
        days = datetime.timedelta(days=self.settings["extract_start"]["days_ago"])
        self.extract_start = (today - days).isoformat()

    def _level(self, side, id_, user, domain):
        of = self.settings["domains"][domain]
        ceiling = EVERY[of["level"]]
        if not user["enabled"]:
            return set()
        own = user["settings"]["levels"].get(domain)
        if own is not None:
            return ceiling & EVERY[own]
        groups, above = self._groups(side, id_)
        for rule in of["group_rules"]:
            group = (rule["group"], rule["id"])
            if group in groups or rule["and_below"] and group in above:
                return ceiling & EVERY[rule["level"]]
        return ceiling

    def _groups(self, side, id_):
        """The groups a user is in, and those above them."""
        parents = {
            ("organization", of["id"]): of["parent"] for of in side.admin("organizations")["items"]
        } | {("position", of["id"]): of["parent"] for of in side.admin("positions")["items"]}
        held = side.employees[id_]["positions"]
        if self.settings["primary_position_only"]:
            held = [of for of in held if of["primary"]]
        groups = {("position", of["position"]) for of in held} | {("organization", of["organization"]) for of in held}
        above = set()
        for kind, at in groups:
            while (at := parents.get((kind, at))) is not None:
                above.add((kind, at))
        for of in side.admin("user-lists")["items"]:
            if id_ in side.admin(f"members-{of['id']}")["members"]:
                groups.add(("user_list", of["id"]))
        return groups, above

    def level(self, user, domain):
        return self.levels.get((user, domain), set())

    def in_scope(self, track):
        """Whether an activity is one that is synchronised (D3, D4, O9); records already linked only sleep."""
        faces = [face for face in [track.crm, *(of.face for of in track.copies.values())] if face]
        if track.domain == "calendar":
            return all("start" in face and "end" in face for face in faces) and any(map(self._in_window, faces))
        return track.domain != "task" or any(map(self._in_window, faces))

    def _in_window(self, face):
        last = face.get("end", face.get("due_day"))
        last = last[0][:10] if isinstance(last, tuple) else last
        rule = face.get("rule")
        if rule and rule[-1] and rule[-1][0] == "until":
            last = rule[-1][1]
        return bool(rule) or last is None or last >= self.extract_start

    def settle(self, track):
        """Brings a record to where the rules end, whatever people did to it on all sides."""
        if track.out:
            return
        for _ in range(8):
            before = copy.deepcopy(track)
            for user in sorted(self.addresses.values()):
                self._cycle(track, user)
            if track.deleted:
                track.crm, track.deleted = None, False
            if before == track:
                return

    def _cycle(self, track, user):
        level = self.level(user, track.domain)
        of = track.copies.get(user)
        if not level:
            return
        if track.crm is None:
            if of and of.base is None and of.state == "standing" and not of.received and "in" in level:
                self._enter(track, user, of)
        elif of is None:
            if not track.deleted and track.wants(user) and "out" in level:
                track.copies[user] = self._made(track, user)
        elif of.base is None:
            if not track.deleted and track.wants(user) and of.state == "standing":
                self._matched(track, of, level)
        else:
            self._linked(track, user, of, level)

    def _enter(self, track, user, of):
        """A record born in a mailbox enters the CRM (O3, O6); the others who got the invitation take part (P1, P2)."""
        if track.domain == "employee":
            return
        track.crm = {}
        for key, value in of.face.items():
            put(track.crm, key, back(key, value, None))
        if track.domain == "calendar":
            track.crm.setdefault("activity_type", back("activity_type", None, None))
        if is_activity(track.domain):
            track.owner = user
            track.people |= {other for other in track.copies if other != user}
        else:
            track.owner = user if track.domain == "personal_contact" else None
            track.listed.add(user)
            track.sees.add(user)
        of.base = (dict(track.crm), dict(of.face))

    def _made(self, track, user):
        face = {}
        for key, value in track.crm.items():
            put(face, key, image(key, value))
        word = WORD.get(track.domain)
        given = track.domain == "calendar" and track.owner not in (None, user)
        return Copy(face, {word} if word else set(), base=(dict(track.crm), dict(face)), given=given)

    def _matched(self, track, of, level):
        """Strangers on both sides turn out to be one: blanks are filled, of what differs the CRM's wins (M3, C3)."""
        if not of.received:
            if track.domain in WORD:
                of.words.add(WORD[track.domain])
            for keys in units(track.crm, of.face):
                has_crm, has_pim = (any(key in face for key in keys) for face in (track.crm, of.face))
                if all(image(key, track.crm.get(key)) == of.face.get(key) for key in keys):
                    continue
                if has_crm and "out" in level:
                    self._export(track, of, keys)
                elif has_pim and "in" in level:
                    self._import(track, of, keys)
        of.base = (dict(track.crm), dict(of.face))

    def _export(self, track, of, keys):
        user = next(user for user, other in track.copies.items() if other is of)
        for key in keys:
            value = track.crm.get(key)
            put(of.face, key, None if value is None else image(key, value))

    def _import(self, track, of, keys):
        for key in keys:
            put(track.crm, key, back(key, of.face.get(key), track.crm.get(key)))

    def _linked(self, track, user, of, level):
        base_crm, base_pim = of.base
        if of.asleep:
            return
        if of.state == "left":
            of.asleep = True
        elif of.state == "absent":
            # D1: made again once its source was edited.
            if "out" in level and track.crm != base_crm and not track.deleted and track.wants(user):
                track.copies[user] = self._made(track, user)
        elif of.state == "deleted":
            self._copy_deleted(track, user, of, level)
        elif track.deleted:
            if of.face != base_pim and "in" in level:
                # C5: the edit outlives the delete; the record is made again from what the mailbox shows.
                track.deleted = False
                track.crm = {key: value for key, value in track.crm.items() if key == "activity_type"}
                self._import(track, of, list(of.face))
                of.base = (dict(track.crm), dict(of.face))
            elif "out" in level:
                del track.copies[user]
            else:
                of.asleep = True
        elif track.domain == "business_contact" and user in track.listed and user not in track.sees:
            # O2: nothing happens while the grace time runs.
            of.asleep = True
        else:
            self._merge(track, user, of, level)
            if "out" in level and not track.wants(user):
                del track.copies[user]

    def _merge(self, track, user, of, level):
        """C1 to C3; a participant's copy shows the record, only the owner's decides it (P3, P7)."""
        if of.received:
            return
        base_crm, base_pim = of.base
        decides = track.domain != "calendar" or track.owner in (None, user)
        for keys in units(track.crm, of.face, base_crm, base_pim):
            crm_moved = any(track.crm.get(key) != base_crm.get(key) for key in keys)
            pim_moved = any(of.face.get(key) != base_pim.get(key) for key in keys)
            if crm_moved and "out" in level:
                self._export(track, of, keys)
            elif pim_moved and "in" in level and (decides or crm_moved):
                self._import(track, of, keys)
            else:
                # D1: what the level does not carry stays where it is, and the base does not move.
                continue
            for key in keys:
                put(base_crm, key, track.crm.get(key))
                put(base_pim, key, of.face.get(key))

    def _copy_deleted(self, track, user, of, level):
        """A person deleted the copy (C4 to C6, D1, D6)."""
        of.state = "absent"
        if track.domain in ("business_contact", "employee"):
            if "out" in level:
                track.listed.discard(user)
                del track.copies[user]
        elif track.crm != of.base[0] and "out" in level:
            # C5: the CRM's edit outlives the delete.
            track.copies[user] = self._made(track, user)
        elif "in" in level:
            if track.is_meeting() and track.owner == user:
                track.cancelled = True
                return
            del track.copies[user]
            if track.is_meeting():
                track.hidden.add(user)
            elif track.owner == user:
                track.deleted = True
            else:
                track.people.discard(user)


def flipped(track, user):
    """O5: Private set on a business contact's item: the user leaves its list, and a personal contact of his own stands in
    its place, made from the item."""
    of = track.copies.pop(user)
    track.listed.discard(user)
    of.words = of.words - {WORD["business_contact"]} | {WORD["personal_contact"]}
    of.base = (dict(of.face), dict(of.face))
    return Track(
        "personal_contact",
        track.sign,
        crm=dict(of.face),
        owner=user,
        listed={user},
        sees={user},
        copies={user: of},
    )


def domain_of(item, known):
    """What a stranger's item is: by the domain's word and flag (O5), else what the CRM knows under its sign."""
    if item.kind != "contact":
        return "calendar" if item.kind == "appointment" else "task"
    for domain in ("personal_contact", "business_contact", "employee"):
        if WORD[domain] in item.words:
            personal = domain == "personal_contact" or domain == "business_contact" and item.private
            return "personal_contact" if personal else domain
    found = [domain for domain in CONTACTS if (domain, item.canary) in known]
    return found[0] if len(found) == 1 else None
