"""Keystores: EIP-2335's own, broken and hostile ones, and the layouts that tools write."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from signer._core import Kdf, SecretKey, decrypt, encrypt
from signer.errors import KeystoreError, SignerError, WrongPasswordError
from signer.keys.finder import KeystoreFile, find
from signer.keys.keyring import Key, LoadFailure
from signer.keys.keystore import normalise_password, parse, seal
from signer.keys.keystore_folder import KeystoreFolder
from signer.threads import pool
from support.hostile_keystores import ACCEPTED, EITHER, MANIFEST, REJECTED, content, name
from support.keystores import KEY, OTHER, PASSWORD, SECRET, document, parsed
from support.vectors import unhex, vectors

EIP2335: Any = vectors("eip2335/manifest.json")
HURRIED = [case for case in MANIFEST if "max_seconds" in case]
SPARING = [case for case in MANIFEST if "max_extra_memory_mib" in case]

MIB = 1 << 20
RUSAGE_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes in a unit of ru_maxrss

# Loads the folders below argv[1] one after the other; prints what that added to the peak
MEASURE_MEMORY = """
import resource, sys
from pathlib import Path
from signer.keys.keystore_folder import KeystoreFolder
from signer.threads import pool

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

before = peak()
for folder in sorted(Path(sys.argv[1]).iterdir()):
    with pool() as threads:
        KeystoreFolder(folder, None, folder / "password").load(threads, lambda line: None)
    print(peak() - before, folder.name)
"""


def write(folder: Path, case: Any) -> Path:
    """A folder with one case's keystore and its password."""
    folder.mkdir(exist_ok=True)
    (folder / "keystore.json").write_bytes(content(name(case)))
    (folder / "password").write_bytes(case["password"].encode())
    return folder


class Loaded(NamedTuple):
    pubkeys: list[bytes]
    failures: list[LoadFailure]
    lines: list[str]


def load(folder: Path, passwords_path: Path | None = None) -> Loaded:
    lines: list[str] = []
    common = folder / "password"
    password_file = common if common.exists() else None
    with pool() as threads:
        keystores = KeystoreFolder(folder, passwords_path, password_file)
        keys, failures = keystores.load(threads, lines.append)
    return Loaded([key.pubkey for key in keys], failures, lines)


@pytest.mark.parametrize("file", EIP2335["keystores"])
def test_the_keystores_of_eip_2335_open_to_its_secret(file: str) -> None:
    keystore = parsed(vectors(f"eip2335/{file}"))

    key = keystore.open(EIP2335["password"])

    assert SecretKey.from_bytes(unhex(EIP2335["secret"])).public_key() == key.pubkey


def test_the_password_of_eip_2335_is_encoded_as_published() -> None:
    password = EIP2335["password"]

    encoded = normalise_password(password)

    assert unhex(EIP2335["encoded_password"]) == encoded


@pytest.mark.parametrize(
    ("password", "encoded"),
    [
        pytest.param("a\x00b\x1fc\x7fd", b"abcd", id="c0-and-del"),
        pytest.param("a\x80b\x85c\x9fd", b"abcd", id="c1"),
        pytest.param("pass\r\n", b"pass", id="line-ending"),
        pytest.param(" pass word ", b" pass word ", id="spaces-stay"),
        pytest.param("\u00e9", b"e\xcc\x81", id="decomposed"),
        pytest.param("\u00a0", b" ", id="no-break-space"),
        pytest.param("\U0001f511", b"\xf0\x9f\x94\x91", id="emoji"),
    ],
)
def test_a_password_is_decomposed_and_has_no_control_codes(password: str, encoded: bytes) -> None:
    normalised = normalise_password(password)

    assert encoded == normalised


@pytest.mark.parametrize("case", ACCEPTED, ids=name)
def test_an_unusual_keystore_is_accepted(tmp_path: Path, case: Any) -> None:
    folder = write(tmp_path, case)

    loaded = load(folder)

    assert [unhex(case["pubkey"])] == loaded.pubkeys
    assert [SecretKey.from_bytes(unhex(case["secret"])).public_key()] == loaded.pubkeys
    assert [] == loaded.failures


