"""Scans both TLS paths of the signer with sslyze, and prints a table; exits with 1 for a weakness.

sslyze is no dependency of the project: it is installed from PyPI into an environment of its own
below target/. Run: .venv/bin/python .ci/tls_scan.py
"""

import json
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from signer.testing.process import SERVE, SignerProcess

ENVIRONMENT = Path("target/tls-scan")
VERSION = "6.*"  # of sslyze; its JSON may change with the next
PASSWORD = "password of tests"  # noqa: S105 - of a certificate that lives for a minute
OLD_PROTOCOLS = ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1")
# by the name of a scan and of a member of its result: the value of a sound server
SOUND: Mapping[tuple[str, str], Any] = {
    ("tls_compression", "supports_compression"): False,
    ("tls_1_3_early_data", "supports_early_data"): False,
    ("heartbleed", "is_vulnerable_to_heartbleed"): False,
    ("openssl_ccs_injection", "is_vulnerable_to_ccs_injection"): False,
    ("session_renegotiation", "is_vulnerable_to_client_renegotiation_dos"): False,
    ("session_renegotiation", "supports_secure_renegotiation"): True,
    ("tls_fallback_scsv", "supports_fallback_scsv"): True,
    ("tls_extended_master_secret", "supports_ems_extension"): True,
}
SCANS = [
    *("--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--certinfo"),
    *("--compression", "--early_data", "--heartbleed", "--openssl_ccs", "--reneg", "--fallback"),
    *("--ems", "--robot", "--resum", "--elliptic_curves"),
]
NOT_VULNERABLE_TO_ROBOT = "NOT_VULNERABLE"
RESUMPTIONS = ("session_id_resumption_result", "tls_ticket_resumption_result")
WEAK = ("NULL", "EXPORT", "anon", "RC4", "3DES", "_DES_", "MD5", "CBC", "TLS_RSA_WITH")
Row = dict[str, str]


def sslyze() -> Path:
    """The scanner, installed if it is missing."""
    program = ENVIRONMENT / "bin" / "sslyze"
    if not program.exists():
        venv.create(ENVIRONMENT, with_pip=True)
        install = [ENVIRONMENT / "bin" / "python", "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, f"sslyze=={VERSION}"], check=True)  # noqa: S603
    return program


def write_certificates(folder: Path) -> None:
    """A server's certificate as PEM and as PKCS#12, a client's, and the file that knows it.

    The server's key is RSA: only such keys have the oldest cipher suites, and can fall to ROBOT.
    """
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)
    server.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    key = serialization.load_pem_private_key(server.private_key_pem.bytes(), None)
    certificate = x509.load_pem_x509_certificate(server.cert_chain_pems[0].bytes())
    encryption = serialization.BestAvailableEncryption(PASSWORD.encode())
    chain = pkcs12.serialize_key_and_certificates(b"", key, certificate, None, encryption)
    (folder / "server.p12").write_bytes(chain)
    (folder / "password.txt").write_text(PASSWORD)
    write_client(folder)


