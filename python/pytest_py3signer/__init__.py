"""The pytest plugin: signers as fixtures. The report of a failed test shows their requests.

pytest imports it at each start, wherever the package is installed. So it imports nothing else at
the top, and `signer` only when a fixture is used: a project may have a `signer` of its own.
Works with pytest 7.4 and later.
"""

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

RECORDS_SHOWN = 20  # in the report of a failed test
NEEDS_TOKEN = {401, 403}  # what /_signer responds without its token, or with a wrong one
NO_SUCH_ROUTE = {404, 405}  # what signers without /_signer respond there

_signers_used = pytest.StashKey[list[Any]]()  # of a test, or of the session


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds a project's settings, and one of a run."""
    # pytest before 8.4 knows no numbers here, and later ones want one in pytest.toml.
    kind: Any = "int" if pytest.version_tuple >= (8, 4) else "string"
    meaning = "how many interop keys a fresh signer has"
    parser.addini("signer_interop", meaning, kind, default="4")
    meaning = "fail tests with slashable requests and with equivocations"
    parser.addini("signer_assert_not_slashable", meaning, "bool")
    parser.addoption("--signer-url", metavar="URL", help="the signer to test with, not fresh ones")
    meaning = "file with the token of that signer's /_signer"
    parser.addoption("--signer-token-file", metavar="FILE", help=meaning)


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known to --strict-markers."""
    config.addinivalue_line("markers", "signer(**options): arguments for the Signer of the test")


@pytest.fixture(scope="session")
def signer_options(pytestconfig: pytest.Config) -> dict[str, Any]:
    """The arguments of every fresh Signer: override it, or set the ini option signer_interop."""
    text = str(pytestconfig.getini("signer_interop"))
    if not text.isdecimal():
        raise pytest.UsageError(f"signer_interop: expected a number of keys, found {text!r}")
    return {"interop": int(text)}


@pytest.fixture
def make_signer(request: Any, signer_options: dict[str, Any]) -> Any:
    """Makes fresh Signers with signer_options and the given arguments; they stop after the test."""
    return lambda **arguments: _signer(request, signer_options, arguments)


@pytest.fixture
def signer(request: Any, signer_options: dict[str, Any]) -> Any:
    """A fresh Signer with signer_options and the markers' arguments; or that of --signer-url."""
    return _signer(request, signer_options, _marked(request.node))


@pytest.fixture(scope="session")
def signer_session(request: Any, signer_options: dict[str, Any]) -> Any:
    """One signer for all tests of a process, otherwise as `signer`. Tests call its `reset()`."""
    return _signer(request, signer_options, None)


def _marked(node: Any) -> dict[str, Any] | None:
    """The arguments of all `signer` markers of a test, its class and its module; None without one.

    The closest marker wins for each argument.
    """
    arguments = None
    for marker in node.iter_markers("signer"):  # the closest first
        arguments = dict(*marker.args, **marker.kwargs) | (arguments or {})
    return arguments


def _signer(request: Any, options: dict[str, Any], arguments: dict[str, Any] | None) -> Any:
    """The signer at --signer-url, or a fresh one; only a fresh one can have `arguments`."""
    _require_our_package()
    url = request.config.getoption("signer_url")
    if url:
        if arguments is not None:
            pytest.skip(f"expected to make a signer, found --signer-url {url}")
        token = _token_in(request.config.getoption("signer_token_file"))
        signer = _external_signer(url.rstrip("/"), token)
    else:
        from signer.testing.signer import Signer  # noqa: PLC0415 - only when a fixture is used

        signer = Signer(**options | (arguments or {}))
        request.addfinalizer(signer.__exit__)
    if request.config.getini("signer_assert_not_slashable"):
        request.addfinalizer(partial(_assert_not_slashable, signer))
    request.node.stash.setdefault(_signers_used, []).append(signer)
    return signer


def _require_our_package() -> None:
    """Raises UsageError when `import signer` finds another module than the one next to us."""
    import signer  # noqa: PLC0415 - only when a fixture is used

    found = getattr(signer, "__file__", None)
    if found is None or Path(found).parent.parent != Path(__file__).parent.parent:
        raise pytest.UsageError(
            f"expected the package signer of py3signer, found {found or signer}: "
            "rename that one, or keep its folder off sys.path, to use the fixtures of py3signer"
        )


def _assert_not_slashable(signer: Any) -> None:
    # Its process may have ended, and a signer elsewhere may have no /_signer.
    with suppress(OSError, pytest.skip.Exception):
        signer.assert_not_slashable(equivocations=True)


def _token_in(path: str | None) -> str | None:
    """The token in a file. Raises UsageError for a file that cannot be read."""
    if path is None:
        return None
    try:
        return Path(path).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise pytest.UsageError(f"--signer-token-file: cannot read {path}: {error}") from None


def _external_signer(external_url: str, token: str | None) -> Any:
    """The signer that serves there, reset; without /_signer it skips tests that need it."""
    import json  # noqa: PLC0415 - only when a fixture is used, like the next two
    from urllib.error import HTTPError  # noqa: PLC0415
    from urllib.request import Request  # noqa: PLC0415

    from signer.testing.client import NO_PROXY, ControlClient  # noqa: PLC0415

    class External(ControlClient):
        url = external_url
        control_token = token

        def start(self) -> None:
            pytest.skip(f"expected to start a signer, found {external_url}")

        def stop(self) -> None:
            pytest.skip(f"expected to stop a signer, found {external_url}")

        async def start_async(self) -> None:
            self.start()

        async def stop_async(self) -> None:
            self.stop()

    class Uncontrolled(External):
        def ask_control(self, method: str, path: str, /, *_: Any, **__: Any) -> Any:
            if (method, path) != ("GET", "keys"):
                expected = f"expected {external_url}/_signer/{path}"
                pytest.skip(f"{expected}, found a signer without --control")
            url = f"{external_url}/api/v1/eth2/publicKeys"
            with NO_PROXY.open(url, timeout=10) as response:
                return json.load(response)

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{external_url}/_signer/reset"
    reset = Request(url, b"", headers)  # noqa: S310 - the user's own signer
    try:
        with NO_PROXY.open(reset, timeout=10):
            return External()
    except HTTPError as error:
        with error:
            if error.code in NEEDS_TOKEN:
                hint = "give --signer-token-file FILE with the one of --control-token-file"
                raise pytest.UsageError(f"{external_url} requires another token: {hint}") from None
            if error.code not in NO_SUCH_ROUTE:
                raise
        return Uncontrolled()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Adds to a failed test's report a section for each signer that it used."""
    outcome: Any = yield
    report = outcome.get_result()
    if not report.failed:
        return
    nodes: list[Any] = [item]
    if "signer_session" in getattr(item, "fixturenames", ()):
        nodes.append(item.session)
    for node in nodes:
        for signer in node.stash.get(_signers_used, []):
            report.sections.append(("signer", _section(signer)))


def _section(signer: Any) -> str:
    """A signer's section in the report of a failed test."""
    lines = [signer.url]
    # Its process may have ended, and a signer elsewhere may have no /_signer.
    with suppress(OSError, pytest.skip.Exception):
        try:
            records = signer.requests
        except ConnectionError as error:  # it tells how its process ended
            return f"{signer.url}\n{error}"
        lines += [record.line() for record in records[-RECORDS_SHOWN:]]
        pairs = signer.slashable(equivocations=True)
        lines += [f"{pair.kind}: {pair.line()}" for pair in pairs]
        faults = signer.ask_control("GET", "faults", all=True)
        lines += [f"never applied: {fault}" for fault in faults if not fault["hits"]]
    return "\n".join(lines)
