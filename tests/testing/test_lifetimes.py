"""What a `Signer` leaves behind: nothing, when it is forgotten, forked, killed or late."""

import atexit
import gc
import logging
import sys
import threading
import types
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from signer import Signer
from signer.errors import ConfigError, ProcessEndedError
from signer.testing import thread
from support.asking import WHERE, ask
from support.forking import forked_child
from support.known_keys import INTEROP


def is_refused(signer_or_url: Any) -> bool:
    try:
        ask(signer_or_url, "GET", "/upcheck")
    except ConnectionRefusedError:
        return True
    return False


class Address:
    """The url of a signer that has been forgotten."""

    def __init__(self, url: str) -> None:
        self.url = url


@WHERE
def test_a_signer_stops_and_starts_although_a_forked_child_lives(where: dict[str, Any]) -> None:
    with Signer(interop=1, **where) as signer, forked_child():
        signer.stop()
        assert is_refused(signer)
        signer.start()
        assert 200 == ask(signer, "GET", "/upcheck").status

        signer.__exit__()
        assert is_refused(signer)


def test_a_connection_ends_with_the_signer_although_a_forked_child_lives() -> None:
    with Signer(interop=1, idle_timeout=30.0) as signer:
        connection = HTTPConnection(signer.url.removeprefix("http://"), timeout=5)
        connection.request("GET", "/upcheck")
        connection.getresponse().read()
        with forked_child():
            signer.stop()
            assert b"" == connection.sock.recv(1)
        connection.close()


def test_a_data_dir_is_free_although_a_forked_child_lives(tmp_path: Path) -> None:
    with Signer(data_dir=tmp_path) as signer, forked_child():
        signer.__exit__()

        with Signer(data_dir=tmp_path) as again:
            assert [] == again.pubkeys


@WHERE
def test_what_ends_in_a_forked_child_goes_on_in_its_parent(where: dict[str, Any]) -> None:
    with Signer(interop=1, tls=True, **where) as signer:

        def end() -> str:
            signer.stop()
            signer.__exit__()
            atexit._run_exitfuncs()  # noqa: SLF001 - as a child that exits
            return "ended"

        with forked_child(end) as told:
            assert "ended" == told

        assert signer.tls.ca.exists()
        assert [INTEROP[0]] == signer.pubkeys
        with urlopen(f"{signer.url}/upcheck", context=signer.tls.ssl_context()) as response:
            assert 200 == response.status


@WHERE
def test_a_forked_child_asks_the_signer_of_its_parent(where: dict[str, Any]) -> None:
    with Signer(interop=1, **where) as signer:
        ask(signer, "GET", "/upcheck")

        with forked_child(lambda: f"{signer.count()} {signer.pubkeys}") as told:
            assert f"1 {[INTEROP[0]]}" == told


def test_a_forked_child_cannot_start_the_signer_of_its_parent() -> None:
    with Signer(start=False) as signer:

        def start() -> str:
            signer.start()
            return "started"

        with forked_child(start) as told:
            assert "make another Signer" in told


@WHERE
def test_a_forgotten_signer_stops(where: dict[str, Any]) -> None:
    before = set(threading.enumerate())
    signer = Signer(interop=1, **where)
    address = Address(signer.url)

    del signer
    gc.collect()

    assert is_refused(address)
    assert set() == set(threading.enumerate()) - before


def test_a_thread_that_serves_too_late_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(threading.enumerate())
    with monkeypatch.context() as patch:
        patch.setattr(thread, "READY_TIMEOUT", 0.0)
        with pytest.raises(ConfigError, match=r"to answer within 0.0 seconds"):
            Signer(interop=1)

    for started in set(threading.enumerate()) - before:
        started.join(5)
    assert set() == set(threading.enumerate()) - before


@pytest.mark.slow
def test_a_signer_whose_process_died_says_so_and_starts_again() -> None:
    with Signer(interop=1, process=True) as signer:
        process: Any = signer._serving  # noqa: SLF001 - to kill it
        process.kill()
        process.wait()

        with pytest.raises(ProcessEndedError, match=r"ended with exit code -9; `start`"):
            signer.count()
        signer.start()
        assert [INTEROP[0]] == signer.pubkeys


@pytest.mark.parametrize("module", ["threading", "socket"])
def test_a_patched_thread_or_socket_is_an_error_that_names_the_way_out(
    monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkey = types.SimpleNamespace(is_module_patched=lambda name: name == module)
    monkeypatch.setitem(sys.modules, "gevent.monkey", monkey)  # it is not installed here

    with pytest.raises(ConfigError, match="process=True"):
        Signer(interop=1)


@WHERE
def test_a_removed_working_folder_is_no_reason_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: dict[str, Any]
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()

    with Signer(interop=1, **where) as signer:
        assert 200 == ask(signer, "GET", "/upcheck").status


def test_a_signer_adds_no_handler_to_the_log() -> None:
    log = logging.getLogger()
    before = [*log.handlers]

    with Signer(interop=1):
        assert before == log.handlers
