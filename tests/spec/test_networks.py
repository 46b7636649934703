"""Networks by name, by root and from a consensus configuration."""

from pathlib import Path
from typing import Any

import pytest

from signer.errors import ConfigError
from signer.hex import to_hex
from signer.spec.network_files import load_network
from signer.spec.networks import NETWORKS, Network, is_at_least, network_of
from support.vectors import unhex, vectors

EXPECTED: dict[str, Any] = vectors("signing/signing.json")["networks"]
NAMES = ["mainnet", "minimal", "swift", "less-swift", "lukso", "sepolia", "hoodi", "holesky"]
NAMES += ["ephemery", "plataberget", "gnosis", "chiado"]

PRIVATE = Network("private", 8, {"PHASE0": unhex("0x00000001")})

UNQUOTED = """
# comments and members that the signer does not know
PRESET_BASE: minimal
CONFIG_NAME: devnet-7
MIN_GENESIS_TIME: 1606824000
GENESIS_FORK_VERSION: 0x00000001
ALTAIR_FORK_VERSION: 0x01000001
ALTAIR_FORK_EPOCH: 0
CAPELLA_FORK_VERSION: 0x03000001
BLOB_SCHEDULE:
  - EPOCH: 412672
    MAX_BLOBS_PER_BLOCK: 15
"""
SINGLE_QUOTED = """
PRESET_BASE: 'minimal'
CONFIG_NAME: 'devnet-7'
GENESIS_FORK_VERSION: '0x00000001'
ALTAIR_FORK_VERSION: '0x01000001'
CAPELLA_FORK_VERSION: '0x03000001'
"""
DOUBLE_QUOTED = SINGLE_QUOTED.replace("'", '"')


