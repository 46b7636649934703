"""The account set of --distributed: its rules, each of which ends the start with exit code 2."""

import json
from pathlib import Path
from typing import Any

import pytest

from signer.errors import ConfigError
from signer.keys.account_set import read_account_set
from support.distributed import KEY, OTHER, account_sets, changed
from support.served import refused
from support.vectors import vectors

GENERATOR = vectors("distributed/threshold-signing.json")["composite_public_key"]
HTTPS = "https://signer-{}.example.com"


def participant(number: int, endpoint: str = HTTPS) -> dict[str, str]:
    return {"id": str(number), "endpoint": endpoint.format(number)}


def account(key: str = GENERATOR) -> dict[str, str]:
    return {"composite_public_key": key, "keystore": "share.json"}


def document(**members: Any) -> dict[str, Any]:
    """An account set of 2 of 3, with some other members."""
    right = {
        "participant_id": "1",
        "signing_threshold": "2",
        "participants": [participant(number) for number in (1, 2, 3)],
        "accounts": [account()],
    }
    return right | members


def written(folder: Path, content: Any) -> Path:
    path = folder / "set.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://signer.example.com",
        "https://signer.example.com:8443",
        "https://10.0.0.7",
        "https://[2001:db8::1]:9000",
        "http://127.0.0.1:9000",
        "http://127.8.8.8",
        "http://localhost:9000",
        "http://[::1]:9000",
    ],
)
def test_an_endpoint_is_https_or_http_of_this_machine(tmp_path: Path, endpoint: str) -> None:
    participants = [participant(1, endpoint), participant(2)]

    account_set = read_account_set(written(tmp_path, document(participants=participants)))

    assert endpoint == account_set.participants[0].endpoint


@pytest.mark.parametrize("threshold", ["1", "2", "3"])
def test_a_threshold_is_from_1_to_the_number_of_participants(
    tmp_path: Path,
    threshold: str,
) -> None:
    account_set = read_account_set(written(tmp_path, document(signing_threshold=threshold)))

    assert int(threshold) == account_set.signing_threshold


def two(first: dict[str, str], second: dict[str, str]) -> dict[str, Any]:
    return document(participants=[first, second])


def at(endpoint: str) -> dict[str, Any]:
    return two(participant(1), participant(2, endpoint))


NO_ORIGIN = "expected each endpoint to be an https origin without path, query or fragment"
WRONG = {
    "no JSON": ("{", "expected an account set as a JSON object"),
    "an unknown member": (document(treshold="2"), "unknown field `treshold`"),
    "a missing member": ({"participant_id": "1"}, "expected this member, found none"),
    "no participants": (document(participants=[]), "participants"),
    "no accounts": (document(accounts=[]), "accounts"),
    "id 0": (two(participant(1), participant(0)), "expected ids above 0, found 0"),
    "a negative id": (document(participant_id="-1"), "an integer from 0 to 2^64 - 1"),
    "an id above 64 bits": (document(participant_id=str(2**64)), "an integer from 0 to 2^64 - 1"),
    "an id twice": (
        two(participant(1), participant(1, "https://b")),
        "expected distinct ids, found 1 2 times",
    ),
    "an endpoint twice": (at(HTTPS.format(1)), "expected distinct endpoints"),
    "an endpoint in another spelling": (
        at("https://SIGNER-1.example.com:443"),
        "expected distinct endpoints, found https://signer-1.example.com:443 2 times",
    ),
    "a slash": (at("https://a/"), NO_ORIGIN),
    "a path": (at("https://a/signer"), NO_ORIGIN),
    "a query": (at("https://a?b=c"), NO_ORIGIN),
    "an empty query": (at("https://a?"), NO_ORIGIN),
    "a fragment": (at("https://a#b"), NO_ORIGIN),
    "a user": (at("https://me@a"), NO_ORIGIN),
    "no host": (at("https://"), NO_ORIGIN),
    "no scheme": (at("a:9000"), NO_ORIGIN),
    "no URL": (at(""), NO_ORIGIN),
    "another scheme": (at("ftp://a:21"), NO_ORIGIN),
    "a port that is none": (at("https://a:port"), NO_ORIGIN),
    "a line break": (at("https://a\n"), NO_ORIGIN),
    "http elsewhere": (at("http://a:9000"), "expected an https endpoint, found http"),
    "http of a name like this machine's": (at("http://localhost.a"), "found http to another"),
    "threshold 0": (document(signing_threshold="0"), "signing_threshold: expected 1 to 3"),
    "a threshold above all": (document(signing_threshold="4"), "expected 1 to 3, the number"),
    "a participant outside": (document(participant_id="4"), "one of 1, 2, 3, found 4"),
    "a key twice": (
        document(accounts=[account(), account(GENERATOR.upper().replace("0X", "0x"))]),
        "expected distinct composite_public_keys",
    ),
    "a short key": (document(accounts=[account(GENERATOR[:-2])]), "expected 48 bytes"),
    "a key that is no point": (
        document(accounts=[account("0x" + "aa" * 48)]),
        "expected composite_public_key to be a compressed point of G1",
    ),
    "infinity": (
        document(accounts=[account("0xc0" + "00" * 47)]),
        "expected composite_public_key to be a compressed point of G1",
    ),
}


@pytest.mark.parametrize(("content", "told"), WRONG.values(), ids=WRONG)
def test_a_set_that_breaks_a_rule_is_refused(tmp_path: Path, content: Any, told: str) -> None:
    path = written(tmp_path, content)

    with pytest.raises(ConfigError) as error:
        read_account_set(path)

    assert str(error.value).startswith(f"{path}: ")
    assert told in str(error.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The account set of the first of three participants."""
    return account_sets(tmp_path / "out")[0]


def test_a_signer_does_not_start_on_a_wrong_set(path: Path) -> None:
    told = refused("--distributed", changed(path, signing_threshold="4"))

    assert f"{path}: signing_threshold: expected 1 to 3" in told


def test_a_signer_does_not_start_without_its_set(tmp_path: Path) -> None:
    told = refused("--distributed", tmp_path / "set.json")

    assert "expected a file, found none at" in told


def test_a_signer_does_not_start_without_a_keystore(path: Path) -> None:
    told = refused(
        "--distributed",
        changed(path, accounts=[{"composite_public_key": KEY, "keystore": "share-1.json"}]),
    )

    assert f"cannot use the share {path.parent}/share-1.json: cannot read" in told


def test_a_signer_does_not_start_on_another_file_for_a_keystore(path: Path) -> None:
    (path.parent / "share.json").write_text("{}")

    told = refused(
        "--distributed",
        changed(path, accounts=[{"composite_public_key": KEY, "keystore": "share.json"}]),
    )

    assert "share.json: expected an EIP-2335 keystore, version 4, found other content" in told


def test_the_whole_key_is_not_served_as_a_share(tmp_path: Path) -> None:
    [whole] = account_sets(tmp_path / "whole", "--split", "1/1")
    more = [participant(number) for number in (1, 2)]

    told = refused("--distributed", changed(whole, signing_threshold="2", participants=more))

    assert "expected a share of 0xa99a76ed.., found the key itself: split it" in told


def test_with_threshold_1_only_the_key_itself_is_served(path: Path) -> None:
    told = refused("--distributed", changed(path, signing_threshold="1"))

    assert "expected a share of 0x" in told
    assert "found another key: a share of threshold 1 is the key itself" in told
    assert OTHER[:10] in told or KEY[:10] in told
