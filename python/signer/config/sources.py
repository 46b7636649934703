"""The flags that tell whose keys sign: the signer's own, and those of a signer behind it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from ..errors import ConfigError
from .flags import flag

KeymanagerAuth = Literal["auto", "off"]
UpstreamVerify = Literal["report", "enforce"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFlags:
    """The first groups of flags; `Config` has the others."""

    interop: int = flag(0, "the first N interop keys, which are public", "N", group="Keys")
    mnemonic: str = flag(
        "",
        "--count keys of a mnemonic: its words, or the name devnet (ethereum-package's) or "
        "genesis-generator",
        "WORDS",
        secret=True,
    )
    mnemonic_passphrase: str = flag("", "passphrase of the mnemonic", "TEXT", secret=True)
    count: int = flag(0, "number of keys of the mnemonic", "N")
    start_index: int = flag(0, "index of the first key of the mnemonic", "INDEX")
    secret_keys_file: Path | None = flag(
        None,
        "the secret keys in this file: 32 bytes as hex on each line",
        "FILE",
    )
    keystores_path: Path | None = flag(
        None,
        "every EIP-2335 keystore below this folder, in any tool's layout",
        "DIR",
    )
    key_config_path: Path | None = flag(
        None,
        "next to --keystores-path: keystores and Web3Signer's key files below another folder",
        "DIR",
    )
    keystores_passwords_path: Path | None = flag(
        None,
        "folder with a password file for each keystore",
        "DIR",
    )
    keystores_password_file: Path | None = flag(
        None,
        "file with the password of all keystores",
        "FILE",
    )
    distributed: Path | None = flag(
        None,
        "this participant's shares of distributed validators: a JSON account set",
        "FILE",
    )
    data_dir: Path | None = flag(
        None,
        "keep imported keys, signing histories and decrypted slow keystores in this folder; "
        "without it they live as long as the process",
        "DIR",
        must_exist=False,
    )
    keymanager_token_file: Path | None = flag(
        None,
        "file with the bearer token of the Keymanager API; made if it is missing",
        "FILE",
        must_exist=False,
    )
    keymanager: bool = flag(default=True, meaning="serve the Keymanager API")
    keymanager_auth: KeymanagerAuth = flag(
        "auto",
        "auto requires the token from --keymanager-token-file; without that file and "
        "--auth-file, only this machine may connect; off requires no token",
    )
    upstream: str = flag(
        "",
        "pass requests for other keys on to this signer, and verify its signatures",
        "URL",
        secret=True,  # it may have a password
        group="Upstream",
    )
    upstream_verify: UpstreamVerify = flag(
        "report",
        "a wrong signature of the upstream is passed on and reported (report), or refused by 502 "
        "(enforce)",
    )
    upstream_timeout: float = flag(
        5.0,  # below the time after which clients give up: they learn then who was late
        "time after which an upstream that does not answer is a 504",
        "SECONDS",
    )
    upstream_auth_file: Path | None = flag(
        None,
        "file with the USER:PASSWORD of basic authentication at the upstream",
        "FILE",
    )
    upstream_ca_file: Path | None = flag(
        None,
        "trust only an upstream with a certificate of these authorities (PEM)",
        "FILE",
    )
    upstream_cert: Path | None = flag(
        None,
        "show the upstream this client certificate (PEM, perhaps with its key)",
        "FILE",
    )
    upstream_key: Path | None = flag(None, "key of that certificate (PEM)", "FILE")

    @property
    def upstream_parts(self) -> SplitResult:
        """The parts of --upstream, all empty without it."""
        return urlsplit(self.upstream)

    def check_upstream(self) -> None:
        """Raises ConfigError for --upstream and its flags; shows no URL, which has a password."""
        flags = [self.upstream_auth_file, self.upstream_ca_file]
        flags += [self.upstream_cert, self.upstream_key]
        if not self.upstream:
            if any(flags):
                raise ConfigError("expected --upstream URL with its other flags, found none")
            return
        if not is_base_url(self.upstream):
            raise ConfigError(
                "expected --upstream such as http://127.0.0.1:9001, found other text, or a query"
            )
        if self.upstream_timeout == 0:
            raise ConfigError("expected --upstream-timeout above 0 seconds, found 0")
        if self.upstream_auth_file and "@" in self.upstream_parts.netloc:
            raise ConfigError("expected a user in --upstream or --upstream-auth-file, found both")
        if self.upstream_key and not self.upstream_cert:
            raise ConfigError("expected --upstream-cert with --upstream-key, found none")
        if self.upstream_parts.scheme == "http" and any(flags[1:]):
            raise ConfigError("expected an https URL with a certificate for it, found http")


def is_base_url(url: str) -> bool:
    """Whether a text is an http or https URL that paths may follow."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        return False
    has_place = parts.scheme in {"http", "https"} and parts.hostname
    return bool(has_place) and not parts.query and not parts.fragment