@pytest.mark.parametrize("case", REJECTED, ids=name)
def test_a_broken_keystore_is_rejected(tmp_path: Path, case: Any) -> None:
    folder = write(tmp_path, case)

    loaded = load(folder)

    assert [] == loaded.pubkeys


@pytest.mark.parametrize("case", EITHER, ids=name)
def test_a_doubtful_keystore_gives_its_key_or_a_failure(tmp_path: Path, case: Any) -> None:
    folder = write(tmp_path, case)

    loaded = load(folder)

    outcomes = [([KEY.public_key()], 0), ([], 1)]
    assert (loaded.pubkeys, len(loaded.failures)) in outcomes


@pytest.mark.parametrize("case", HURRIED, ids=name)
def test_a_hostile_keystore_takes_no_longer_than_allowed(tmp_path: Path, case: Any) -> None:
    folder = write(tmp_path, case)

    started = time.monotonic()
    load(folder)
    seconds = time.monotonic() - started

    assert case["max_seconds"] > seconds


def test_hostile_keystores_take_no_more_memory_than_allowed(tmp_path: Path) -> None:
    for case in SPARING:
        write(tmp_path / name(case), case)

    measured = subprocess.run(
        [sys.executable, "-c", MEASURE_MEMORY, tmp_path], capture_output=True, text=True, check=True
    )

    extra = {
        folder: int(units) * RUSAGE_UNIT / MIB
        for units, folder in map(str.split, measured.stdout.splitlines())
    }
    allowed = {name(case): case["max_extra_memory_mib"] for case in SPARING}
    assert allowed.keys() == extra.keys()
    assert {} == {folder: mib for folder, mib in extra.items() if mib > allowed[folder]}


@pytest.mark.parametrize(
    "case", [case for case in REJECTED if case["password"] == PASSWORD], ids=name
)
def test_a_rejection_tells_neither_password_nor_secret(tmp_path: Path, case: Any) -> None:
    folder = write(tmp_path, case)

    loaded = load(folder)

    assert PASSWORD not in "".join(loaded.lines)
    assert SECRET.hex() not in "".join(loaded.lines)


def test_a_file_of_one_mebibyte_is_read(tmp_path: Path) -> None:
    sealed = seal(Key(KEY), PASSWORD, cost=1)
    (tmp_path / "large.json").write_bytes(sealed.ljust(MIB))
    (tmp_path / "password").write_text(PASSWORD)

    loaded = load(tmp_path)

    assert [KEY.public_key()] == loaded.pubkeys


