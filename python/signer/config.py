"""The configuration: one field is one flag, one line of help and one environment variable.

The only place that says what can be configured; `cli.py` reads flags and variables into it.
"""

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from .errors import ConfigError

KeymanagerAuth = Literal["auto", "off"]
LogLevel = Literal["debug", "info", "warning", "error"]


def flag(default: Any, help_text: str, *, metavar: str | None = None, secret: bool = False) -> Any:
    """A field with its line of help; a secret one is left out of the repr."""
    metadata = {"help": help_text, "metavar": metavar}
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What `signer serve` can be told. Raises ConfigError when flags contradict each other."""

    interop: int = flag(0, "load the first N interop keys, which everybody knows", metavar="N")
    mnemonic: str = flag(
        "",
        "load --count keys of a mnemonic: its words, or devnet (ethereum-package's) or "
        "genesis-generator",
        metavar="WORDS",
        secret=True,
    )
    count: int = flag(0, "how many keys of the mnemonic", metavar="N")
    start: int = flag(0, "index of the first key of the mnemonic", metavar="N")
    keystores_path: Path | None = flag(
        None, "load every EIP-2335 keystore below this folder, whoever wrote it", metavar="DIR"
    )
    keystores_passwords_path: Path | None = flag(
        None, "folder with a password file for each keystore", metavar="DIR"
    )
    keystores_password_file: Path | None = flag(
        None, "file with the password of all keystores", metavar="FILE"
    )
    data_dir: Path | None = flag(
        None,
        "keep imported keys in this folder, and what opening slow keystores gave; without it "
        "imported keys live as long as the process",
        metavar="DIR",
    )
    keymanager_token_file: Path | None = flag(
        None,
        "file with the bearer token of the Keymanager API; made if it is missing",
        metavar="FILE",
    )
    keymanager_auth: KeymanagerAuth = flag(
        "auto",
        "auto: a token where there is a file of one, and no other host than this machine without; "
        "off: let everybody in",
    )
    network: str = flag(
        "mainnet",
        "network of requests that name none, or of a private chain: a name or a config.yaml",
        metavar="NAME|FILE",
    )
    host: str = flag("127.0.0.1", "address to listen on")
    port: int = flag(9000, "port to listen on; 0 takes a free one", metavar="PORT")
    metrics: bool = flag(default=True, help_text="serve Prometheus metrics at /metrics")
    metrics_port: int | None = flag(
        None, "port of the metrics; by default 9001, or a free one with --port 0", metavar="PORT"
    )
    idle_timeout: float = flag(
        30.0, "seconds after which an idle connection is closed", metavar="SECONDS"
    )
    control: bool = flag(
        default=False, help_text="serve /_signer: records of requests, faults, keys"
    )
    control_anywhere: bool = flag(
        default=False, help_text="serve /_signer also on another host than this machine"
    )
    fault: tuple[str, ...] = flag(
        (),
        'do something wrong, as {"type": "ATTESTATION", "status": 500, "times": 2}; may be '
        "repeated, implies --control",
        metavar="JSON",
    )
    log_level: LogLevel = flag("info", "how much to log; debug logs each request")
    ready_json: bool = flag(
        default=False, help_text='print {"url", "pid", "pubkeys"} on one line once it serves'
    )

    def __post_init__(self) -> None:
        for name in ("interop", "count", "start"):
            if getattr(self, name) < 0:
                raise ConfigError(f"expected --{name} to be 0 or more, found {getattr(self, name)}")
        if bool(self.mnemonic) != bool(self.count):
            raise ConfigError("expected --mnemonic and --count together, found one of them")
        if self.start and not self.mnemonic:
            raise ConfigError("expected --start with --mnemonic, found no --mnemonic")
        passwords = self.keystores_passwords_path, self.keystores_password_file
        if all(passwords):
            raise ConfigError(
                "expected --keystores-passwords-path or --keystores-password-file, found both"
            )
        if any(passwords) and not self.keystores_path:
            raise ConfigError("expected --keystores-path with its passwords, found only passwords")
        self._check_who_may_ask()
        for path in (self.keystores_path, self.keystores_passwords_path):
            if path and not path.is_dir():
                raise ConfigError(f"expected a folder, found none at {path}")
        if self.keystores_password_file and not self.keystores_password_file.is_file():
            raise ConfigError(f"expected a file, found none at {self.keystores_password_file}")

    def _check_who_may_ask(self) -> None:
        here = _is_loopback(self.host)
        if (self.control or self.fault) and not (self.control_anywhere or here):
            raise ConfigError(
                f"expected --control on this machine only, found --host {self.host}: "
                "--control-anywhere lets everybody who reaches it change keys and set faults"
            )
        token, everybody = self.keymanager_token_file, self.keymanager_auth == "off"
        if token and everybody:
            raise ConfigError(
                "expected --keymanager-token-file or --keymanager-auth off, found both"
            )
        if not token and not everybody and not here:
            raise ConfigError(
                f"expected a token for the Keymanager API on {self.host}, where others than this "
                "machine may import and delete keys: give --keymanager-token-file FILE, or "
                "--keymanager-auth off to let them"
            )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name that may be anybody's
        return False