def write_client(folder: Path) -> None:
    """A client's own certificate, and a file of known clients that lists it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string("CN=client")
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    (folder / "known.txt").write_text(f"client {fingerprint}\n")
    (folder / "client.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain
    )
    (folder / "client.key").write_bytes(private)


@contextmanager
def serving(*flags: str) -> Iterator[str]:
    """The address of a signer with these flags."""
    command = [*SERVE, "--interop", "1", "--port", "0", "--no-metrics", "--quiet", "--ready-json"]
    with SignerProcess([*command, *flags]) as process:
        yield urlsplit(process.url).netloc


def scan(folder: Path, address: str, *options: str) -> Mapping[str, Any]:
    """The results of all scans by their names."""
    output = folder / "scan.json"
    command = [str(sslyze()), "--mozilla_config", "disable", "--quiet", "--json_out", str(output)]
    command += [*SCANS, *options, address]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    document = json.loads(output.read_text("utf-8"))
    server = document["server_scan_results"][0]
    if server["scan_status"] != "COMPLETED":
        raise SystemExit(f"cannot scan {address}: {server['connectivity_error_trace']}")
    results: Mapping[str, Any] = server["scan_result"]
    return results


def rows_of(results: Mapping[str, Any]) -> tuple[Row, list[str]]:
    """What was found, by subject, and the weaknesses."""
    row = {}
    weaknesses = []
    for protocol in (*OLD_PROTOCOLS, "tls_1_2", "tls_1_3"):
        names = accepted(results, protocol)
        row[protocol] = ", ".join(names) or "refused"
        if protocol in OLD_PROTOCOLS and names:
            weaknesses.append(f"accepts {protocol}")
        weaknesses += [f"accepts {name}" for name in names if any(part in name for part in WEAK)]
    for (name, member), sound in SOUND.items():
        found = result_of(results, name).get(member)
        row[member] = str(found)
        if found != sound:
            weaknesses.append(f"{member} is {found}")
    row["robot"] = str(result_of(results, "robot").get("robot_result"))
    if not row["robot"].startswith(NOT_VULNERABLE_TO_ROBOT):
        weaknesses.append(f"ROBOT: {row['robot']}")
    for member in RESUMPTIONS:
        row[member] = str(result_of(results, "session_resumption").get(member))
    curves = result_of(results, "elliptic_curves").get("supported_curves") or []
    row["curves"] = ", ".join(curve["name"] for curve in curves)
    row["certificate"] = certificate_of(results)
    return row, weaknesses


def accepted(results: Mapping[str, Any], protocol: str) -> list[str]:
    """The cipher suites of a protocol that the server accepts."""
    suites = result_of(results, f"{protocol}_cipher_suites").get("accepted_cipher_suites", [])
    return [suite["cipher_suite"]["name"] for suite in suites]


def result_of(results: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The result of a scan. Exits when the scanner could not come to one."""
    attempt = results[name]
    if attempt["status"] != "COMPLETED":
        return {"error": attempt["error_reason"]}
    result: Mapping[str, Any] = attempt["result"]
    return result


def certificate_of(results: Mapping[str, Any]) -> str:
    """What came as the certificate, and whether its chain is in order."""
    deployment = result_of(results, "certificate_info")["certificate_deployments"][0]
    leaf = deployment["received_certificate_chain"][0]
    order = "chain in order" if deployment["received_chain_has_valid_order"] else "wrong order"
    return f"{leaf['public_key']['algorithm']}, {order}"


def main() -> None:
    """Scans a signer of each path in turn."""
    rows: dict[str, Row] = {}
    weaknesses = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_certificates(folder)
        pem = ["--tls-cert", str(folder / "server.pem"), "--tls-key", str(folder / "server.pem")]
        p12 = ["--tls-cert", str(folder / "server.p12")]
        p12 += ["--tls-password-file", str(folder / "password.txt")]
        known = [*p12, "--tls-known-clients", str(folder / "known.txt")]
        client = ["--cert", str(folder / "client.pem"), "--key", str(folder / "client.key")]
        paths: dict[str, tuple[list[str], list[str]]] = {
            "PEM (rustls)": (pem, []),
            "PKCS#12 (OpenSSL)": (p12, []),
            "PKCS#12, known clients": (known, client),
        }
        for path, (flags, options) in paths.items():
            with serving(*flags) as address:
                results = scan(folder, address, *options)
            rows[path], problems = rows_of(results)
            weaknesses += [f"{path}: {problem}" for problem in problems]
    print_table(rows)
    if weaknesses:
        sys.exit("\n".join(weaknesses))


def print_table(rows: Mapping[str, Row]) -> None:
    """A table as Markdown, with a column for each path."""
    paths = [*rows]
    print(f"| | {' | '.join(paths)} |")
    print(f"|---|{'---|' * len(paths)}")
    for subject in rows[paths[0]]:
        print(f"| {subject} | {' | '.join(rows[path][subject] for path in paths)} |")


if __name__ == "__main__":
    main()