def test_a_larger_file_is_refused_and_named(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_bytes(seal(Key(KEY), PASSWORD, cost=1).ljust(MIB + 1))

    [found] = find(tmp_path)

    assert isinstance(found, LoadFailure)
    assert str(path) == found[0]
    assert f"expected at most {MIB} bytes in {path}, found more" == str(found[1])


@pytest.mark.parametrize(
    ("kdf", "params", "named"),
    [
        pytest.param("scrypt", {"n": 1 << 40}, ["256 MiB", f"n={1 << 40}"], id="n-2^40"),
        pytest.param("scrypt", {"n": 1 << 19}, ["256 MiB", f"n={1 << 19}"], id="n-2^19"),
        pytest.param("scrypt", {"n": 3}, ["power of two", "found 3"], id="n-3"),
        pytest.param("scrypt", {"n": 1}, ["power of two", "found 1"], id="n-1"),
        pytest.param("scrypt", {"n": 0}, ["power of two", "found 0"], id="n-0"),
        pytest.param("scrypt", {"dklen": 16}, ["dklen of 32", "found 16"], id="dklen-16"),
        pytest.param("pbkdf2", {"dklen": 16}, ["dklen of 32", "found 16"], id="pbkdf2-dklen-16"),
        pytest.param(
            "scrypt",
            {"r": 1 << 15, "p": 1 << 15},
            ["n r p <= 2^23", "r=32768 p=32768"],
            id="r-p-2^30",
        ),
        pytest.param(
            "scrypt",
            {"r": 1 << 62, "p": 1 << 62},
            ["n r p <= 2^23", f"r={1 << 62} p={1 << 62}"],
            id="r-p-2^124",
        ),
        pytest.param("scrypt", {"p": 1 << 30}, ["n r p <= 2^23", f"p={1 << 30}"], id="p-2^30"),
        pytest.param("scrypt", {"p": 0}, ["p=0"], id="p-0"),
        pytest.param("scrypt", {"r": 0}, ["r=0"], id="r-0"),
        pytest.param("scrypt", {"n": 1 << 63}, ["n"], id="n-2^63"),
        pytest.param("pbkdf2", {"c": 0}, ["between 1 and 2^24", "found 0"], id="c-0"),
        pytest.param(
            "pbkdf2",
            {"c": (1 << 24) + 1},
            ["between 1 and 2^24", "found 16777217"],
            id="c-2^24-plus-1",
        ),
        pytest.param("pbkdf2", {"c": 1 << 64}, ["c"], id="c-2^64"),
        pytest.param("pbkdf2", {"c": -1}, ["c"], id="c-minus-1"),
        pytest.param("pbkdf2", {"prf": "hmac-sha512"}, ["hmac-sha512"], id="prf"),
    ],
)
def test_parameters_outside_the_bounds_are_refused_and_named(
    kdf: str, params: Any, named: list[str]
) -> None:
    refused = document(kdf, **params)

    with pytest.raises(KeystoreError) as refusal:
        parsed(refused).crypto.kdf.checked()

    assert named == [part for part in named if part in str(refusal.value)]


@pytest.mark.parametrize(
    "kdf",
    [
        pytest.param(Kdf.scrypt(2, 1, 1, 32, b"salt"), id="scrypt-n-2"),
        pytest.param(Kdf.pbkdf2(1, 32, b"salt"), id="pbkdf2-c-1"),
        pytest.param(Kdf.pbkdf2(1, 32, b""), id="no-salt"),
    ],
)
def test_weak_parameters_are_welcome(kdf: Kdf) -> None:
    iv = bytes(16)
    ciphertext, checksum = encrypt(kdf, b"password", iv, KEY)

    key = decrypt(kdf, b"password", iv, ciphertext, checksum)

    assert KEY.public_key() == key.public_key()


@pytest.mark.parametrize(("kdf", "cost"), [("scrypt", 2), ("pbkdf2", 1)])
@pytest.mark.parametrize("password", ["testpassword", "", "p\u00e4ss \U0001f511"])
def test_what_is_sealed_opens_again(kdf: str, cost: int, password: str) -> None:
    keystore = parsed(json.loads(seal(Key(KEY), password, kdf=kdf, cost=cost)))

    key = keystore.open(password)

    assert KEY.public_key() == keystore.declared_pubkey
    assert KEY.sign(bytes(32)) == key.secret_key.sign(bytes(32))


def test_no_two_seals_are_alike() -> None:
    first, second = (json.loads(seal(Key(KEY), PASSWORD, cost=1)) for _ in range(2))

    first_crypto, second_crypto = first["crypto"], second["crypto"]

    assert first_crypto["kdf"]["params"]["salt"] != second_crypto["kdf"]["params"]["salt"]
    assert first_crypto["cipher"]["params"]["iv"] != second_crypto["cipher"]["params"]["iv"]
    assert first["uuid"] != second["uuid"]


@pytest.mark.parametrize("kdf", ["scrypt", "pbkdf2"])
def test_a_wrong_password_is_refused_without_repeating_it(kdf: str) -> None:
    keystore = parsed(document(kdf))

    with pytest.raises(WrongPasswordError) as refusal:
        keystore.open("incorrect donkey")

    assert "donkey" not in str(refusal.value)


@pytest.mark.parametrize(
    ("part", "broken"),
    [
        pytest.param("checksum", {"message": "ab" * 31}, id="short-checksum"),
        pytest.param("checksum", {"message": "ab" * 32}, id="other-checksum"),
        pytest.param("checksum", {"message": PASSWORD}, id="password-as-checksum"),
        pytest.param("cipher", {"message": SECRET.hex()}, id="secret-as-ciphertext"),
        pytest.param("cipher", {"message": SECRET.hex() + "00"}, id="33-bytes-of-ciphertext"),
        pytest.param("cipher", {"params": {"iv": SECRET.hex()}}, id="secret-as-iv"),
    ],
)
def test_a_refusal_tells_neither_password_nor_secret(part: str, broken: Any) -> None:
    fields = document()
    crypto = fields["crypto"] | {part: fields["crypto"][part] | broken}
    keystore = parsed(fields | {"crypto": crypto})

    with pytest.raises(SignerError) as refusal:
        keystore.open(PASSWORD)

    assert SECRET.hex() not in str(refusal.value)
    assert PASSWORD not in str(refusal.value)


def test_a_keystore_whose_pubkey_differs_is_refused() -> None:
    keystore = parsed(document() | {"pubkey": OTHER.public_key().hex()})

    with pytest.raises(KeystoreError) as refusal:
        keystore.open(PASSWORD)

    assert f"0x{OTHER.public_key().hex()}" in str(refusal.value)
    assert f"0x{KEY.public_key().hex()}" in str(refusal.value)


@pytest.mark.parametrize("pubkey", [None, ""])
def test_a_keystore_may_keep_quiet_about_its_pubkey(pubkey: str | None) -> None:
    keystore = parsed(document() | {"pubkey": pubkey})

    key = keystore.open(PASSWORD)

    assert keystore.declared_pubkey is None
    assert KEY.public_key() == key.pubkey


def test_a_keystore_may_have_no_pubkey() -> None:
    fields = document()
    del fields["pubkey"]

    key = parsed(fields).open(PASSWORD)

    assert KEY.public_key() == key.pubkey


@pytest.mark.parametrize("prefix", ["", "0x"])
def test_a_pubkey_may_have_a_prefix(prefix: str) -> None:
    keystore = parsed(document() | {"pubkey": prefix + KEY.public_key().hex().upper()})

    declared = keystore.declared_pubkey

    assert KEY.public_key() == declared


@pytest.mark.parametrize("content", [b"[]", b"{}", b"null", b"1", b'{"pubkey": "00"}'])
def test_json_without_crypto_is_no_keystore_at_all(content: bytes) -> None:
    keystore = parse(content)

    assert keystore is None


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="unclosed"),
        pytest.param(b"\xff", id="no-utf-8"),
        pytest.param(b"[" * 100_000, id="nested-arrays"),
        pytest.param(b'{"a":' * 100_000, id="nested-objects"),
        pytest.param(b'{"crypto": {}, "version": 4}', id="empty-crypto"),
        pytest.param(b'{"crypto": {}, "crypto": {}}', id="two-cryptos"),
        pytest.param(b'{"crypto": ' + b"1" * 5000 + b"}", id="5000-digits"),
        pytest.param(b'{"crypto": {"kdf": {"function": "\\ud800"}}}', id="lone-surrogate"),
        pytest.param(b'{"\\ud800": 1, "crypto": {}}', id="lone-surrogate-as-name"),
    ],
)
def test_what_is_no_keystore_document_is_refused(content: bytes) -> None:
    with pytest.raises(KeystoreError, match=r"^expected (a|an EIP-2335) keystore"):
        parse(content)


