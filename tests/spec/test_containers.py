"""The containers of Gloas and Heze next to those of consensus-specs' executable specification.

`make test` installs it where it can. Each run takes other random values. PY3SIGNER_SEED makes a run
again; a failure shows it.
"""

import os
from importlib import import_module
from random import Random, randrange
from typing import Any

import pytest

from signer.decoding import decode
from signer.spec import gloas, heze
from signer.ssz.composites import Container, ProgressiveContainer
from support.consensus_specs import written
from support.equivocations import encoded

pytestmark = pytest.mark.slow

PACKAGES = "eth-consensus-specs (1.7.0a13, from Python 3.12 on 1.7.0b4) and ckzg"
SEED = int(os.environ.get("PY3SIGNER_SEED") or randrange(2**40))
VALUES = 5  # of each container
MAX_BYTES = 700  # of a list; 1 to 22 chunks
MAX_LENGTH = 25  # of another list; a progressive tree begins a subtree after 1, 5 and 21 chunks

# remote-signing-api's; Lodestar's types have it
OUTSIDE_THE_SPECIFICATION = {"BuilderRequestAuth"}


def is_container(kind: Any) -> bool:
    """Whether it is a container of the specification, and no base of them."""
    bases = {Container, ProgressiveContainer}
    return isinstance(kind, type) and issubclass(kind, Container) and kind not in bases


CASES = [
    pytest.param(fork, name, container, id=f"{fork}-{name}")
    for fork, module in [("gloas", gloas), ("heze", heze)]
    for name, container in vars(module).items()
    if is_container(container) and name not in OUTSIDE_THE_SPECIFICATION
]


def specification(module: str) -> Any:
    """A module of the executable specification; skips the test where it is not installed."""
    try:
        return import_module(f"eth_consensus_specs.{module}")
    except ImportError as error:
        pytest.skip(f"expected {PACKAGES}, found no {error.name}: install them")


@pytest.mark.parametrize("preset", ["mainnet", "minimal"])
@pytest.mark.parametrize(("fork", "name", "container"), CASES)
def test_a_container_has_the_root_of_the_specification(
    fork: str,
    name: str,
    container: type[Container],
    preset: str,
) -> None:
    kind = getattr(specification(f"{fork}.{preset}"), name)
    random_value = specification("debug.random_value")
    encode = specification("debug.encode").encode
    mode = random_value.RandomizationMode.mode_random
    dice = Random(f"{SEED} {fork} {name} {preset}")

    for _ in range(VALUES):
        value = random_value.get_random_ssz_object(
            dice, kind, MAX_BYTES, MAX_LENGTH, mode, chaos=False
        )
        # by position: a field may have another name in an older release
        fields = zip(container.__struct_fields__, encode(value).values(), strict=True)
        ours: Any = decode(container, encoded(written(dict(fields))), "a container")
        assert bytes(value.hash_tree_root()) == ours.hash_tree_root(), f"PY3SIGNER_SEED={SEED}"
