"""Reads recorded answers of a mailbox server with exchangelib, its own parser and objects, and says what the processor spent.

    reading.py FOLDER

FOLDER holds what `cargo bench -p connect --bench reading -- record FOLDER` kept, a folder for each case. The answers to GetItem
are handed to exchangelib by a transport that has them in memory, so no network is counted.
"""

import io
import re
import sys
import time
from pathlib import Path

import requests
from exchangelib import Account, Configuration, DELEGATE, UTC
from exchangelib.credentials import Credentials
from exchangelib.fields import FieldPath
from exchangelib.items import CalendarItem, Contact
from exchangelib.protocol import BaseProtocol
from exchangelib.services import GetItem
from exchangelib.transport import BASIC
from exchangelib.version import EXCHANGE_2016, Version

URL = "https://127.0.0.1/EWS/Exchange.asmx"
ITEM_ID = re.compile(r'<t:ItemId Id="([^"]+)"(?: ChangeKey="([^"]+)")?')


class Recorded(requests.adapters.BaseAdapter):
    """Answers every request with the next answer."""

    waiting = []

    def __init__(self, **_):
        super().__init__()

    def send(self, request, **_):
        response = requests.Response()
        response.status_code = 200
        response.headers["Content-Type"] = "text/xml; charset=utf-8"
        response.encoding = "utf-8"
        response.url = request.url
        response.request = request
        response.raw = io.BytesIO(Recorded.waiting.pop(0))
        return response

    def close(self):
        pass


def reads(case):
    """The ids asked for by each GetItem, and its answer."""
    for request in sorted(case.glob("said-*.request")):
        said = request.read_text("utf-8")
        if "<m:GetItem>" in said:
            yield ITEM_ID.findall(said), request.with_suffix(".answer").read_bytes()


def is_whole(item, number):
    """Whether an item was read with what was put into it, so that no answer counts that was not understood."""
    if isinstance(item, Contact):
        return item.surname == f"A last_name & {number}" and len(item.email_addresses) == 3 and len(item.phone_numbers) == 7
    if isinstance(item, CalendarItem):
        return item.location == f"Room & {number}" and len(item.required_attendees) == 2 and item.start < item.end
    return False


def number_of(item):
    return int((item.surname if isinstance(item, Contact) else item.subject).rsplit(" ", 1)[1])


def main():
    BaseProtocol.HTTP_ADAPTER_CLS = Recorded
    config = Configuration(
        service_endpoint=URL, credentials=Credentials("anna@crm.test", "secret-word"), auth_type=BASIC,
        version=Version(build=EXCHANGE_2016),
    )
    account = Account("anna@crm.test", config=config, autodiscover=False, access_type=DELEGATE, default_timezone=UTC)
    for case in sorted(Path(sys.argv[1]).iterdir()):
        if not case.is_dir():
            continue
        asked = list(reads(case))
        Recorded.waiting = [answer for _, answer in asked]
        cls = Contact if case.name.startswith("contacts") else CalendarItem
        fields = {FieldPath(field=cls.get_field_by_fieldname("subject"))}
        count = 0
        before = time.process_time_ns()
        for ids, _ in asked:
            service = GetItem(account=account, chunk_size=len(ids))
            items = list(service.call(items=ids, additional_fields=fields, shape="IdOnly"))
            if not all(is_whole(item, number_of(item)) for item in items[:1] + items[-1:]):
                sys.exit(f"{case.name}: an item was not read as it was put in")
            count += len(items)
        spent = time.process_time_ns() - before
        if count == 0 or count != sum(len(ids) for ids, _ in asked):
            sys.exit(f"{case.name}: {count} items of {sum(len(ids) for ids, _ in asked)}")
        print(f"speed | exchangelib | {case.name} | {spent // count}", flush=True)


main()