class Layout(NamedTuple):
    """Where a tool keeps keystores and passwords, for `str.format` with `pubkey` and `index`."""

    keystore: str
    password_file: str
    folder: str
    passwords_path: str | None = None
    common_password_file: str | None = None
    password: str = "password of key {index}"


LAYOUTS = {
    "web3signer": Layout(
        "keys/0x{pubkey}.json", "secrets/0x{pubkey}.txt", "keys", passwords_path="secrets"
    ),
    "teku": Layout("teku-keys/0x{pubkey}.json", "teku-secrets/0x{pubkey}.txt", "teku-keys"),
    "lodestar": Layout("keys/0x{pubkey}.json", "lodestar-secrets/0x{pubkey}", "keys"),
    "lighthouse": Layout("keys/0x{pubkey}/voting-keystore.json", "secrets/0x{pubkey}", "keys"),
    "lighthouse-elsewhere": Layout(
        "validators/0x{pubkey}/voting-keystore.json",
        "passwords/0x{pubkey}",
        "validators",
        passwords_path="passwords",
    ),
    "nimbus": Layout("validators/0x{pubkey}/keystore.json", "secrets/0x{pubkey}", "validators"),
    "charon": Layout(
        "validator_keys/keystore-{index}.json",
        "validator_keys/keystore-{index}.txt",
        "validator_keys",
    ),
    "charon-of-a-node": Layout(
        "cluster/node0/validator_keys/keystore-{index}.json",
        "cluster/node0/validator_keys/keystore-{index}.txt",
        "cluster",
    ),
    "deposit-cli": Layout(
        "validator_keys/keystore-m_12381_3600_{index}_0_0-1700000000.json",
        "password.txt",
        "validator_keys",
        common_password_file="password.txt",
        password="the password of all of them\n",
    ),
}


