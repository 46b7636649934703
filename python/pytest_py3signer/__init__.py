"""The plugin of pytest: signers as fixtures, and what they were asked in the report of a failure.

pytest imports it at each start, wherever the package is installed: must not import more than that,
open or start anything until a fixture is asked for. Wants pytest 8.4, for an ini that is a number.
"""

from contextlib import suppress
from functools import partial
from typing import Any

import pytest

_used = pytest.StashKey[list[Any]]()  # the signers of a test, or of the session


def pytest_addoption(parser: pytest.Parser) -> None:
    """The settings: one that a project has, and one of a run."""
    parser.addini("signer_interop", "how many interop keys a fresh signer has", "int", default=4)
    parser.addini("signer_assert_not_slashable", "fail tests with slashable requests", "bool")
    parser.addoption("--signer-url", metavar="URL", help="the signer to test with, not fresh ones")


def pytest_configure(config: pytest.Config) -> None:
    """The marker, made known to --strict-markers."""
    config.addinivalue_line("markers", "signer(**options): arguments for the Signer of the test")


@pytest.fixture(scope="session")
def signer_options(pytestconfig: pytest.Config) -> dict[str, Any]:
    """What every fresh Signer is made with: override it, or set the ini signer_interop."""
    return {"interop": pytestconfig.getini("signer_interop")}


@pytest.fixture
def make_signer(request: Any, signer_options: dict[str, Any]) -> Any:
    """Makes fresh Signers, of signer_options and the given ones, that stop after the test."""
    return lambda **own: _signer(request, signer_options, own)


@pytest.fixture
def signer(request: Any, signer_options: dict[str, Any]) -> Any:
    """A fresh Signer, of signer_options and the marker's; or the one at --signer-url."""
    marker = request.node.get_closest_marker("signer")
    return _signer(request, signer_options, marker and dict(*marker.args, **marker.kwargs))


@pytest.fixture(scope="session")
def signer_session(request: Any, signer_options: dict[str, Any]) -> Any:
    """As `signer`, but one for all tests of a process: `reset()` is up to them."""
    return _signer(request, signer_options, None)


def _signer(request: Any, options: dict[str, Any], own: dict[str, Any] | None) -> Any:
    """The signer at --signer-url, or a fresh one; `own` are options that only that can have."""
    from signer.testing.signer import Signer  # noqa: PLC0415 - not at each start of pytest

    url = request.config.getoption("signer_url")
    if url and own is not None:
        pytest.skip(f"expected to make a signer, found --signer-url {url}")
    signer = _external(url.rstrip("/")) if url else Signer(**options | (own or {}))
    if not url:
        request.addfinalizer(signer.__exit__)
    if request.config.getini("signer_assert_not_slashable"):
        request.addfinalizer(partial(_assert_not_slashable, signer))
    request.node.stash.setdefault(_used, []).append(signer)
    return signer


def _assert_not_slashable(signer: Any) -> None:
    with suppress(OSError):  # its process has ended, and what it knew
        signer.assert_not_slashable()


def _external(found: str) -> Any:
    """The signer that serves there, reset; what needs more than it can do skips the test."""
    import json  # noqa: PLC0415 - nor these
    from urllib.request import HTTPError, urlopen  # noqa: PLC0415

    from signer.testing.client import Controls  # noqa: PLC0415

    class External(Controls):
        url = found
        start = stop = property(lambda _: pytest.skip(f"expected to stop a signer, found {found}"))

    class Uncontrolled(External):
        def ask_control(self, method: str, path: str, /, **_: Any) -> Any:
            if (method, path) != ("GET", "keys"):
                pytest.skip(f"expected {found}/_signer/{path}, found a signer without --control")
            return json.load(urlopen(f"{found}/api/v1/eth2/publicKeys", timeout=10))  # noqa: S310

    with suppress(HTTPError), urlopen(f"{found}/_signer/reset", b"", timeout=10):  # noqa: S310
        return External()
    return Uncontrolled()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """To a failed test's report, a section for each signer that it used."""
    report = yield
    shared = [item.session] if "signer_session" in getattr(item, "fixturenames", ()) else []
    for node in [item, *shared] if report.failed else []:
        report.sections += [("signer", _told(s)) for s in node.stash.get(_used, [])]
    return report


def _told(signer: Any) -> str:
    lines = [signer.url]
    with suppress(OSError, pytest.skip.Exception):  # its process has ended; it has no /_signer
        lines += [record.line() for record in signer.requests[-20:]]
        lines += [f"slashable: {pair.line()}" for pair in signer.slashable()]
        faults = signer.ask_control("GET", "faults", all=True)
        lines += [f"never fired: {fault}" for fault in faults if not fault["hits"]]
    return "\n".join(lines)
