"""Voluntary exits (EIP-7044): which fork they are signed for, on which network."""

from typing import Any

import pytest

from signer.errors import SigningRootError
from signer.spec.network_files import load_network
from signer.spec.networks import Network
from support.hashing import container, domain, signing_root, uint64
from support.requests import CASES, PRIVATE, PRIVATE_ROOT, private_fork, root_of

EXIT_DOMAIN = "0x04000000"


def exit_request(previous: str, current: str, exit_epoch: int, **root: str) -> dict[str, Any]:
    """An exit on a chain whose genesis validators root nobody knows; its fork is of epoch 100."""
    return {
        "type": "VOLUNTARY_EXIT",
        "fork_info": private_fork(previous, current, epoch=100),
        "voluntary_exit": {"epoch": str(exit_epoch), "validator_index": "7"},
        **root,
    }


def exit_root(version: str, exit_epoch: int) -> str:
    object_root = container(uint64(str(exit_epoch)), uint64("7"))
    return signing_root(object_root, domain(EXIT_DOMAIN, version, PRIVATE_ROOT))


@pytest.mark.parametrize("configured", ["mainnet", "hoodi", "gnosis", "minimal"])
@pytest.mark.parametrize("network", ["mainnet", "sepolia", "hoodi", "gnosis", "chiado"])
def test_an_exit_on_a_known_network_is_for_its_capella_whatever_is_configured(
    network: str, configured: str
) -> None:
    of_network = [
        case for case in CASES if (case["network"], case["type"]) == (network, "VOLUNTARY_EXIT")
    ]

    roots = {
        case["name"]: root_of(case["request"], load_network(configured)) for case in of_network
    }

    assert {case["name"]: case["signing_root"] for case in of_network} == roots


@pytest.mark.parametrize("exit_epoch", [0, 99, 100, 101])
@pytest.mark.parametrize(
    ("previous", "current"),
    [
        ("0x40000042", "0x50000042"),
        ("0x50000042", "0x60000042"),
        ("0x60000042", "0x70000042"),
        ("0x40000042", "0x40000042"),
    ],
)
def test_an_exit_on_the_configured_network_is_for_its_capella_from_deneb_on(
    previous: str, current: str, exit_epoch: int
) -> None:
    request = exit_request(previous, current, exit_epoch)

    root = root_of(request, PRIVATE)

    assert exit_root("0x40000042", exit_epoch) == root


@pytest.mark.parametrize(
    ("exit_epoch", "version"), [(99, "0x30000042"), (100, "0x40000042"), (101, "0x40000042")]
)
def test_an_exit_on_the_configured_network_follows_the_fork_before_deneb(
    exit_epoch: int, version: str
) -> None:
    request = exit_request("0x30000042", "0x40000042", exit_epoch)

    root = root_of(request, PRIVATE)

    assert exit_root(version, exit_epoch) == root


@pytest.mark.parametrize("exit_epoch", [99, 100])
def test_an_exit_is_for_capella_on_a_network_that_does_not_list_every_fork(exit_epoch: int) -> None:
    listed = ["PHASE0", "CAPELLA", "DENEB"]
    network = Network("few forks", 8, {fork: PRIVATE.fork_versions[fork] for fork in listed})
    request = exit_request("0x40000042", "0x50000042", exit_epoch)

    root = root_of(request, network)

    assert exit_root("0x40000042", exit_epoch) == root


# of the configured networks, the second has no genesis validators root of its own
CONFIGURED = [("mainnet", "0x03000000"), ("minimal", "0x03000001")]


@pytest.mark.parametrize("member", ["signing_root", "signingRoot"])
@pytest.mark.parametrize("exit_epoch", [99, 100])
@pytest.mark.parametrize("version", ["0x60000042", "0x70000042"], ids=["previous", "current"])
@pytest.mark.parametrize("configured", [configured for configured, _ in CONFIGURED])
def test_an_exit_on_an_unknown_network_is_for_the_fork_of_the_root_sent(
    configured: str, version: str, exit_epoch: int, member: str
) -> None:
    sent = exit_root(version, exit_epoch)
    request = exit_request("0x60000042", "0x70000042", exit_epoch, **{member: sent})

    root = root_of(request, load_network(configured))

    assert sent == root


@pytest.mark.parametrize("exit_epoch", [99, 100])
@pytest.mark.parametrize(("configured", "capella"), CONFIGURED)
def test_an_exit_on_an_unknown_network_may_be_for_the_configured_capella_by_its_root(
    configured: str, capella: str, exit_epoch: int
) -> None:
    sent = exit_root(capella, exit_epoch)
    request = exit_request("0x60000042", "0x70000042", exit_epoch, signingRoot=sent)

    root = root_of(request, load_network(configured))

    assert sent == root


@pytest.mark.parametrize("configured", [configured for configured, _ in CONFIGURED])
def test_an_exit_on_an_unknown_network_is_refused_for_any_other_fork(configured: str) -> None:
    sent = exit_root("0x50000042", 100)
    request = exit_request("0x60000042", "0x70000042", 100, signingRoot=sent)

    with pytest.raises(SigningRootError, match=rf"found {sent}.*--network"):
        root_of(request, load_network(configured))


@pytest.mark.parametrize(
    ("exit_epoch", "version"), [(99, "0x60000042"), (100, "0x70000042"), (101, "0x70000042")]
)
@pytest.mark.parametrize("configured", [configured for configured, _ in CONFIGURED])
def test_an_exit_on_an_unknown_network_follows_the_fork_if_no_root_is_sent(
    configured: str, exit_epoch: int, version: str
) -> None:
    request = exit_request("0x60000042", "0x70000042", exit_epoch)

    root = root_of(request, load_network(configured))

    assert exit_root(version, exit_epoch) == root