def below(root: Path, path: str | None) -> Path | None:
    return root / path if path else None


def lay_out(root: Path, layout: Layout, keys: list[SecretKey]) -> None:
    for index, key in enumerate(keys):
        names = {"pubkey": key.public_key().hex(), "index": index}
        password = layout.password.format(**names)
        for path, text in (
            (layout.keystore, seal(Key(key), password, cost=1)),
            (layout.password_file, password.encode()),
        ):
            file = root / path.format(**names)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text)
    (root / layout.folder / "deposit_data-1700000000.json").write_text('[{"pubkey": "00"}]')


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_keys_of_a_layout_open(tmp_path: Path, layout: Layout) -> None:
    lay_out(tmp_path, layout, [KEY, OTHER])
    passwords_path = below(tmp_path, layout.passwords_path)
    password_file = below(tmp_path, layout.common_password_file)

    found = list(find(tmp_path / layout.folder, passwords_path, password_file))

    opened = {
        file.keystore.open(file.password()).pubkey
        for file in found
        if isinstance(file, KeystoreFile)
    }
    assert {KEY.public_key(), OTHER.public_key()} == opened
    assert 1 == found.count(None)


def test_passwords_are_found_at_any_height_below_the_folder(tmp_path: Path) -> None:
    for node, key in ("a", KEY), ("b", OTHER):
        lay_out(tmp_path / "nodes" / node, LAYOUTS["lighthouse"], [key])

    loaded = load(tmp_path)

    assert {KEY.public_key(), OTHER.public_key()} == set(loaded.pubkeys)
    assert [] == loaded.failures


def test_deposit_data_beside_keystores_is_skipped(tmp_path: Path) -> None:
    lay_out(tmp_path, LAYOUTS["charon"], [KEY])

    loaded = load(tmp_path / "validator_keys")

    assert [KEY.public_key()] == loaded.pubkeys
    assert loaded.lines[-1].endswith(", 0 failed, skipped 1 files that have no key")


def test_a_missing_password_is_told_with_the_places_tried(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "a.json"
    path.parent.mkdir()
    path.write_bytes(seal(Key(KEY), PASSWORD, cost=1))
    pubkey = f"0x{KEY.public_key().hex()}"
    folders = [path.parent, *(tmp_path / name for name in ("secrets", "lodestar-secrets"))]
    [file] = find(path.parent)
    assert isinstance(file, KeystoreFile)

    with pytest.raises(KeystoreError) as refusal:
        file.password()

    message, places = str(refusal.value).split(": ")
    names, _, tried = places.partition(" in ")
    assert "expected a password file, found none of" == message
    assert {"a.txt", pubkey, f"{pubkey}.txt"} <= set(names.split(", "))
    assert set(map(str, folders)) <= set(tried.split(", "))


def test_a_missing_password_is_looked_for_only_where_passwords_are_said_to_be(
    tmp_path: Path,
) -> None:
    lay_out(tmp_path, LAYOUTS["charon"], [KEY])
    elsewhere = tmp_path / "elsewhere"

    loaded = load(tmp_path / "validator_keys", elsewhere)

    [failure] = loaded.failures
    names, _, folders = failure.reason.split(": ")[1].partition(" in ")
    assert "keystore-0.txt" in names.split(", ")
    assert str(elsewhere) == folders


@pytest.mark.parametrize("opening", ["a", "b"])
def test_the_same_key_in_two_layouts_is_opened_once_by_the_copy_that_opens(
    tmp_path: Path, opening: str
) -> None:
    for folder in ("a", "b"):
        password = PASSWORD if folder == opening else "wrong: opening this one fails"
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "keystore.json").write_bytes(seal(Key(KEY), PASSWORD, cost=1))
        (tmp_path / folder / "keystore.txt").write_text(password)

    loaded = load(tmp_path)

    assert [KEY.public_key()] == loaded.pubkeys
    assert [] == loaded.failures
    assert loaded.lines[-1].startswith("loaded 1 keystores from ")


