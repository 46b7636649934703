"""The reference of HTTP as Markdown, made of the OpenAPI document: `GET /openapi.json`.

The document is that of a signer with every flag that adds a route.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from click.testing import CliRunner

from reference import table
from signer.api.description.document import make_document
from signer.app import Application
from signer.cli import main
from signer.config.settings import Config
from signer.signing.registry import BUILT_IN
from signer.signing.titles import NOUNS

Json = dict[str, Any]

ANY_TYPE = {"SignRequest", "BatchedSignRequest"}  # told apart by `type`, each with an example
COMPONENTS = "#/components/schemas/"
JSON = "application/json"
ERROR = {"$ref": f"{COMPONENTS}Error"}
TOKENS = {
    "token": "Needs the token of `--keymanager-token-file`, if there is one.",
    "control": "Needs the token of `--control-token-file`, if there is one.",
}


@cache
def document() -> Json:
    """The OpenAPI document of a signer that has all routes."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        split = ["keys", "--interop", "1", "--split", "1/1", "--out", str(folder / "keys")]
        CliRunner().invoke(main, split, catch_exceptions=False)
        config = Config(
            distributed=folder / "keys" / "participant-1" / "distributed.json",
            keymanager_token_file=folder / "token",
            control=True,
            control_token_file=folder / "control-token",
            signing_ext=True,
            slashing="enforce",
        )
        application = Application(config)
        try:
            made = make_document(application.router.routes, application.operations, config)
        finally:
            application.close()
    described: Json = json.loads(made)
    return described


def routes() -> str:
    """Each route: its parameters, its body and its responses; then the objects these name."""
    parts = []
    named: list[str] = []
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            parts.append(f"### {method.upper()} {path}\n\n{_operation(operation)}")
            named += _references(operation)
    parts.append("## Objects\n")
    parts += [*_objects(named)]
    return "\n".join(parts)


def _operation(operation: Json) -> str:
    parts: list[str] = [operation.get("description") or operation["summary"]]
    for scheme in operation.get("security", []):
        parts += [TOKENS[name] for name in scheme]
    rows = [_row_of_parameter(one) for one in operation["parameters"] if one["in"] == "query"]
    if rows:
        parts.append(table("in the query, form, default", rows))
    body = operation.get("requestBody")
    if body:
        parts.append(f"Body: {_form(body['content'][JSON]['schema'])}.")
    parts.append(_responses(operation["responses"]))
    return "\n\n".join(parts) + "\n"


def _responses(responses: Json) -> str:
    """A line for each result, and one for the errors."""
    lines = []
    refusals = []
    for status, response in sorted(responses.items()):
        schemas = [content["schema"] for content in response.get("content", {}).values()]
        if schemas == [ERROR]:
            refusals.append(status)
        else:
            lines.append(f"- {status}: {_bodies(response)}")
    if refusals:
        lines.append(f"- {', '.join(refusals)}: an [error](errors.md)")
    return "\n".join(lines)


def _bodies(response: Json) -> str:
    bodies = []
    for media_type, content in response.get("content", {}).items():
        form = _form(content["schema"])
        if media_type != JSON:
            form += f" as `{media_type}`"
        bodies.append(form)
    return ", or ".join(bodies) or "no body"


def _row_of_parameter(parameter: Json) -> list[str]:
    default = ""
    if "default" in parameter["schema"]:
        default = f"`{json.dumps(parameter['schema']['default'])}`"
    return [f"`{parameter['name']}`", _form(parameter["schema"]), default]


def _form(schema: Any) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return _link(schema["$ref"].removeprefix(COMPONENTS))
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(map(_form, schema[several])))
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"a list of {_form(schema.get('items', {}))}"
    kind = schema.get("type", "any JSON")
    if "description" in schema:
        return f"{kind}: {schema['description']}"
    return str(kind)


def _link(name: str) -> str:
    if name in ANY_TYPE:
        return "a [sign request](#signing-types)"
    return f"[{name}](#{_anchor(name)})"


def _anchor(name: str) -> str:
    """The anchor that Python-Markdown makes of a heading with a name."""
    return name.lower().replace(".", "")


def _references(schema: Any) -> Iterator[str]:
    """The names of the schemas that a part of the document refers to."""
    if isinstance(schema, Mapping):
        for name, member in schema.items():
            if name == "$ref":
                yield member.removeprefix(COMPONENTS)
            elif name != "examples":
                yield from _references(member)
    elif isinstance(schema, list):
        for member in schema:
            yield from _references(member)


def _objects(names: Iterable[str]) -> Iterator[str]:
    """A table for each named schema, and for those that it names in turn."""
    schemas = document()["components"]["schemas"]
    waiting = list(names)
    done = set(ANY_TYPE)
    while waiting:
        name = waiting.pop(0)
        if name in done:
            continue
        done.add(name)
        schema = schemas[name]
        waiting += _references(schema)
        yield f"### {name}\n\n{_object(schema)}"


def _object(schema: Json) -> str:
    text = schema.get("description", "")
    required = schema.get("required", [])
    rows = []
    for name, member in schema.get("properties", {}).items():
        must = "required" if name in required else ""
        rows.append([f"`{name}`", _form(member), must])
    return f"{text}\n\n{table('member, form, required', rows)}"


def signing_types() -> str:
    """Each signing type with an example of its request."""
    schemas = document()["components"]["schemas"]
    parts = []
    for signing_type in BUILT_IN:
        name = signing_type.TYPE
        example = json.dumps(schemas[name]["examples"][-1], indent=2)
        shown = "\n".join(f"    {line}".rstrip() for line in f"```json\n{example}\n```".split("\n"))
        parts.append(f"### {name}\n\n{NOUNS[name]}.\n\n??? example\n\n{shown}\n")
    return "\n".join(parts)