def config(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_network_is_loaded_by_its_name(name: str) -> None:
    network = load_network(name)

    assert name == network.name


def test_the_names_are_the_known_networks() -> None:
    names = list(NETWORKS)

    assert NAMES == names


@pytest.mark.parametrize("name", EXPECTED)
def test_a_known_network_has_the_published_parameters(name: str) -> None:
    expected = EXPECTED[name]

    network = NETWORKS[name]

    forks = {fork["name"]: unhex(fork["version"]) for fork in expected["forks"]}
    # later forks that the vectors do not have yet are held by signing_live.json
    assert list(forks.items()) == list(network.fork_versions.items())[: len(forks)]
    assert expected["slots_per_epoch"] == network.slots_per_epoch
    assert unhex(expected["genesis_fork_version"]) == network.genesis_fork_version
    assert unhex(expected["genesis_validators_root"]) == network.genesis_validators_root


def test_the_minimal_network_has_the_minimal_preset_and_no_root() -> None:
    network = load_network("minimal")

    assert 8 == network.slots_per_epoch
    assert network.genesis_validators_root is None


@pytest.mark.parametrize("text", [UNQUOTED, SINGLE_QUOTED, DOUBLE_QUOTED])
def test_a_configuration_is_read_whatever_its_quotes(tmp_path: Path, text: str) -> None:
    path = config(tmp_path, text)

    network = load_network(str(path))

    versions = {
        "PHASE0": bytes([0, 0, 0, 1]),
        "ALTAIR": bytes([1, 0, 0, 1]),
        "CAPELLA": bytes([3, 0, 0, 1]),
    }
    assert ("devnet-7", 8, versions) == (
        network.name,
        network.slots_per_epoch,
        network.fork_versions,
    )


@pytest.mark.parametrize(
    ("lines", "slots"),
    [
        ("", 32),
        ("PRESET_BASE: mainnet", 32),
        ("PRESET_BASE: minimal", 8),
        ("PRESET_BASE: 'minimal'", 8),
        ("PRESET_BASE: gnosis", 16),
        ("PRESET_BASE: mainnet\nSLOTS_PER_EPOCH: 6", 6),
        ("SLOTS_PER_EPOCH: '6'", 6),
    ],
)
def test_slots_per_epoch_are_the_presets_or_the_stated_ones(
    tmp_path: Path, lines: str, slots: int
) -> None:
    path = config(tmp_path, f"GENESIS_FORK_VERSION: 0x00000001\n{lines}\n")

    network = load_network(str(path))

    assert slots == network.slots_per_epoch


def test_a_configuration_without_a_name_is_called_as_its_file(tmp_path: Path) -> None:
    path = config(tmp_path, "GENESIS_FORK_VERSION: 0x00000001\n")

    network = load_network(str(path))

    assert "config" == network.name


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("GENESIS_FORK_VERSION: [", id="broken-yaml"),
        pytest.param("a: 1\n b: 2\n\t- c", id="broken-indentation"),
        pytest.param("", id="empty"),
        pytest.param("- GENESIS_FORK_VERSION", id="a-list"),
        pytest.param("GENESIS_FORK_VERSION", id="a-word"),
        pytest.param("PRESET_BASE: minimal", id="no-genesis-version"),
        pytest.param("GENESIS_FORK_VERSION:", id="empty-genesis-version"),
        pytest.param("GENESIS_FORK_VERSION: 1", id="a-decimal-version"),
        pytest.param("GENESIS_FORK_VERSION: 0x000001", id="a-version-of-3-bytes"),
        pytest.param("GENESIS_FORK_VERSION: [0, 0, 0, 1]", id="a-list-as-version"),
        pytest.param(
            "GENESIS_FORK_VERSION: 0x00000001\nFULU_FORK_VERSION: later", id="a-word-as-version"
        ),
        pytest.param(
            "GENESIS_FORK_VERSION: 0x00000001\nSLOTS_PER_EPOCH: many", id="a-word-as-slots"
        ),
        pytest.param("!!python/object/apply:os.getcwd []", id="a-python-object"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused_and_named(tmp_path: Path, text: str) -> None:
    path = config(tmp_path, text)

    with pytest.raises(ConfigError) as refusal:
        load_network(str(path))

    assert str(path) in str(refusal.value)


def test_a_file_that_is_no_utf_8_is_refused_and_named(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"CONFIG_NAME: \xff\xfe\n")

    with pytest.raises(ConfigError) as refusal:
        load_network(str(path))

    assert str(path) in str(refusal.value)


def test_a_file_without_genesis_version_is_told_what_it_lacks(tmp_path: Path) -> None:
    path = config(tmp_path, "PRESET_BASE: minimal\n")

    with pytest.raises(ConfigError, match="GENESIS_FORK_VERSION"):
        load_network(str(path))


@pytest.mark.parametrize("name", ["GLOSA_FORK_VERSION", "DENBE_FORK_EPOCH", "gloas_FORK_EPOCH"])
def test_a_mistyped_fork_is_refused_with_the_nearest_one(tmp_path: Path, name: str) -> None:
    path = config(tmp_path, f"GENESIS_FORK_VERSION: 0x00000001\n{name}: 7\n")

    with pytest.raises(ConfigError, match=r"unknown fork .+; did you mean (GLOAS|DENEB)\?$"):
        load_network(str(path))


@pytest.mark.parametrize("name", ["EIP7594_FORK_EPOCH", "EIP8025_FORK_VERSION", "WHISK_FORK_EPOCH"])
def test_a_fork_of_an_experiment_is_ignored(tmp_path: Path, name: str) -> None:
    path = config(tmp_path, f"GENESIS_FORK_VERSION: 0x00000001\n{name}: 0x01000001\n")

    assert ["PHASE0"] == [*load_network(str(path)).fork_versions]


def test_an_unknown_preset_is_refused_with_the_choices(tmp_path: Path) -> None:
    path = config(tmp_path, "GENESIS_FORK_VERSION: 0x00000001\nPRESET_BASE: maximal\n")

    with pytest.raises(ConfigError, match=r"PRESET_BASE of mainnet, minimal, gnosis, swift$"):
        load_network(str(path))


@pytest.mark.parametrize("missing", ["goerli", "mainet", "no/such/config.yaml", "."])
def test_what_is_neither_name_nor_file_is_refused_with_the_choices(missing: str) -> None:
    expected = [*NAMES, "config.yaml", repr(missing)]

    with pytest.raises(ConfigError) as refusal:
        load_network(missing)

    assert expected == [part for part in expected if part in str(refusal.value)]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_known_root_is_preferred_to_the_configured_network(name: str) -> None:
    root = unhex(EXPECTED[name]["genesis_validators_root"])

    network = network_of(root, PRIVATE)

    assert name == network.name


@pytest.mark.parametrize("name", ["MAINNET", "Less-Swift", "LUKSO"])
def test_a_name_is_read_in_any_case(name: str) -> None:
    assert name.lower() == load_network(name).name


def test_a_mistyped_name_is_told_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"found 'hodi': .*; did you mean hoodi\?$"):
        load_network("hodi")


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n"])
def test_an_empty_configuration_is_told_as_such(tmp_path: Path, text: str) -> None:
    path = config(tmp_path, text)

    with pytest.raises(ConfigError, match=f"in {path}, found an empty file"):
        load_network(str(path))


@pytest.mark.parametrize(
    ("name", "slots", "genesis", "deneb"),
    [("lukso", 32, "0x42000001", "0x42000005"), ("less-swift", 4, "0x00000001", "0x04000001")],
)
def test_a_network_of_tekus_has_its_versions(
    name: str, slots: int, genesis: str, deneb: str
) -> None:
    network = load_network(name)

    assert (slots, unhex(genesis)) == (network.slots_per_epoch, network.genesis_fork_version)
    assert unhex(deneb) == network.fork_versions["DENEB"]


@pytest.mark.parametrize("root", [bytes(32), b"\xff" * 32])
def test_an_unknown_root_is_the_configured_network(root: bytes) -> None:
    network = network_of(root, PRIVATE)

    assert PRIVATE is network


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("mainnet", "0x00000000", "PHASE0"),
        ("mainnet", "0x06000000", "FULU"),
        ("mainnet", "0x08000000", "HEZE"),
        ("mainnet", "0x99999999", None),
        ("sepolia", "0x90000076", "GLOAS"),
        ("minimal", "0x04000001", "DENEB"),
    ],
)
def test_a_fork_version_names_its_fork(name: str, version: str, expected: str | None) -> None:
    assert expected == load_network(name).fork_of(unhex(version))


@pytest.mark.parametrize(
    ("fork", "expected"),
    [("CAPELLA", False), ("DENEB", True), ("HEZE", True), (None, False)],
)
def test_forks_are_in_order(fork: str | None, *, expected: bool) -> None:
    assert expected is is_at_least(fork, "DENEB")


@pytest.mark.parametrize(
    ("epoch", "expected"),
    [(353023, None), (353024, "0x90000076"), (353025, "0x90000076")],
)
def test_a_schedule_tells_the_version_of_an_epoch(epoch: int, expected: str | None) -> None:
    version = load_network("sepolia").scheduled_version(epoch)

    assert expected == (version and to_hex(version))


def test_no_slots_in_an_epoch_is_refused(tmp_path: Path) -> None:
    path = config(tmp_path, "GENESIS_FORK_VERSION: 0x00000001\nSLOTS_PER_EPOCH: 0\n")

    with pytest.raises(ConfigError, match="expected SLOTS_PER_EPOCH above 0"):
        load_network(str(path))
