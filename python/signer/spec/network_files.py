"""The network of `--network`: a known name, or a consensus configuration in YAML."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigError, did_you_mean
from ..files import parse_yaml, text_of
from ..ssz.scalars import Bytes4, uint64
from .networks import DEFAULT_NETWORK, FORKS, NETWORKS, SLOTS_PER_EPOCH, Network

NEAR_FORK = 0.75  # difflib's ratio from which on a fork's name is taken for a mistyped one


def load_network(name_or_path: str | None) -> Network:
    """The network of a name in any case, or of a consensus configuration in YAML.

    The default one for None. Raises ConfigError for a name that is not known and for a file without
    GENESIS_FORK_VERSION.
    """
    if name_or_path is None:
        return DEFAULT_NETWORK
    return NETWORKS.get(name_or_path.lower()) or _read_config(Path(name_or_path))


def _read_config(path: Path) -> Network:
    try:
        documents = parse_yaml(text_of(path.read_bytes(), path, ConfigError))
        if not documents or not documents[0]:
            raise ConfigError(f"expected a consensus configuration in {path}, found an empty file")
        config = documents[0]
        _check_fork_names(config, path)
        genesis = {"PHASE0": Bytes4.parse(config["GENESIS_FORK_VERSION"])}
        names = {fork: f"{fork}_FORK_VERSION" for fork in FORKS[1:]}
        later = {fork: Bytes4.parse(config[name]) for fork, name in names.items() if name in config}
        epochs = {
            fork: uint64.parse(config[f"{fork}_FORK_EPOCH"])
            for fork in FORKS
            if f"{fork}_FORK_EPOCH" in config
        }
        preset = str(config.get("PRESET_BASE", "mainnet"))
        slots = uint64.parse(config.get("SLOTS_PER_EPOCH") or SLOTS_PER_EPOCH[preset])
    except OSError as error:
        expected = f"one of {', '.join(NETWORKS)} or a consensus config.yaml as --network"
        hint = did_you_mean(path, NETWORKS)
        raise ConfigError(
            f"expected {expected}, found {str(path)!r}: {error.strerror}{hint}"
        ) from None
    except ValueError as error:
        raise ConfigError(f"cannot read the consensus configuration {path}: {error}") from None
    except (KeyError, TypeError, AttributeError):
        members = f"GENESIS_FORK_VERSION and a PRESET_BASE of {', '.join(SLOTS_PER_EPOCH)}"
        raise ConfigError(f"expected in {path} a consensus configuration with {members}") from None
    if slots == 0:
        raise ConfigError(f"expected SLOTS_PER_EPOCH above 0 in {path}, found 0")
    name = str(config.get("CONFIG_NAME", path.stem))
    return Network(name, slots, genesis | later, fork_epochs=epochs)


def _check_fork_names(config: Mapping[str, Any], path: Path) -> None:
    """Raises ConfigError for a fork that nearly is a known one; others may be experiments."""
    for name in config:
        fork, _, kind = name.rpartition("_FORK_")
        hint = did_you_mean(fork, FORKS, NEAR_FORK)
        if kind in {"VERSION", "EPOCH"} and fork not in FORKS and hint:
            raise ConfigError(f"unknown fork {fork} in {path}{hint}")