@pytest.fixture
def one_good_among_bad(tmp_path: Path) -> Path:
    """Four keystores, of which only `good.json` can be opened."""
    quiet = document()
    del quiet["pubkey"]
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "good.json").write_bytes(seal(Key(OTHER), PASSWORD, cost=1))
    (tmp_path / "good.txt").write_text(PASSWORD)
    (tmp_path / "unpaired.json").write_text(json.dumps(quiet))
    (tmp_path / "wrong.json").write_bytes(seal(Key(KEY), PASSWORD, cost=1))
    (tmp_path / "wrong.txt").write_text("incorrect donkey")
    return tmp_path


def test_failures_are_listed_with_file_and_reason_and_the_rest_loads(
    one_good_among_bad: Path,
) -> None:
    loaded = load(one_good_among_bad)

    reasons = {
        "broken.json": "expected a keystore as JSON",
        "unpaired.json": "expected a password file, found none of",
        "wrong.json": "the password does not open the keystore",
    }
    assert [OTHER.public_key()] == loaded.pubkeys
    assert {str(one_good_among_bad / file): reason for file, reason in reasons.items()} == {
        failure.source: failure.reason.partition(":")[0] for failure in loaded.failures
    }


def test_the_last_lines_of_the_report_say_how_many_failed_and_why(one_good_among_bad: Path) -> None:
    loaded = load(one_good_among_bad)

    total, *reasons = loaded.lines[-4:]
    assert total.startswith(f"loaded 1 keystores from {one_good_among_bad} in ")
    assert total.endswith(" s, 3 failed")
    assert [f"  failed: {source}: {reason}" for source, reason in loaded.failures] == reasons


def test_a_report_tells_no_password(one_good_among_bad: Path) -> None:
    loaded = load(one_good_among_bad)

    assert "donkey" not in "".join(loaded.lines)
    assert PASSWORD not in "".join(loaded.lines)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        pytest.param("bad.txt", b"\xff\xfe", id="password-in-no-utf-8"),
        pytest.param("bad.json", b'{"\\ud800": 1, "crypto": {}}', id="keystore-with-a-surrogate"),
        pytest.param("bad.json", b"[" * 100_000, id="keystore-nested-deeply"),
        pytest.param("bad.txt", b"x" * (MIB + 1), id="password-above-a-mebibyte"),
    ],
)
def test_a_hostile_file_fails_by_itself(tmp_path: Path, file: str, content: bytes) -> None:
    for stem, key in (("bad", KEY), ("good", OTHER)):
        (tmp_path / f"{stem}.json").write_bytes(seal(Key(key), PASSWORD, cost=1))
        (tmp_path / f"{stem}.txt").write_text(PASSWORD)
    (tmp_path / file).write_bytes(content)

    loaded = load(tmp_path)

    assert [OTHER.public_key()] == loaded.pubkeys
    assert [str(tmp_path / "bad.json")] == [failure.source for failure in loaded.failures]


def test_a_folder_with_keys_and_secrets_in_it_loads(tmp_path: Path) -> None:
    pubkey = f"0x{KEY.public_key().hex()}"
    (tmp_path / "keys" / pubkey).mkdir(parents=True)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "keys" / pubkey / "voting-keystore.json").write_bytes(
        seal(Key(KEY), PASSWORD, cost=1)
    )
    (tmp_path / "secrets" / pubkey).write_text(PASSWORD)

    loaded = load(tmp_path)

    assert [KEY.public_key()] == loaded.pubkeys


