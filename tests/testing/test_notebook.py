"""What an interpreter, a debugger and a notebook show of signers, records and faults."""

import inspect
from html.parser import HTMLParser
from typing import Any

import pytest

from signer import Fault, Record, Signer
from signer.testing.records import Records
from support.asking import ask, sign
from support.duties import ATTESTATION, KEYS

SCRIPT = "<script>alert(1)</script>"
PASSWORD = "hunter2"
MNEMONIC = "devnet"


class Reader(HTMLParser):
    """The tags and the texts of a document, as a browser reads them."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag: str, _: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def shown(value: Any) -> Reader:
    return Reader(value._repr_html_())


def test_a_signer_shows_its_url_and_whether_it_serves() -> None:
    with Signer(interop=2, start=False) as signer:
        assert f"<Signer {signer.url}, not serving>" == repr(signer)
        signer.start()
        assert f"<Signer {signer.url}, serving>" == repr(signer)
    assert f"<Signer {signer.url}, ended>" == repr(signer)


def test_a_signers_page_has_its_keys_and_requests() -> None:
    with Signer(keys=KEYS[:2]) as signer:
        sign(signer, ATTESTATION)

        texts = shown(signer).texts

    assert [f"<Signer {signer.url}, serving>", "2 keys"] == texts[:2]
    assert "ATTESTATION" in texts


def test_no_secret_is_shown() -> None:
    secrets = {"auth": f"user:{PASSWORD}", "mnemonic": MNEMONIC, "keys": ["0x" + "01" * 32]}
    arguments: dict[str, Any] = {**secrets, "count": 1}

    with Signer(**arguments) as signer:
        text = repr(signer) + signer._repr_html_()

    assert PASSWORD not in text
    assert MNEMONIC not in text
    assert "0101" not in text


def test_a_signer_whose_constructor_failed_can_be_shown() -> None:
    assert "<Signer, not constructed>" == repr(object.__new__(Signer))


def test_a_record_is_one_line() -> None:
    with Signer(keys=KEYS) as signer:
        sign(signer, ATTESTATION)
        [record] = signer.requests

    assert f"<Record {record.line()}>" == repr(record)
    assert len(repr(record)) < 200


def test_records_are_a_table_in_a_notebook() -> None:
    with Signer(keys=KEYS) as signer:
        sign(signer, ATTESTATION)
        ask(signer, "GET", "/nowhere")
        records = signer.requests

    page = shown(records)

    assert isinstance(records, list)
    assert 1 + len(records) == page.tags.count("tr")
    assert {"ATTESTATION", "GET /nowhere", "404"} < {*page.texts}


def test_a_long_list_shows_its_newest_records() -> None:
    records = Records(
        Record(seq=seq, time=0.0, duration=0.0, method="GET", path="/upcheck", status=200)
        for seq in range(1, 301)
    )

    page = shown(records)

    assert "the newest 100 of 300 records" == page.texts[0]
    assert 101 == page.tags.count("tr")
    assert "200" in page.texts
    assert "300" in page.texts


@pytest.mark.parametrize("member", ["path", "type", "pubkey", "user_agent", "accept", "message"])
def test_what_a_client_sent_is_escaped(member: str) -> None:
    fields: dict[str, Any] = {"time": 0.0, "duration": 0.0, "method": "GET", "path": "/"}
    record = Record(**(fields | {member: SCRIPT}))

    assert SCRIPT in "".join(shown(record).texts)
    for page in (shown(record), shown(Records([record]))):
        assert "script" not in page.tags


def test_a_body_from_a_client_is_escaped_and_cut() -> None:
    with Signer(interop=1) as signer:
        url = f"/api/v1/eth2/sign/{signer.pubkeys[0]}"
        ask(signer, "POST", url, {"type": "ATTESTATION", "attestation": SCRIPT + "x" * 100_000})
        page = shown(signer.requests[0])

    assert "script" not in page.tags
    assert SCRIPT in "".join(page.texts)
    assert len("".join(page.texts)) < 10_000


def test_a_fault_shows_what_it_does_and_how_often_it_did() -> None:
    with Signer(keys=KEYS) as signer:
        fault = signer.fault(Fault(status=412), type="ATTESTATION", body=SCRIPT)
        sign(signer, ATTESTATION)
        page = shown(fault)

    assert f"<FaultHandle 1: type='ATTESTATION', status=412, body='{SCRIPT}'>" == repr(fault)
    assert "script" not in page.tags
    assert {"hits", "1", "412", SCRIPT} < {*page.texts}


def test_a_fault_of_a_signer_that_has_ended_is_shown_without_its_hits() -> None:
    with Signer(process=True) as signer:
        fault = signer.fault(status=412, type="ATTESTATION")

    texts = shown(fault).texts

    assert "412" in texts
    assert "hits" not in texts


def test_a_fault_as_data_shows_what_was_given() -> None:
    assert "Fault(type='ATTESTATION', status=412)" == repr(Fault(type="attestation", status=412))


def test_help_lists_every_argument_with_its_line() -> None:
    text = inspect.getdoc(Signer.__init__) or ""

    assert "interop: the first N interop keys, which are public" in text
    assert "process: serve from a process of its own" in text
    named = [name for name in inspect.signature(Signer).parameters if name != "others"]
    assert [] == [name for name in named if f"    {name}: " not in text]
