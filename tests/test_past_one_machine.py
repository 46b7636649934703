"""Two signers behind a real nginx, as docs/past-one-machine.md describes."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import proxy
from signer import Signer
from support.known_keys import INTEROP
from support.randao import RANDAO
from support.served import Answer, request
from support.slashable import attestation

pytestmark = pytest.mark.skipif(
    proxy.NGINX is None, reason="expected nginx (apt-get install nginx-light), found none"
)

MNEMONIC = "test test test test test test test test test test test junk"
KEYS_OF_EACH = 8
KEYS_BY_HASH = 32  # so many that both signers have some, whatever their ports are
UNKNOWN = "0x" + "12" * 48


class Pair:
    """Two signers, and nginx in front of them."""

    def __init__(self, first: Signer, second: Signer, served: proxy.Proxy) -> None:
        self.signers = [first, second]
        self.url = served.url
        self.pid = served.pid  # of nginx

    def sign(self, pubkey: str, body: object, accept: str = "application/json") -> Answer:
        path = f"/api/v1/eth2/sign/{pubkey}"
        return request(self.url, "POST", path, body, {"Accept": accept})

    def counts(self, pubkey: str) -> list[int]:
        """How many requests for a key each signer has seen."""
        return [signer.count(pubkey=pubkey) for signer in self.signers]


def ranges(start: int) -> Signer:
    return Signer(mnemonic=MNEMONIC, count=KEYS_OF_EACH, start_index=start, slashing="enforce")


@pytest.fixture
def by_range(tmp_path: Path) -> Iterator[Pair]:
    """Each signer has a range of the keys of a mnemonic."""
    with ranges(0) as first, ranges(KEYS_OF_EACH) as second:
        urls = [first.url, second.url]
        assert f"{2 * KEYS_OF_EACH} keys\n" == proxy.write_keys(tmp_path, urls)
        with proxy.nginx(tmp_path, urls) as served:
            yield Pair(first, second, served)


@pytest.fixture
def by_hash(tmp_path: Path) -> Iterator[Pair]:
    """Both signers have all keys."""
    with (
        Signer(interop=KEYS_BY_HASH, slashing="enforce") as first,
        Signer(interop=KEYS_BY_HASH, slashing="enforce") as second,
    ):
        urls = [first.url, second.url]
        proxy.write_keys(tmp_path, urls, "--hash")
        with proxy.nginx(tmp_path, urls) as served:
            yield Pair(first, second, served)


def test_each_key_is_signed_for_by_the_signer_that_has_it(by_range: Pair) -> None:
    for signer in by_range.signers:
        for pubkey in signer.pubkeys:
            assert 200 == by_range.sign(pubkey, RANDAO).status

    counts = [signer.count(type="RANDAO_REVEAL") for signer in by_range.signers]
    assert [KEYS_OF_EACH, KEYS_OF_EACH] == counts


def test_a_signature_is_the_one_that_the_signer_gives_by_itself(by_range: Pair) -> None:
    second = by_range.signers[1]
    path = f"/api/v1/eth2/sign/{second.pubkeys[3]}"

    for accept in ("application/json", "text/plain"):
        through = by_range.sign(second.pubkeys[3], RANDAO, accept)
        direct = request(second.url, "POST", path, RANDAO, {"Accept": accept})
        assert (direct.status, direct.body) == (through.status, through.body)
        assert direct.headers["content-type"] == through.headers["content-type"]


def test_all_keys_are_listed(by_range: Pair) -> None:
    answer = request(by_range.url, "GET", "/api/v1/eth2/publicKeys")

    first, second = by_range.signers
    assert [*first.pubkeys, *second.pubkeys] == answer.json
    assert "application/json" == answer.headers["content-type"]


def test_keys_that_came_later_are_signed_for_after_a_reload(by_range: Pair, tmp_path: Path) -> None:
    first, second = by_range.signers
    keys = second.add_keys(interop=8)
    proxy.write_keys(tmp_path, [first.url, second.url])
    os.kill(by_range.pid, signal.SIGHUP)  # what `nginx -s reload` sends

    statuses = [404]
    deadline = time.monotonic() + 10
    while set(statuses) != {200}:  # old workers answer until the new ones are there
        assert time.monotonic() < deadline
        statuses = [by_range.sign(key, RANDAO).status for key in keys]

    assert {*keys} < {*request(by_range.url, "GET", "/api/v1/eth2/publicKeys").json}


def test_slashing_protection_holds_for_each_key(by_range: Pair) -> None:
    keys = [signer.pubkeys[0] for signer in by_range.signers]

    first = [by_range.sign(key, attestation(7)).status for key in keys]
    second = [by_range.sign(key, attestation(7, root=1)).status for key in keys]

    assert ([200, 200], [412, 412]) == (first, second)


def test_an_unknown_key_has_the_error_of_a_signer(by_range: Pair) -> None:
    answer = by_range.sign(UNKNOWN, RANDAO)

    assert 404 == answer.status
    assert "loaded public keys" in answer.json["message"]


@pytest.mark.parametrize("pubkey", ["0x" + "AB" * 48, "0x12", "nonsense"])
def test_a_key_in_another_spelling_is_refused(by_range: Pair, pubkey: str) -> None:
    answer = by_range.sign(pubkey, RANDAO)

    assert 404 == answer.status
    assert "lower-case" in answer.json["message"]


def test_a_key_without_its_prefix_goes_to_the_same_signer(by_hash: Pair) -> None:
    keys = by_hash.signers[0].pubkeys
    for pubkey in keys:
        by_hash.sign(pubkey, RANDAO)
        by_hash.sign(pubkey.removeprefix("0x"), RANDAO)

    assert [[0, 2]] * KEYS_BY_HASH == [sorted(by_hash.counts(pubkey)) for pubkey in keys]


def test_a_hash_sends_each_key_to_one_signer_and_uses_both(by_hash: Pair) -> None:
    keys = by_hash.signers[0].pubkeys
    for pubkey in keys * 3:
        assert 200 == by_hash.sign(pubkey, RANDAO).status

    assert [[0, 3]] * KEYS_BY_HASH == [sorted(by_hash.counts(pubkey)) for pubkey in keys]
    assert 0 < by_hash.signers[0].count(type="RANDAO_REVEAL") < 3 * KEYS_BY_HASH


def test_no_key_moves_to_another_signer_while_its_own_is_down(by_hash: Pair) -> None:
    first, second = by_hash.signers
    keys = first.pubkeys
    for pubkey in keys:
        by_hash.sign(pubkey, attestation(7))
    keys_of_second = {record.pubkey for record in second.requests if record.pubkey}
    second.stop()

    down = [by_hash.sign(key, attestation(7, root=1)).status for key in keys * 2]
    second.start()
    up = [by_hash.sign(key, attestation(7, root=1)).status for key in keys]

    assert [502 if key in keys_of_second else 412 for key in keys * 2] == down
    assert [412] * KEYS_BY_HASH == up
    assert keys_of_second.isdisjoint(record.pubkey for record in first.requests)


def batch(pair: Pair, name: str, keys: list[str]) -> dict[str, int]:
    """The status of each key of a batch that is sent to a signer through nginx."""
    path = f"/signers/{name}/api/v1/eth2/sign"
    body = {"identifiers": keys, "signing_request": RANDAO}
    results = request(pair.url, "POST", path, body).json
    return {r["identifier"]: r.get("error", {"code": 200})["code"] for r in results}


def test_a_client_splits_a_batch_by_signer(by_range: Pair) -> None:
    first, second = by_range.signers

    assert dict.fromkeys(first.pubkeys, 200) == batch(by_range, "one", first.pubkeys)
    assert dict.fromkeys(second.pubkeys, 200) == batch(by_range, "two", second.pubkeys)


def test_a_client_sends_a_batch_to_each_signer_and_takes_what_is_signed(by_range: Pair) -> None:
    keys = [key for signer in by_range.signers for key in signer.pubkeys]

    results = [batch(by_range, name, keys) for name in proxy.NAMES]

    assert [[200, 404]] * len(keys) == [sorted(result[key] for result in results) for key in keys]


def test_a_batch_that_names_no_signer_is_refused(by_range: Pair) -> None:
    body = {"identifiers": by_range.signers[0].pubkeys, "signing_request": RANDAO}

    assert 404 == request(by_range.url, "POST", "/api/v1/eth2/sign", body).status


def test_each_signer_has_the_records_of_its_own_keys_only(by_range: Pair) -> None:
    first, second = by_range.signers
    by_range.sign(first.pubkeys[0], RANDAO)
    by_range.sign(second.pubkeys[0], RANDAO)

    signed = [[r.pubkey for r in signer.requests if r.pubkey] for signer in by_range.signers]
    assert [[first.pubkeys[0]], [second.pubkeys[0]]] == signed


def test_a_signer_that_is_down_shows_in_the_health(by_range: Pair) -> None:
    by_range.signers[1].stop()

    statuses = [request(by_range.url, "GET", "/upcheck").status for _ in range(4)]

    assert [200, 200, 502, 502] == sorted(statuses)


def test_a_key_in_two_signers_is_an_error_when_they_are_told_by_range(tmp_path: Path) -> None:
    with (
        Signer(interop=2) as first,
        Signer(interop=1) as second,
        pytest.raises(subprocess.CalledProcessError) as failed,
    ):
        proxy.write_keys(tmp_path, [first.url, second.url])

    assert f"expected {INTEROP[0]} in one signer, found it in one and two\n" == failed.value.stderr


PAGE = (proxy.RECIPES.parent.parent / "docs" / "past-one-machine.md").read_text("utf-8")
RECIPE = (proxy.RECIPES / "nginx.conf").read_text("utf-8")


def test_the_page_and_the_recipe_start_the_same_signers() -> None:
    told = [line for line in PAGE.splitlines() if line.startswith("signer serve ")]

    assert 2 == len(told)
    assert told == [line[4:] for line in RECIPE.splitlines() if line.startswith("#   signer serve")]
    for line, port in zip(told, proxy.PORTS, strict=True):
        assert f"--port {port} " in line
        assert 3 == RECIPE.count(f"server 127.0.0.1:{port}")


def test_the_page_and_the_recipe_find_the_keys_alike() -> None:
    commands = [line for line in PAGE.splitlines() if line.startswith("python nginx_keys.py")]

    assert [f"#   {command}" in RECIPE for command in commands] == [True]


def test_nginx_holds_the_keys_of_many_validators(tmp_path: Path) -> None:
    lines = [f"{number:096x} {proxy.NAMES[number % 2]};" for number in range(50_000)]
    (tmp_path / "keys.map").write_text("\n".join(lines))
    (tmp_path / "public_keys.json").write_text("[]")

    with Signer(interop=1) as signer, proxy.nginx(tmp_path, [signer.url]) as served:
        path = f"/api/v1/eth2/sign/0x{49_999:096x}"
        answer = request(served.url, "POST", path, RANDAO)

    assert 404 == answer.status
    assert "loaded public keys" in answer.json["message"]
