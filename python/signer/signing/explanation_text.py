"""An explanation as text: the tree of the message with its roots, and then the steps."""

from collections.abc import Callable, Iterator
from typing import Any

from ..ssz.nodes import Node

Style = Callable[[str, str], str]  # a part of the text, and what it is: one of STYLED

STYLED = ("title", "name", "root", "good", "bad", "note")
LABEL_WIDTH = 25  # characters; genesis_validators_root is the longest label
INDENT = "  "


def plain(text: str, _: str) -> str:
    """A part of the text as it is."""
    return text


def text_of(explanation: Any, style: Style) -> str:
    """The text of an Explanation, without a line break at its end."""
    lines = [style(explanation.title, "title")]
    lines += [style(f"guessed: {guess}", "note") for guess in explanation.guessed]
    lines += ["", "Each field of the message, after its hash-tree root:"]
    lines += _tree(explanation.message, style, "")
    lines += ["", "From its root to the signing root:"]
    for label, value, kind in _steps(explanation):
        lines.append(f"{style(label.ljust(LABEL_WIDTH), 'name')}{style(value, kind)}")
    return "\n".join(lines)


def _tree(node: Node, style: Style, indent: str) -> Iterator[str]:
    yield f"{style(node.root, 'root')}  {indent}{style(node.name, 'name')}: {_described(node)}"
    for child in node.children:
        yield from _tree(child, style, indent + INDENT)
    if node.folded:
        space = " " * len(node.root)
        yield f"{space}  {indent}{INDENT}{style(f'and {node.folded} more', 'note')}"


def _described(node: Node) -> str:
    """The type of a node, with its length or its value."""
    text = node.type
    if node.length is not None:
        text += f" of length {node.length}"
    if node.value is None:
        return text
    if node.value == node.root:
        return f"{text}, its own root"
    return f"{text} = {node.value}"


def _steps(explanation: Any) -> Iterator[tuple[str, str, str]]:
    """The steps after the tree: each with its label, its value, and the style of the value."""
    yield "object_root", explanation.object_root, "root"
    if explanation.fork:
        yield "fork version", _version(explanation.fork), "value"
        yield "why", explanation.fork.why, "value"
    if explanation.genesis_validators_root:
        network = explanation.network or "unknown network"
        if explanation.fork and explanation.fork.epoch is None:
            network = "zero: no chain's"
        root = f"{explanation.genesis_validators_root} ({network})"
        yield "genesis_validators_root", root, "value"
    if explanation.fork_data_root:
        yield "fork_data_root", explanation.fork_data_root, "root"
    name = explanation.domain_name or "a domain type of another specification"
    yield "domain_type", f"{explanation.domain_type} ({name})", "value"
    yield "domain", explanation.domain, "root"
    yield "signing_root", explanation.signing_root, "root"
    yield from _comparison(explanation)
    yield from _signature(explanation)


def _version(fork: Any) -> str:
    if fork.name:
        return f"{fork.version} ({fork.name})"
    return f"{fork.version}"


def _comparison(explanation: Any) -> Iterator[tuple[str, str, str]]:
    if explanation.sent_root:
        kind = "bad" if explanation.problem else "good"
        yield "sent root", explanation.sent_root, kind
    if explanation.reading:
        yield "read as", explanation.reading, "note"
    if explanation.problem:
        yield "problem", explanation.problem, "bad"


def _signature(explanation: Any) -> Iterator[tuple[str, str, str]]:
    if explanation.pubkey:
        yield "pubkey", explanation.pubkey, "value"
    if explanation.signature:
        yield "signature", explanation.signature, "value"
    if explanation.verifies is not None:
        verdict = "yes" if explanation.verifies else "no: it is not by this key over this root"
        yield "verifies", verdict, "good" if explanation.verifies else "bad"
