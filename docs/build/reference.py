"""The generated parts of the site's reference: one function for each, which returns Markdown.

`hooks.py` puts them into the pages of docs/reference/, in place of `<!-- generated: NAME -->`.
What is generated comes from where the signer itself reads it, so that it cannot differ.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, fields
from textwrap import wrap
from typing import Any

import click
from click.testing import CliRunner

import signer
from signer import ThresholdError, errors, plugin
from signer.cli import main
from signer.cli.options import FLAGS, Flag
from signer.config.flags import by_group
from signer.config.settings import Config
from signer.hex import to_hex
from signer.spec.networks import NETWORKS
from signer.upstream.errors import UpstreamRefusedError

NOTHING = (None, "", ())  # defaults that are no value
COMMENT: dict[str, Any] = {"initial_indent": "#   ", "subsequent_indent": "#   "}
WIDTH = 80  # columns of --help; what a page shows without scrolling

# What the file of --config may have for a flag without a default, by the word of --help
SAMPLES = {
    "DIR": "folder",
    "EPOCH": 400_000,
    "FILE": "file",
    "HOST": "0.0.0.0",  # noqa: S104 - an example of an address
    "JSON": [{"type": "ATTESTATION", "status": 500, "times": 2}],
    "MODULE|FILE": ["my_draft.py"],
    "NAME,...": ["signer.example"],
    "NAME|FILE": "hoodi",
    "ORIGIN,...": ["http://localhost:3000"],
    "PORT": 9001,
    "SLOT": 12_800_000,
    "TEXT": "a passphrase",
    "TIME": 1_606_824_023,
    "URL": "http://127.0.0.1:9010",
    "WORDS": "devnet",
}

# What somebody does who gets one of these errors
WHAT_TO_DO = {
    "BLSError": "Send bytes of the stated length: a key of 32, a point of 48 or 96.",
    "BadRequestError": "Read the message: it names the member, what was expected and what came. "
    "Compare with `GET /_signer/examples`.",
    "BodyTimeoutError": "Send the whole body at once, or raise `--idle-timeout`.",
    "BodyTooLargeError": "Send less in a request: split a batch or an import.",
    "ConfigError": "Read the message: it names the flag, the variable or the file. The exit code "
    "is 2.",
    "ContentEncodingError": "Send the body without `Content-Encoding`.",
    "CrossSiteError": "Name the page's origin in `--cors-origins`, and its host in "
    "`--host-allowlist`.",
    "FaultError": "Nothing is wrong: a test set this. `GET /_signer/faults` lists the faults.",
    "ForbiddenError": "Send the token that is in the file of `--keymanager-token-file` or "
    "`--control-token-file`.",
    "KeystoreError": "Read the message, which names the bound, or create the keystore again.",
    "MethodNotAllowedError": "Use a method that the header `Allow` lists.",
    "MnemonicError": "Correct the word at the position that the message names.",
    "OtherFormatError": "Name the file of an EIP-2335 keystore, version 4.",
    "ProcessEndedError": "Read the end of its log in the message, and call `start()`.",
    "SignerError": "It is a bug in the signer: please report it.",
    "SigningRootError": "Read the advice in the message. `signer explain` shows each step to the "
    "root.",
    "SlashingError": "Do not retry: the message conflicts with one that the key has signed. In a "
    "test, `signer.reset()` forgets the histories.",
    "ThresholdError": "Read `problems`: it says who was down, refused or lied.",
    "UnauthorizedError": "Send `Authorization: Bearer TOKEN`.",
    "UnavailableError": "Choose another port or folder, or stop the process that has it. The exit "
    "code is 1.",
    "UnavailableKeyError": "Mend the share's keystore or password, then `POST /reload`.",
    "UnknownKeyError": "Compare with `GET /api/v1/eth2/publicKeys`.",
    "UnknownOperationError": "Start the signer with the flag that the message names.",
    "UnknownRouteError": "Compare with `GET /`, which lists the routes.",
    "UnknownUserError": "Send a user and a password that `--auth-file` lists.",
    "UpstreamError": "Start the signer of `--upstream`, or correct its URL.",
    "UpstreamRefusedError": "Read the message, which is the upstream's.",
    "UpstreamTimeoutError": "Raise `--upstream-timeout`, or find out why that signer is slow.",
    "WrongPasswordError": "Correct the password. It is found by the keystore's name: see "
    "[Keys](../keys.md).",
    "WrongSignatureError": "Look at what the signer of `--upstream` signed: `signer check URL`.",
}


def networks() -> str:
    """The table of the networks that `--network` knows by name."""
    rows = []
    for known in NETWORKS.values():
        root = "each chain's own"
        if known.genesis_validators_root:
            root = f"`{to_hex(known.genesis_validators_root)}`"
        versions = [f"{fork} `{to_hex(version)}`" for fork, version in known.fork_versions.items()]
        rows.append([f"`{known.name}`", str(known.slots_per_epoch), root, "<br>".join(versions)])
    return table("network, slots per epoch, genesis_validators_root, fork versions", rows)


def commands() -> str:
    """The --help of each command."""
    parts = []
    for words in _commands(main):
        name = " ".join(["signer", *words])
        shown: dict[str, Any] = {"prog_name": "signer", "terminal_width": WIDTH}
        done = CliRunner().invoke(main, [*words, "-h"], **shown)
        parts.append(f"## {name}\n\n```text\n{done.stdout}```\n")
    return "\n".join(parts)


def _commands(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    if isinstance(command, click.Group):
        for word, child in command.commands.items():
            yield from _commands(child, (*words, word))


def flags() -> str:
    """A table of each group of flags."""
    options = {flag.declared.name: flag for flag in FLAGS}
    parts = []
    for group, declared in by_group(fields(Config)).items():
        rows = [_row_of_flag(options[one.name]) for one in declared]
        parts.append(f"### {group}\n\n{table('flag and variable, default, meaning', rows)}")
    return "\n".join(parts)


def _row_of_flag(flag: Flag) -> list[str]:
    declared = flag.declared
    spellings = "/".join([*flag.opts, *flag.secondary_opts])
    form = f"{spellings} {declared.metadata['metavar']}".strip()
    default = ""
    if declared.default not in NOTHING:
        default = f"`{json.dumps(declared.default)}`"
    variables = flag.envvar or ()
    return [f"`{form}`<br>`{variables[0]}`", default, declared.metadata["help"]]


def example_file() -> str:
    """A file of --config with each flag, commented out."""
    lines = ["# signer.toml: remove the # of what you set; a flag or a variable wins over it"]
    for group, declared in by_group(fields(Config)).items():
        lines += ["", f"# {group}"]
        for one in declared:
            lines += wrap(one.metadata["help"], WIDTH, **COMMENT)
            lines.append(f"# {_member(one)}")
    return "```toml\n" + "\n".join(lines) + "\n```\n"


def _member(declared: Field[Any]) -> str:
    value = declared.default
    if value in NOTHING:
        value = SAMPLES[declared.metadata["metavar"]]
    return f"{declared.name.replace('_', '-')} = {_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, Mapping):
        members = [f"{name} = {_toml(member)}" for name, member in value.items()]
        return f"{{ {', '.join(members)} }}"
    return json.dumps(value)


def tree_of_errors() -> str:
    """A table of every error, by its status."""
    kinds = _errors(errors.SignerError) | {ThresholdError}  # which is imported when it is used
    in_order = sorted(kinds, key=lambda kind: (_status(kind), kind.__name__))
    rows = []
    for kind in in_order:
        meaning = (kind.__doc__ or "").partition("\n")[0]
        rows.append([_status(kind), f"`{kind.__name__}`", meaning, WHAT_TO_DO[kind.__name__]])
    return table("status, error, meaning, what to do", rows)


def _errors(kind: type[errors.SignerError]) -> set[type[errors.SignerError]]:
    return {kind}.union(*map(_errors, kind.__subclasses__()))


def _status(kind: type[errors.SignerError]) -> str:
    if kind in {errors.FaultError, UpstreamRefusedError}:
        return "any"
    return str(kind.status)


def python_names() -> str:
    """What `from signer import ...` offers."""
    return _names("signer", signer.__all__)


def plugin_names() -> str:
    """What `from signer.plugin import ...` offers."""
    return _names("signer.plugin", plugin.__all__)


def _names(module: str, names: Iterable[str]) -> str:
    public = [name for name in names if not name.startswith("_")]
    return "\n".join(f"::: {module}.{name}\n" for name in public)


def table(head: str, rows: Iterable[list[str]]) -> str:
    """A table in Markdown; `head` has the names of the columns, with commas between them."""
    columns = head.split(", ")
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(_cells(line))} |\n" for line in lines)


def _cells(row: list[str]) -> list[str]:
    return [cell.replace("|", "\\|").replace("\n", " ") for cell in row]
