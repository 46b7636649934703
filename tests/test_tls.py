"""TLS: who is let in, who is refused in the handshake, and what the certificates may be."""

import http.client
import json
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from resource import RLIMIT_NOFILE, prlimit
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import SSL

from signer import Signer
from signer.config.settings import Config
from signer.errors import ConfigError
from signer.keys import layouts
from signer.keys.derived import interop_keys
from signer.tls.context import check
from support.logs import messages, once
from support.served import Served, running, serving, serving_here
from support.vectors import vectors

CASE = vectors("signing/signing.json")["cases"][0]
NOW = datetime.now(UTC)
LONG_AGO: Any = {"not_before": NOW - timedelta(days=9), "not_after": NOW - timedelta(days=8)}
PASSWORD = "p\u00e4ss"


class Pki(NamedTuple):
    """Certificates, each a PEM file with its key; the server's as PKCS#12 too."""

    folder: Path
    ca: Path
    server: Path
    server_p12: Path
    password: Path
    client: Path
    stranger: Path  # of another authority
    expired: Path
    self_signed: Path
    other_self_signed: Path
    expired_self_signed: Path
    for_servers: Path  # self-signed, with extendedKeyUsage=serverAuth
    expired_for_servers: Path
    known_clients: Path  # the self-signed ones but `other_self_signed`, and `client`


