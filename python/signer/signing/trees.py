"""A message as a tree of roots: hashed once, so that a changed field costs a few hashes."""

from collections.abc import Iterator, Mapping
from typing import Any

from .._core import merkleize
from ..ssz.composites import Container, Hasher, ProgressiveContainer, plan
from ..ssz.merkle import CHUNK, depth, mix_in

Path = tuple[str, ...]  # names of fields, from the message down; empty is the message itself


class Tree:
    """A container with the trees of its fields, or any other value with its root."""

    def __init__(self, value: Any, hasher: Hasher) -> None:
        self.value = value
        self.fields: dict[str, Tree] = {}
        if not isinstance(value, Container):
            self.root = hasher(value)
            return
        values, hashers, self._height = plan(type(value))
        parts = zip(value.__struct_fields__, values(value), hashers, strict=True)
        self.fields = {name: Tree(part, hash_part) for name, part, hash_part in parts}
        self.root = self._container_root([field.root for field in self.fields.values()])

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, "Tree"]]:
        """The tree itself and all below, with their paths; items of lists have no path."""
        yield path, self
        for name, field in self.fields.items():
            yield from field.walk((*path, name))

    def root_with(self, changed: Mapping[Path, bytes]) -> bytes:
        """The root if there were other roots at some paths."""
        if () in changed:
            return changed[()]
        if not changed:
            return self.root
        by_name: dict[str, dict[Path, bytes]] = {}
        for (name, *rest), root in changed.items():
            by_name.setdefault(name, {})[tuple(rest)] = root
        roots = []
        for name, field in self.fields.items():
            root = field.root
            if name in by_name:
                root = field.root_with(by_name[name])
            roots.append(root)
        return self._container_root(roots)

    def plain_root(self, number: int) -> bytes:
        """The root of an ordinary container with the first fields, as many as `number`."""
        roots = [field.root for field in self.fields.values()]
        return merkleize(b"".join(roots[:number]), depth(CHUNK * number))

    def _container_root(self, roots: list[bytes]) -> bytes:
        root = merkleize(b"".join(roots), self._height)
        if isinstance(self.value, ProgressiveContainer):
            return mix_in(root, (1 << len(roots)) - 1)
        return root


def tree_of(message: Any) -> Tree:
    """The tree of a message: a container, or a bare number or root."""
    return Tree(message, type(message).hash_tree_root)
