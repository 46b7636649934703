"""Routes of plugins: who may use them, and those that cannot be added."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from signer import Signer
from signer.errors import ConfigError
from support.asking import ask
from support.plugins import write_plugin
from support.served import refused

BASIC = {"Authorization": f"Basic {b64encode(b'user:password').decode()}"}
BEARER = {"Authorization": "Bearer the-token"}
ROUTE = """\
async def respond(request: Request) -> Response:
    return json_response({{"method": request.method, **request.query}})

def register(plugin: Plugin) -> None:
    plugin.add_route({arguments})
"""
EACH_AUTH = """\
async def respond(request: Request) -> Response:
    return Response(await request.read_body(), "text/plain")

def register(plugin: Plugin) -> None:
    for auth in ("none", "basic", "token"):
        plugin.add_route("GET", f"/mine/{auth}", respond, auth=auth)
        plugin.add_route("POST", f"/mine/{auth}", respond, auth=auth)
"""


def route(folder: Path, arguments: str) -> Path:
    return write_plugin(folder, ROUTE.format(arguments=arguments))


def failure(plugin: Path, *flags: str) -> str:
    return refused("--no-metrics", "--port", "0", f"--plugin={plugin}", *flags)


@pytest.mark.parametrize(
    ("auth", "headers", "status"),
    [
        ("none", {}, 200),
        ("none", BEARER, 200),
        ("basic", {}, 401),
        ("basic", BEARER, 401),
        ("basic", BASIC, 200),
        ("token", {}, 401),
        ("token", BASIC, 401),
        ("token", {"Authorization": "Bearer other"}, 403),
        ("token", BEARER, 200),
    ],
)
def test_a_route_lets_in_whom_it_asks_for(
    tmp_path: Path, auth: str, headers: Any, status: int
) -> None:
    token = tmp_path / "token"
    token.write_text("the-token")
    plugin = write_plugin(tmp_path, EACH_AUTH)
    with Signer(plugins=plugin, auth="user:password", keymanager_token_file=token) as signer:
        answers = [ask(signer, method, f"/mine/{auth}", **headers) for method in ("GET", "POST")]
        head = ask(signer, "HEAD", f"/mine/{auth}", **headers)

        assert [status, status, status] == [answers[0].status, answers[1].status, head.status]
        assert 401 == ask(signer, "GET", "/upcheck").status  # others ask for a user still


@pytest.mark.parametrize(("auth", "flag"), [("basic", "auth-file"), ("token", "keymanager-token")])
def test_authentication_that_is_not_configured_ends_the_start(
    tmp_path: Path, auth: str, flag: str
) -> None:
    plugin = route(tmp_path, f'"GET", "/mine", respond, auth="{auth}"')

    message = failure(plugin)

    assert f"expected --{flag}" in message
    assert f"GET /mine of plugin {plugin}, which asks for auth='{auth}' ({plugin}, line" in message


def test_a_route_is_one_of_the_table(tmp_path: Path) -> None:
    plugin = route(tmp_path, '"GET", "/mine", respond, auth="none"')
    with Signer(plugins=[plugin]) as signer:
        assert {"method": "GET", "a": "1"} == ask(signer, "GET", "/mine/?a=1").json
        assert "GET /mine" in ask(signer, "GET", "/").json["routes"]
        assert "GET, HEAD" == ask(signer, "OPTIONS", "/mine").headers["allow"]
        assert 405 == ask(signer, "POST", "/mine").status
        assert 1 == signer.count(path="/mine", status=405)


def test_a_route_may_add_a_method_to_a_path_of_the_signer(tmp_path: Path) -> None:
    plugin = route(tmp_path, '"POST", "/upcheck", respond, auth="none"')
    with Signer(plugins=[plugin]) as signer:
        assert {"method": "POST"} == ask(signer, "POST", "/upcheck").json
        assert b"OK" == ask(signer, "GET", "/upcheck").body


def test_a_route_of_one_signer_is_unknown_to_another(tmp_path: Path) -> None:
    plugin = route(tmp_path, '"GET", "/mine", respond, auth="none"')
    with Signer(plugins=[plugin]) as with_it, Signer() as without:
        assert [200, 404] == [ask(signer, "GET", "/mine").status for signer in (with_it, without)]


@pytest.mark.parametrize(
    "name",
    [
        "GET /upcheck",
        "GET /openapi.json",
        "POST /reload",
        "GET /eth/v1/keystores",
        "GET /eth/v1/keystores/mine",
        "POST /api/v1/eth2/sign",
        "POST /api/v1/eth2/sign/0x12",
        "GET /_signer/mine",
        "GET /",
    ],
)
def test_a_route_of_the_signer_is_refused(tmp_path: Path, name: str) -> None:
    method, path = name.split()
    plugin = route(tmp_path, f'"{method}", "{path}", respond, auth="none"')

    expected = f"cannot add the route {name} of plugin {plugin}: py3signer has it already"
    assert f"{plugin}, line 9: {expected}" in failure(plugin)


def test_a_route_of_another_plugin_is_refused_with_both(tmp_path: Path) -> None:
    code = ROUTE.format(arguments='"GET", "/mine", respond, auth="none"')
    first = write_plugin(tmp_path, code, "first.py")
    second = write_plugin(tmp_path, code, "second.py")

    expected = f"the route GET /mine of plugin {second}: plugin {first} has it already"
    assert expected in failure(first, f"--plugin={second}")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('"get", "/mine", respond, auth="none"', "expected a method of GET, POST, PUT, PATCH"),
        ('"HEAD", "/mine", respond, auth="none"', "expected a method of GET, POST, PUT, PATCH"),
        ('"GET", "mine", respond, auth="none"', "expected a path such as /counts"),
        ('"GET", "/mine/", respond, auth="none"', "no slash at its end, found '/mine/'"),
        ('"GET", "/mine/{key}", respond, auth="none"', "with no parameter"),
        ('"GET", "/mine", print, auth="none"', "expected an async function for /mine"),
        ('"GET", "/mine", respond, auth="user"', "expected auth of none, basic, token"),
        ('"GET", "/mine", respond', "TypeError: Plugin.add_route() missing 1 required keyword"),
    ],
)
def test_a_route_that_cannot_be_is_refused(tmp_path: Path, arguments: str, expected: str) -> None:
    assert expected in failure(route(tmp_path, arguments))


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("raise BadRequestError('expected a key, found none')", 400, "expected a key, found none"),
        ("raise KeyError('a slip')", 500, "plugin {} failed: see the log of the signer"),
        ("return 'OK'", 500, "plugin {} failed: see the log of the signer"),
    ],
)
def test_what_a_handler_raises_is_an_error_of_its_request(
    tmp_path: Path, code: str, status: int, expected: str
) -> None:
    handler = f"async def respond(request):\n    {code}\n"
    added = '    plugin.add_route("GET", "/mine", respond, auth="none")\n'
    plugin = write_plugin(tmp_path, f"{handler}def register(plugin):\n{added}")

    with Signer(plugins=[plugin]) as signer:
        answer = ask(signer, "GET", "/mine")

    assert (status, expected.format(plugin)) == (answer.status, answer.json["message"])


@pytest.mark.parametrize("function", ["7", "respond"])
def test_a_function_that_cannot_see_signatures_is_refused(tmp_path: Path, function: str) -> None:
    code = "async def respond(signed): ...\ndef register(plugin):\n    plugin.after_signing({})\n"

    with pytest.raises(ConfigError, match="expected a function that is not async, found"):
        Signer(plugins=[write_plugin(tmp_path, code.format(function))])
