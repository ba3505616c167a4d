#!/usr/bin/env python3
"""One user's session with Evolution's data server, without a window: started by evolution.py on a D-Bus of its own.

    evolution_session.py ANSWERS ACCOUNT USER PASSWORD

It needs the system's Python, for which the bindings are made. Each line it reads is a JSON list of a name and its
arguments; it answers each with a line to the open file of the number ANSWERS: {"ok": what} or {"error": text}. What
Evolution's window asks of the user, the password, is answered here.
"""

import json
import os
import sys
import threading

import gi

gi.require_version("ECal", "2.0")
gi.require_version("EBook", "1.2")
gi.require_version("EDataServer", "1.2")
from gi.repository import EBook, EBookContacts, ECal, EDataServer, GLib, ICalGLib  # noqa: E402

PATIENCE_S = 60
# The folders by what Evolution calls what they hold, and the names that the server gives them.
FOLDERS = {
    "contacts": (EDataServer.SOURCE_EXTENSION_ADDRESS_BOOK, "Contacts"),
    "calendar": (EDataServer.SOURCE_EXTENSION_CALENDAR, "Calendar"),
    "tasks": (EDataServer.SOURCE_EXTENSION_TASK_LIST, "Tasks"),
}
KINDS = {"calendar": ECal.ClientSourceType.EVENTS, "tasks": ECal.ClientSourceType.TASKS}
RANGES = {"all": ECal.ObjModType.ALL, "this": ECal.ObjModType.THIS}
# Whether the server may write mail for it: a person's client asks, and "none" is its answer "do not send".
MAILS = {"none": ECal.OperationFlags.DISABLE_ITIP_MESSAGE, "send": ECal.OperationFlags.NONE}


class Session:
    def __init__(self, account, user, password):
        self.account, self.user, self.password = account, user, password
        self.clients = {}
        self.refused = 0
        self.registry = EDataServer.SourceRegistry.new_sync(None)
        self.registry.connect("credentials-required", self.sign_in)

    def sign_in(self, _registry, source, reason, _certificate, _flags, _error):
        if reason == EDataServer.SourceCredentialsReason.REJECTED:
            self.refused += 1
            return
        words = EDataServer.NamedParameters.new()
        words.set(EDataServer.SOURCE_CREDENTIAL_USERNAME, self.user)
        words.set(EDataServer.SOURCE_CREDENTIAL_PASSWORD, self.password)
        source.invoke_authenticate(words, None, lambda asked, told: asked.invoke_authenticate_finish(told))

    def folders(self):
        """What the account has, as Evolution shows it."""
        own = [one for one in self.registry.list_sources(None) if one.get_parent() == self.account]
        return {
            one.get_display_name(): kind
            for one in own
            for kind, (extension, _) in FOLDERS.items()
            if one.has_extension(extension)
        }

    def open(self, kind):
        extension, name = FOLDERS[kind]
        found = [
            one
            for one in self.registry.list_sources(extension)
            if one.get_parent() == self.account and one.get_display_name() == name
        ]
        if not found:
            return False
        if kind in KINDS:
            self.clients[kind] = ECal.Client.connect_sync(found[0], KINDS[kind], PATIENCE_S, None)
        else:
            self.clients[kind] = EBook.BookClient.connect_sync(found[0], PATIENCE_S, None)
        return self.clients[kind].is_online()

    def look_again(self):
        """Asks the server for the account's folders."""
        self.registry.refresh_backend_sync(self.account, None)

    def refusals(self):
        return self.refused

    def refresh(self, kind):
        self.clients[kind].refresh_sync(None)

    def create(self, kind, text, mails="none"):
        client = self.clients[kind]
        if kind in KINDS:
            _, uid = client.create_object_sync(ICalGLib.Component.new_from_string(text), MAILS[mails], None)
        else:
            card = EBookContacts.Contact.new_from_vcard(text)
            _, uid = client.add_contact_sync(card, EBookContacts.BookOperationFlags(0), None)
        return uid

    def read(self, kind, uid, instance=None):
        client = self.clients[kind]
        if kind in KINDS:
            return client.get_object_sync(uid, instance, None)[1].as_ical_string()
        return client.get_contact_sync(uid, None)[1].to_string(EBookContacts.VCardFormat(1))

    def listing(self, kind, query="#t"):
        """What stands in the folder, of a series the master and each occurrence that differs."""
        client = self.clients[kind]
        if kind in KINDS:
            return [one.as_ical_string() for one in client.get_object_list_sync(query, None)[1]]
        cards = client.get_contacts_sync(query, None)[1]
        return [one.to_string(EBookContacts.VCardFormat(1)) for one in cards]

    def modify(self, kind, text, part="all", mails="none"):
        client = self.clients[kind]
        if kind in KINDS:
            client.modify_object_sync(ICalGLib.Component.new_from_string(text), RANGES[part], MAILS[mails], None)
        else:
            card = EBookContacts.Contact.new_from_vcard(text)
            client.modify_contact_sync(card, EBookContacts.BookOperationFlags(0), None)

    def remove(self, kind, uid, instance=None, part="all", mails="none"):
        client = self.clients[kind]
        if kind in KINDS:
            client.remove_object_sync(uid, instance, RANGES[part], MAILS[mails], None)
        else:
            client.remove_contact_by_uid_sync(uid, EBookContacts.BookOperationFlags(0), None)

    def answer(self, uid, user, how):
        """Answers an invitation as the mail view does, from the request in the mail: there it is not yet tentative."""
        client = self.clients["calendar"]
        invitation = client.get_object_sync(uid, None, None)[1]
        one = invitation.get_first_property(ICalGLib.PropertyKind.ATTENDEE_PROPERTY)
        while one and not one.get_attendee().lower().endswith(user):
            one = invitation.get_next_property(ICalGLib.PropertyKind.ATTENDEE_PROPERTY)
        one.set_parameter_from_string("PARTSTAT", how)
        time = invitation.get_first_property(ICalGLib.PropertyKind.TRANSP_PROPERTY)
        time.set_transp(ICalGLib.PropertyTransp.OPAQUE)
        reply = ICalGLib.Component.new_vcalendar()
        reply.set_method(ICalGLib.PropertyMethod.REPLY)
        reply.add_component(invitation)
        client.receive_objects_sync(reply, ECal.OperationFlags.NONE, None)


def main():
    os.set_inheritable(int(sys.argv[1]), False)
    answers = open(int(sys.argv[1]), "w", encoding="utf-8")
    session = Session(*sys.argv[2:5])
    threading.Thread(target=GLib.MainLoop().run, daemon=True).start()
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer = {"ok": getattr(session, name)(*arguments)}
        except GLib.Error as error:
            answer = {"error": f"{name}: {error.message}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