def test_a_byte_order_mark_is_no_part_of_a_password(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(seal(Key(KEY), PASSWORD, cost=1))
    (tmp_path / "a.txt").write_text(PASSWORD, encoding="utf-8-sig")

    loaded = load(tmp_path)

    assert [KEY.public_key()] == loaded.pubkeys


FIRST_OF_ALL = f"""
import sys, threading
from signer.keys.keystore import parse
sys.setswitchinterval(1e-6)
together = threading.Barrier(8)
def read():
    together.wait()
    parse({seal(Key(KEY), PASSWORD, cost=2)!r})
threads = [threading.Thread(target=read) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


@pytest.mark.parametrize("attempt", range(4))
def test_threads_may_be_the_first_to_read_a_keystore_together(attempt: int) -> None:
    done = subprocess.run([sys.executable, "-c", FIRST_OF_ALL], capture_output=True, check=False)

    assert (0, b"") == (done.returncode, done.stderr), attempt


def named(folder: Path, text: str) -> Loaded:
    (folder / "keys.yaml").write_text(text)
    return load(folder)


RAW = f"type: file-raw\nkeyType: BLS\nprivateKey: 0x{'00' * 31}01\n"
ONE = SecretKey.from_bytes(bytes(31) + b"\x01").public_key()


@pytest.mark.parametrize("text", [RAW, RAW.replace("0x", ""), RAW.replace("keyType: BLS\n", "")])
def test_a_key_file_holds_a_raw_key(tmp_path: Path, text: str) -> None:
    loaded = named(tmp_path, text)

    assert [ONE] == loaded.pubkeys


def test_a_key_file_names_a_keystore_and_its_password_relative_to_itself(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "in").mkdir()
    elsewhere.mkdir()
    (elsewhere / "any.keystore").write_bytes(seal(Key(KEY), PASSWORD, cost=1))
    (elsewhere / "any.pass").write_text(PASSWORD)
    text = "type: file-keystore\nkeystoreFile: ../elsewhere/any.keystore\n"
    text += f'keystorePasswordFile: "{elsewhere}/any.pass"\n'

    loaded = named(tmp_path / "in", text)

    assert [KEY.public_key()] == loaded.pubkeys
    assert [] == loaded.failures


def test_a_key_file_holds_several_keys_each_failing_for_itself(tmp_path: Path) -> None:
    vault = "type: hashicorp\nserverHost: localhost\n"
    short = "type: file-raw\nprivateKey: 0x00ff\n"
    nameless = "type: file-keystore\nkeystoreFile: a.json\n"

    loaded = named(tmp_path, f"{vault}---\n{RAW}---\n{short}---\n{nameless}")

    assert [ONE] == loaded.pubkeys
    assert [
        "type: expected one of file-raw, file-keystore, found hashicorp",
        "privateKey: expected 32 bytes, found 2: send 0x and 64 hex digits",
        "keystorePasswordFile: expected this member, found none",
    ] == [failure.reason for failure in loaded.failures]


@pytest.mark.parametrize(
    "text",
    ["- type: web3signer\n", "PRESET_BASE: minimal\n", "", RAW.replace("BLS", "SECP256K1")],
    ids=["a list", "a network's configuration", "nothing", "a key for transactions"],
)
def test_yaml_about_no_key_of_a_validator_is_skipped(tmp_path: Path, text: str) -> None:
    loaded = named(tmp_path, text)

    assert [] == loaded.pubkeys
    assert [] == loaded.failures


def test_a_key_file_that_is_no_yaml_fails_without_showing_it(tmp_path: Path) -> None:
    loaded = named(tmp_path, f"{RAW}  : [c0ffee\n")

    [failure] = loaded.failures
    assert failure.reason == "expected YAML, found what is none in line 4"


def test_a_keystore_beside_the_key_file_that_names_it_is_one_key(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(seal(Key(KEY), PASSWORD, cost=1))
    (tmp_path / "odd.secret").write_text(PASSWORD)
    text = "type: file-keystore\nkeystoreFile: a.json\nkeystorePasswordFile: odd.secret\n"

    loaded = named(tmp_path, text)

    assert [KEY.public_key()] == loaded.pubkeys
    assert [] == loaded.failures