def self_signed(
    path: Path, start: datetime = NOW, days: int = 9, *, for_servers: bool = False
) -> Path:
    """As `openssl req -x509` makes them, and Lighthouse's tests: its own authority."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.NameAttribute(NameOID.COMMON_NAME, "vc"),
    )
    builder = x509.CertificateBuilder(x509.Name([name]), x509.Name([name]), key.public_key(), 1)
    builder = builder.not_valid_before(start).not_valid_after(start + timedelta(days=days))
    authority = x509.BasicConstraints(ca=True, path_length=None)
    builder = builder.add_extension(authority, critical=True)
    if for_servers:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(purpose, critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, *form)
    path.write_bytes(text + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def fingerprint(path: Path) -> str:
    return x509.load_pem_x509_certificate(path.read_bytes()).fingerprint(hashes.SHA256()).hex(":")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder = tmp_path_factory.mktemp("pki")
    authority, another = trustme.CA(), trustme.CA()
    server = authority.issue_cert("127.0.0.1")
    leaves = {
        "server": server,
        "client": authority.issue_cert("vc@localhost", common_name="vc"),
        "stranger": another.issue_cert("vc@localhost", common_name="vc"),
        "expired": authority.issue_cert("vc@localhost", common_name="vc", **LONG_AGO),
    }
    authority.cert_pem.write_to_path(folder / "ca.pem")
    for name, leaf in leaves.items():
        leaf.private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")
    own = x509.load_pem_x509_certificate(server.cert_chain_pems[0].bytes())
    key: Any = serialization.load_pem_private_key(server.private_key_pem.bytes(), None)
    sealing = serialization.BestAvailableEncryption(PASSWORD.encode())
    sealed = pkcs12.serialize_key_and_certificates(b"signer", key, own, None, sealing)
    (folder / "server.p12").write_bytes(sealed)
    (folder / "password").write_text(f"{PASSWORD}\n")
    self_signed(folder / "self.pem")
    self_signed(folder / "other.pem")
    self_signed(folder / "old.pem", NOW - timedelta(days=9), days=8)
    self_signed(folder / "purpose.pem", for_servers=True)
    self_signed(folder / "oldp.pem", NOW - timedelta(days=9), days=8, for_servers=True)
    listed = ["self.pem", "old.pem", "client.pem", "purpose.pem", "oldp.pem"]
    known = [folder / name for name in listed]
    lines = [f"vc{i} {fingerprint(path)}" for i, path in enumerate(known)]
    lines[1] = lines[1].upper().replace(":", "")
    (folder / "known").write_text("\n".join(["# a comment", *lines, ""]))
    names = ["ca.pem", "server.pem", "server.p12", "password", "client.pem", "stranger.pem"]
    names += ["expired.pem", "self.pem", "other.pem", "old.pem", "purpose.pem", "oldp.pem", "known"]
    return Pki(folder, *(folder / name for name in names))


def flags(pki: Pki, kind: str) -> list[str | Path]:
    """What the server shows, and by what it knows its clients."""
    shown: dict[str, list[str | Path]] = {
        "PEM": ["--tls-cert", pki.server, "--tls-key", pki.server],
        "PKCS#12": ["--tls-cert", pki.server_p12, "--tls-password-file", pki.password],
    }
    asked: dict[str, list[str | Path]] = {
        "anybody": [],
        "authority": ["--tls-client-ca", pki.ca],
        "known clients": ["--tls-known-clients", pki.known_clients],
    }
    cert, _, clients = kind.partition(", ")
    return ["--interop", "1", "--no-metrics", "--control", *shown[cert], *asked[clients]]


def context(pki: Pki, client: Path | None = None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=pki.ca)
    if client:
        made.load_cert_chain(client)
    return made


def connect(signer: Served, using: ssl.SSLContext) -> closing[http.client.HTTPSConnection]:
    netloc = urlsplit(signer.url).netloc
    return closing(http.client.HTTPSConnection(netloc, context=using, timeout=20))


def sign(connection: http.client.HTTPSConnection, pubkey: str) -> tuple[int, bytes]:
    body = json.dumps(CASE["request"])
    connection.request("POST", f"/api/v1/eth2/sign/{pubkey}", body)
    response = connection.getresponse()
    return response.status, response.read()


def keys(connection: http.client.HTTPSConnection) -> list[str]:
    connection.request("GET", "/api/v1/eth2/publicKeys")
    return list(json.loads(connection.getresponse().read()))


CERTIFICATES = ["PEM", "PKCS#12"]
CLIENTS = ["anybody", "authority", "known clients"]


@pytest.fixture(scope="module", params=[f"{c}, {k}" for c in CERTIFICATES for k in CLIENTS])
def guarded(request: Any, pki: Pki) -> Iterator[tuple[Served, str]]:
    """A signer with each certificate, that lets in whom it is told to."""
    with serving_here(*flags(pki, request.param)) as signer:
        yield signer, request.param.partition(", ")[2]


WHO = [None, "client", "stranger", "expired"]
WHO += ["self_signed", "other_self_signed", "expired_self_signed"]
WHO += ["for_servers", "expired_for_servers"]
LET_IN: dict[str, set[str | None]] = {
    "anybody": {*WHO},
    "authority": {"client"},
    "known clients": {"client", "self_signed", "for_servers"},
}


@pytest.mark.parametrize("who", WHO)
def test_a_client_signs_or_is_refused_in_the_handshake(
    guarded: tuple[Served, str], pki: Pki, who: str | None
) -> None:
    signer, asked = guarded
    using = context(pki, getattr(pki, who) if who else None)

    with connect(signer, using) as connection:
        if who in LET_IN[asked]:
            assert 200 == sign(connection, keys(connection)[0])[0]
        else:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                keys(connection)


def test_a_certificate_of_another_authority_than_the_clients_is_not_served(
    guarded: tuple[Served, str], pki: Pki
) -> None:
    signer, _ = guarded
    other = ssl.create_default_context()
    other.load_cert_chain(pki.client)

    with connect(signer, other) as connection, pytest.raises(ssl.SSLCertVerificationError):
        keys(connection)


def handshake(signer: Served, pki: Pki, version: int) -> str:
    """The version that is agreed on with a client that knows no other than this one."""
    using = SSL.Context(SSL.TLS_CLIENT_METHOD)
    using.set_cipher_list(b"ALL:@SECLEVEL=0")  # without, our own side refuses the old ones
    using.set_min_proto_version(version)
    using.set_max_proto_version(version)
    using.use_privatekey_file(str(pki.client))
    using.use_certificate_file(str(pki.client))
    address = urlsplit(signer.url)
    with socket.create_connection((address.hostname, address.port)) as plain:
        connection = SSL.Connection(using, plain)
        connection.set_connect_state()
        connection.do_handshake()
        return connection.get_protocol_version_name()


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_newer_versions_are_spoken(guarded: tuple[Served, str], pki: Pki, version: str) -> None:
    number = {"TLSv1.2": SSL.TLS1_2_VERSION, "TLSv1.3": SSL.TLS1_3_VERSION}[version]

    assert version == handshake(guarded[0], pki, number)


@pytest.mark.parametrize("version", [SSL.TLS1_VERSION, SSL.TLS1_1_VERSION], ids=["1.0", "1.1"])
def test_older_versions_are_refused(guarded: tuple[Served, str], pki: Pki, version: int) -> None:
    with pytest.raises(SSL.Error, match=r"alert (protocol version|handshake failure)"):
        handshake(guarded[0], pki, version)


def test_a_connection_through_openssl_is_kept_and_carries_large_bodies(pki: Pki) -> None:
    padding = {"unknown": "x" * 3_000_000}
    with (
        serving_here(*flags(pki, "PKCS#12, known clients")) as signer,
        connect(signer, context(pki, pki.client)) as connection,
    ):
        [pubkey] = keys(connection)
        own = connection.sock
        for request in [CASE["request"], CASE["request"] | padding] * 3:
            connection.request("POST", f"/api/v1/eth2/sign/{pubkey}", json.dumps(request))
            assert 200 == connection.getresponse().read().count(b"0x") * 200
        connection.request("GET", "/_signer/requests")
        records = json.loads(connection.getresponse().read())

    assert own is connection.sock or connection.sock is None
    assert 7 == len(records)
    assert 3 == sum(len(record["body"].get("unknown", "")) for record in records[1:]) / 3_000_000


@pytest.mark.slow
def test_many_clients_at_once_are_served_through_openssl(pki: Pki) -> None:
    def ask(_: int) -> int:
        with connect(signer, context(pki, pki.client)) as connection:
            return sign(connection, pubkey)[0]

    with serving_here(*flags(pki, "PKCS#12, known clients")) as signer:
        with connect(signer, context(pki, pki.client)) as connection:
            [pubkey] = keys(connection)
        with ThreadPoolExecutor(16) as pool:
            statuses = list(pool.map(ask, range(100)))

    assert [200] * 100 == statuses


def test_a_client_resumes_its_session(guarded: tuple[Served, str], pki: Pki) -> None:
    signer, using = guarded[0], context(pki, pki.client)
    using.maximum_version = ssl.TLSVersion.TLSv1_2  # where the session is known at once
    address = (urlsplit(signer.url).hostname, urlsplit(signer.url).port)

    def once(session: ssl.SSLSession | None) -> tuple[ssl.SSLSession | None, bytes]:
        with (
            socket.create_connection(address) as plain,
            using.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as secure,
        ):
            secure.sendall(b"GET /upcheck HTTP/1.1\r\nHost: me\r\nConnection: close\r\n\r\n")
            return secure.session, b"".join(iter(lambda: secure.recv(4096), b""))

    session, _ = once(None)
    _, answer = once(session)

    assert answer.endswith(b"OK")


@pytest.mark.slow
def test_requests_under_way_are_answered_when_the_signer_stops(pki: Pki) -> None:
    slow = ["--fault", '{"type": "ATTESTATION", "delay": 0.3}']
    with (
        serving(*flags(pki, "PKCS#12, known clients"), *slow) as signer,
        ThreadPoolExecutor(1) as pool,
        connect(signer, context(pki, pki.client)) as connection,
        connect(signer, context(pki, pki.client)) as other,
    ):
        [pubkey] = keys(connection)
        answer = pool.submit(sign, connection, pubkey)
        other.request("GET", "/_signer/requests?type=ATTESTATION&wait=0")
        other.getresponse().read()
        signer.process.terminate()
        status, _ = answer.result()

    assert 200 == status


def problem(**given: Any) -> str:
    with pytest.raises(ConfigError) as refusal:
        check(Config(**given))
    return str(refusal.value)


def test_flags_that_need_a_certificate_are_refused_without(pki: Pki) -> None:
    assert "expected --tls-cert" in problem(tls_client_ca=pki.ca)


def test_two_ways_to_know_clients_are_refused(pki: Pki) -> None:
    both = {"tls_client_ca": pki.ca, "tls_known_clients": pki.known_clients}

    assert "found both" in problem(tls_cert=pki.server, tls_key=pki.server, **both)


@pytest.mark.parametrize(
    "given",
    [
        {"tls_cert": "server", "tls_key": "client"},
        {"tls_cert": "server", "tls_key": "server", "tls_client_ca": "wrong"},
        {"tls_cert": "server"},
        {"tls_cert": "server.p12", "tls_password_file": "wrong"},
        {"tls_cert": "server.p12"},
        {"tls_cert": "server.p12", "tls_password_file": "password", "tls_client_ca": "wrong"},
        {"tls_cert": "server.p12", "tls_password_file": "password", "tls_known_clients": "wrong"},
    ],
    ids=lambda given: ", ".join(f"{flag} {name}" for flag, name in given.items()),
)
def test_files_that_do_not_fit_are_refused_and_nothing_of_them_is_told(
    pki: Pki, given: dict[str, str]
) -> None:
    (pki.folder / "wrong").write_text("hunter2")
    names = {"server": "server.pem", "client": "client.pem"}

    told = problem(**{flag: pki.folder / names.get(name, name) for flag, name in given.items()})

    assert "cannot use" in told or "SHA-256 fingerprint" in told
    assert "hunter2" not in told
    assert PASSWORD not in told


def test_without_the_extra_it_is_told_what_to_install(
    pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "OpenSSL", None)

    told = problem(tls_cert=pki.server_p12, tls_password_file=pki.password)

    assert told.endswith("pip install 'py3signer[tls]'")


def test_a_key_may_have_a_password(pki: Pki) -> None:
    key: Any = serialization.load_pem_private_key(pki.server.read_bytes(), None)
    sealing = serialization.BestAvailableEncryption(PASSWORD.encode())
    form = serialization.PrivateFormat.PKCS8, sealing
    locked = pki.folder / "locked.pem"
    locked.write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    given: list[str | Path] = ["--tls-cert", pki.server, "--tls-key", locked]
    given += ["--tls-password-file", pki.password]

    with (
        serving_here("--no-metrics", *given) as signer,
        connect(signer, context(pki)) as connection,
    ):
        assert [] == keys(connection)


def test_a_keymanagers_token_works_over_tls(pki: Pki) -> None:
    token = pki.folder / "token"
    given = [*flags(pki, "PEM, authority"), "--keymanager-token-file", token]
    with serving_here(*given) as signer, connect(signer, context(pki, pki.client)) as connection:
        bearer = {"Authorization": f"Bearer {token.read_text()}"}
        for headers, status in (({}, 401), (bearer, 200)):
            connection.request("GET", "/eth/v1/keystores", headers=headers)
            response = connection.getresponse()
            response.read()
            assert status == response.status


@pytest.mark.parametrize(
    "process",
    [pytest.param(False, id="thread"), pytest.param(True, id="process", marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("mode", [True, "mtls"])
def test_a_signer_in_a_test_makes_its_certificates(mode: Any, process: bool) -> None:  # noqa: FBT001
    with Signer(interop=1, tls=mode, process=process) as signer:
        files = signer.tls
        netloc = urlsplit(signer.url).netloc
        client = http.client.HTTPSConnection(netloc, context=files.ssl_context())
        with closing(client) as connection:
            status, _ = sign(connection, signer.pubkeys[0])
        trusted = ssl.create_default_context(cafile=files.ca)
        with closing(http.client.HTTPSConnection(netloc, context=trusted)) as connection:
            refused = False
            try:
                keys(connection)
            except (ssl.SSLError, ConnectionError):
                refused = True
        signed = [record.status for record in signer.requests if record.type]

    assert 200 == status
    assert (mode == "mtls") == refused
    assert [200] == signed


def test_the_clients_certificate_is_handed_out_as_pkcs_12_too() -> None:
    with Signer(tls="mtls") as signer:
        files = signer.tls
        key, own, _ = pkcs12.load_key_and_certificates(
            files.client_p12.read_bytes(), files.password.encode()
        )
        store = pkcs12.load_pkcs12(files.ca_p12.read_bytes(), files.password.encode())
        ca = x509.load_pem_x509_certificate(files.ca.read_bytes())

    assert key
    assert own
    own.verify_directly_issued_by(ca)
    assert [ca] == [each.certificate for each in store.additional_certs]


def test_the_servers_certificate_is_handed_out_alone() -> None:
    with Signer(tls=True) as signer:
        host, _, port = urlsplit(signer.url).netloc.rpartition(":")
        shown = ssl.get_server_certificate((host, int(port)))
        text = signer.tls.server_cert.read_text()

    assert shown.split() == text.split()


def test_a_signer_serves_tls_again_after_it_stopped() -> None:
    with Signer(interop=1, tls="mtls") as signer:
        signer.stop()
        signer.start()
        netloc = urlsplit(signer.url).netloc
        client = http.client.HTTPSConnection(netloc, context=signer.tls.ssl_context())
        with closing(client) as connection:
            assert 200 == sign(connection, signer.pubkeys[0])[0]


LAUNCHERS = {
    "Lighthouse": [
        *("--key-store-path", "{keys}", "--http-listen-host", "127.0.0.1"),
        *("--http-listen-port", "0", "--tls-known-clients-file", "{known}"),
        *("--tls-keystore-file", "{p12}", "--tls-keystore-password-file", "{password}"),
        *("eth2", "--network", "mainnet", "--slashing-protection-enabled", "false"),
    ],
    "SSV": [
        *("--tls-keystore-file={p12}", "--tls-keystore-password-file={password}"),
        *("--tls-known-clients-file={known}", "--http-listen-port=0", "--key-store-path={keys}"),
        *("eth2", "--network=mainnet", "--slashing-protection-enabled=true"),
        *("--slashing-protection-db-url=jdbc:postgresql://db/web3signer",),
        *("--slashing-protection-db-username=u", "--slashing-protection-db-password=p"),
        "--key-manager-api-enabled=true",
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_launcher_of_web3signer_with_tls_is_served(
    pki: Pki, tmp_path: Path, launcher: str
) -> None:
    layouts.write({tmp_path: "web3signer-key-files"}, interop_keys(2), "x", "pbkdf2")
    files = {"p12": pki.server_p12, "password": pki.password, "known": pki.known_clients}
    argv = [each.format(keys=tmp_path, **files) for each in LAUNCHERS[launcher]]
    command = [sys.executable, "-W", "error", "-m", "signer", "web3signer", *argv]
    environment = {"SIGNER_READY_JSON": "1"}

    with (
        running(command, environment) as signer,
        connect(signer, context(pki, pki.self_signed)) as connection,
        connect(signer, context(pki, pki.other_self_signed)) as other,
    ):
        connection.request("GET", "/upcheck")
        assert b"OK" == connection.getresponse().read()
        pubkeys = keys(connection)
        assert 2 == len(pubkeys)
        assert 200 == sign(connection, pubkeys[0])[0]
        with pytest.raises((ssl.SSLError, ConnectionError)):
            keys(other)


@pytest.mark.slow
def test_the_front_accepts_again_once_there_are_descriptors(pki: Pki) -> None:
    with serving(*flags(pki, "PKCS#12, anybody")) as signer:
        pid = signer.process.pid
        limits = prlimit(pid, RLIMIT_NOFILE)
        prlimit(pid, RLIMIT_NOFILE, (3, limits[1]))  # no more than there are
        address = (urlsplit(signer.url).hostname, urlsplit(signer.url).port)
        # The first one is accepted, as a descriptor was reserved for it; the second one waits.
        first = socket.create_connection(address, 20)
        with first, socket.create_connection(address, 20) as plain:
            while "cannot accept a connection" not in signer.process.log():
                pass
            prlimit(pid, RLIMIT_NOFILE, limits)

            with context(pki).wrap_socket(plain, server_hostname="127.0.0.1") as secure:
                secure.sendall(b"GET /upcheck HTTP/1.1\r\nHost: me\r\nConnection: close\r\n\r\n")
                assert secure.recv(4096).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("name", ["tls_cert", "tls_known_clients", "tls_password_file"])
def test_a_file_that_is_too_large_is_an_error_of_the_configuration(
    pki: Pki,
    tmp_path: Path,
    name: str,
) -> None:
    (tmp_path / "large").write_bytes(bytes(2 << 20))
    given = {"tls_cert": pki.server_p12, "tls_password_file": pki.password}

    assert "expected at most 1048576 bytes in" in problem(**given | {name: tmp_path / "large"})


REASONS: dict[tuple[str, str | None], str] = {
    ("authority", None): "the client has no certificate: give it one, as the signer requires it",
    ("authority", "stranger"): "the client's certificate is not of an authority in --tls-client-ca",
    ("authority", "expired"): "the client's certificate has expired: give the client a new one",
    ("known clients", None): "the client has no certificate: give it one, as the signer requires",
    ("known clients", "other_self_signed"): "has no certificate with the SHA-256 fingerprint ",
    ("known clients", "expired_self_signed"): "the client's certificate has expired: give",
}


def refused_handshakes(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line for line in messages(caplog) if "TLS handshake of 127.0.0.1:" in line]


@pytest.mark.parametrize("certificate", CERTIFICATES)
@pytest.mark.parametrize(("asked", "who"), REASONS)
def test_a_refused_handshake_is_logged_with_its_cause(
    pki: Pki,
    caplog: pytest.LogCaptureFixture,
    certificate: str,
    asked: str,
    who: str | None,
) -> None:
    using = context(pki, getattr(pki, who) if who else None)
    with (
        serving_here(*flags(pki, f"{certificate}, {asked}")) as signer,
        connect(signer, using) as connection,
    ):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            keys(connection)
        [line] = once(lambda: refused_handshakes(caplog))

    assert REASONS[asked, who] in line


@pytest.mark.parametrize("certificate", CERTIFICATES)
def test_plain_http_to_the_tls_port_is_logged(
    pki: Pki, caplog: pytest.LogCaptureFixture, certificate: str
) -> None:
    with serving_here(*flags(pki, f"{certificate}, anybody")) as signer:
        with raw(signer, b"GET / HTTP/1.1\r\n\r\n") as plain, suppress(ConnectionResetError):
            plain.recv(100)
        [line] = once(lambda: refused_handshakes(caplog))

    assert line.endswith("TLS port: change its URL to https") or "something else than TLS" in line


@pytest.mark.parametrize("certificate", CERTIFICATES)
def test_a_client_that_distrusts_the_signer_is_logged(
    pki: Pki, caplog: pytest.LogCaptureFixture, certificate: str
) -> None:
    with (
        serving_here(*flags(pki, f"{certificate}, anybody")) as signer,
        connect(signer, ssl.create_default_context()) as connection,
    ):
        with pytest.raises(ssl.SSLCertVerificationError):
            keys(connection)
        [line] = once(lambda: refused_handshakes(caplog))

    assert "the client does not trust the signer's certificate" in line


@pytest.mark.parametrize("certificate", CERTIFICATES)
def test_a_version_that_is_too_old_is_logged(
    pki: Pki, caplog: pytest.LogCaptureFixture, certificate: str
) -> None:
    with serving_here(*flags(pki, f"{certificate}, anybody")) as signer:
        with pytest.raises(SSL.Error, match="alert"):
            handshake(signer, pki, SSL.TLS1_1_VERSION)
        [line] = once(lambda: refused_handshakes(caplog))

    assert "speaks only versions before TLS 1.2" in line


def test_the_handshakes_of_another_signer_in_the_process_are_not_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Signer(tls=True) as signer, Signer(tls=True):
        with raw(signer, b"GET / HTTP/1.1\r\n\r\n") as plain:
            plain.recv(100)
        once(lambda: refused_handshakes(caplog))

    assert 1 == len(refused_handshakes(caplog))


def raw(signer: Served | Signer, text: bytes) -> socket.socket:
    """A connection without TLS, on which a text was sent."""
    address = urlsplit(signer.url)
    plain = socket.create_connection((address.hostname, address.port), 10)
    plain.sendall(text)
    return plain


CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # the first bytes of one


@pytest.mark.parametrize("text", [b"", CLIENT_HELLO])
def test_a_handshake_in_which_nothing_comes_is_closed_by_the_front(pki: Pki, text: bytes) -> None:
    given = [*flags(pki, "PKCS#12, anybody"), "--idle-timeout", "0.2"]

    with serving_here(*given) as signer, raw(signer, text) as plain:
        assert b"" == plain.recv(100)


def test_bytes_that_drip_do_not_prolong_a_handshake(
    pki: Pki, caplog: pytest.LogCaptureFixture
) -> None:
    given = [*flags(pki, "PKCS#12, anybody"), "--idle-timeout", "0.3"]

    with serving_here(*given) as signer, raw(signer, CLIENT_HELLO) as plain:
        plain.settimeout(0.05)
        end = time.monotonic() + 10
        is_open = True
        while is_open and time.monotonic() < end:
            try:
                plain.sendall(b"x")
                is_open = plain.recv(100) != b""
            except TimeoutError:
                continue
            except ConnectionError:
                is_open = False
        [line] = once(lambda: refused_handshakes(caplog))

    assert not is_open
    assert line.endswith("the handshake did not end within 0.3 s")


def test_a_silent_connection_after_its_handshake_is_closed_by_the_front(pki: Pki) -> None:
    given = [*flags(pki, "PKCS#12, anybody"), "--idle-timeout", "0.2"]

    with (
        serving_here(*given) as signer,
        raw(signer, b"") as plain,
        context(pki).wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        assert b"" == secure.recv(100)


@pytest.mark.slow
@pytest.mark.parametrize("certificate", CERTIFICATES)
def test_a_signer_that_drains_refuses_connections(pki: Pki, certificate: str) -> None:
    with (
        serving(*flags(pki, f"{certificate}, anybody")) as signer,
        raw(signer, b"") as plain,
        context(pki).wrap_socket(plain, server_hostname="127.0.0.1") as secure,
        connect(signer, context(pki)) as other,
    ):
        secure.sendall(b"POST /_signer/reset HTTP/1.1\r\nHost: me\r\nContent-Length: 2\r\n\r\n{")
        keys(other)
        signer.process.terminate()

        assert once(lambda: is_refused(signer))
        secure.sendall(b"}")
        assert secure.recv(100).startswith(b"HTTP/1.1 200 ")


def is_refused(signer: Served) -> bool:
    try:
        raw(signer, b"").close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # it waited to be accepted when the socket closed
        return False
    return False
