"""The configuration: one field is one flag, one line of help and one environment variable.

The only place that says what can be configured; `cli.py` reads flags and variables into it.
"""

import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal, get_args, get_origin

from .errors import ConfigError

KeymanagerAuth = Literal["auto", "off"]
SlashingMode = Literal["off", "report", "enforce"]
LogFormat = Literal["plain", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

MADE = {"data_dir", "keymanager_token_file"}  # what need not be there


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What `signer serve` can be told, as its help tells it: flag, form of the value, meaning.

    interop                   N          load the first N interop keys, which everybody knows
    mnemonic                  WORDS      load --count keys of a mnemonic: its words, or devnet
                                         (ethereum-package's) or genesis-generator
    count                     N          how many keys of the mnemonic
    start                     N          index of the first key of the mnemonic
    keystores_path            DIR        load every EIP-2335 keystore below this folder, whoever
                                         wrote it
    keystores_passwords_path  DIR        folder with a password file for each keystore
    keystores_password_file   FILE       file with the password of all keystores
    data_dir                  DIR        keep imported keys and what was signed in this folder, and
                                         what opening slow keystores gave; without it they live as
                                         long as the process
    keymanager_token_file     FILE       file with the bearer token of the Keymanager API; made if
                                         it is missing
    keymanager                -          serve the Keymanager API
    keymanager_auth           auto|off   auto: a token where there is a file of one, and no other
                                         host than this machine without; off: let everybody in
    network                   NAME|FILE  network of requests that name none, or of a private chain:
                                         a name or a config.yaml
    slashing                  MODE       what to do about slashable blocks and attestations: off,
                                         report (sign them, and tell), enforce (refuse them)
    high_watermark_epoch      EPOCH      with enforce, sign no attestation from this epoch on
    high_watermark_slot       SLOT       with enforce, sign no block from this slot on
    host                      HOST       address to listen on
    port                      PORT       port to listen on; 0 takes a free one
    tls_cert                  FILE       serve https with this certificate chain: PEM, or PKCS#12
                                         with its key inside
    tls_key                   FILE       key of a certificate in PEM
    tls_password_file         FILE       file with the password of that key, or of the PKCS#12
    tls_client_ca             FILE       let only clients in that have a certificate of these
                                         authorities (PEM)
    tls_known_clients         FILE       let only clients in whose certificates this file names: a
                                         name and a SHA-256 fingerprint on each line
    auth_file                 FILE       let only users in whom this file names: USER:PASSWORD on
                                         each line
    metrics                   -          serve Prometheus metrics at /metrics
    metrics_host              HOST       address of the metrics; by default that of --host
    metrics_port              PORT       port of the metrics; by default 9001, or a free one with
                                         --port 0
    idle_timeout              SECONDS    time after which an idle connection is closed
    control                   -          serve /_signer: records of requests, faults, keys
    control_anywhere          -          serve /_signer also on another host than this machine
    fault                     JSON       do something wrong, such as {"type": "ATTESTATION",
                                         "status": 500, "times": 2}; may be repeated
    log_format                FORM       plain, or json: an object on each line
    log_level                 LEVEL      how much to log: debug (each request), info, warning or
                                         error
    ready_json                -          print {"url", "pid", "pubkeys"} on one line once it serves

    Raises ConfigError when flags contradict each other.
    """

    interop: int = 0
    mnemonic: str = field(default="", repr=False)
    count: int = 0
    start: int = 0
    keystores_path: Path | None = None
    keystores_passwords_path: Path | None = None
    keystores_password_file: Path | None = None
    data_dir: Path | None = None
    keymanager_token_file: Path | None = None
    keymanager: bool = True
    keymanager_auth: KeymanagerAuth = "auto"
    network: str = "mainnet"
    slashing: SlashingMode = "report"
    high_watermark_epoch: int | None = None
    high_watermark_slot: int | None = None
    host: str = "127.0.0.1"
    port: int = 9000
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_password_file: Path | None = None
    tls_client_ca: Path | None = None
    tls_known_clients: Path | None = None
    auth_file: Path | None = None
    metrics: bool = True
    metrics_host: str = ""
    metrics_port: int | None = None
    idle_timeout: float = 30.0
    control: bool = False
    control_anywhere: bool = False
    fault: tuple[str, ...] = ()
    log_format: LogFormat = "plain"
    log_level: LogLevel = "info"
    ready_json: bool = False

    def __post_init__(self) -> None:
        for flag in fields(self):
            choices, value = get_args(flag.type), getattr(self, flag.name)
            name = f"--{flag.name.replace('_', '-')}"
            if get_origin(flag.type) is Literal and value not in choices:
                raise ConfigError(f"expected {name} to be one of {choices}, found {value!r}")
            if isinstance(value, int | float) and value < 0:
                raise ConfigError(f"expected {name} to be 0 or more, found {value}")
        self._check_sources()
        self._check_tls()
        self._check_paths()
        self._check_who_may_ask()

    def _check_sources(self) -> None:
        if bool(self.mnemonic) != bool(self.count):
            raise ConfigError("expected --mnemonic and --count together, found one of them")
        if self.start and not self.mnemonic:
            raise ConfigError("expected --start with --mnemonic, found no --mnemonic")
        passwords = self.keystores_passwords_path, self.keystores_password_file
        if all(passwords):
            raise ConfigError("expected --keystores-passwords-path or -password-file, found both")
        if any(passwords) and not self.keystores_path:
            raise ConfigError("expected --keystores-path with its passwords, found only passwords")

    def _check_tls(self) -> None:
        clients = self.tls_client_ca, self.tls_known_clients
        if not self.tls_cert and any((self.tls_key, self.tls_password_file, *clients)):
            raise ConfigError("expected --tls-cert with the other --tls flags, found none")
        if all(clients):
            raise ConfigError("expected --tls-client-ca or --tls-known-clients, found both")

    def _check_paths(self) -> None:
        for name in {flag.name for flag in fields(self)} - MADE:
            path, is_folder = getattr(self, name), name.endswith("_path")
            if isinstance(path, Path) and not (path.is_dir() if is_folder else path.is_file()):
                found = f"found none at {path}: see --{name.replace('_', '-')}"
                raise ConfigError(f"expected a {'folder' if is_folder else 'file'}, {found}")

    def _check_who_may_ask(self) -> None:
        token, everybody = self.keymanager_token_file, self.keymanager_auth == "off"
        if token and everybody:
            raise ConfigError("expected --keymanager-token-file or -auth off, found both")
        everybody = everybody or not self.keymanager or self.auth_file is not None
        if re.fullmatch(r"localhost|::1|127(\.\d+){3}", self.host):
            return
        found = f"found --host {self.host}, which other machines reach"
        if (self.control or self.fault) and not self.control_anywhere:
            hint = "--control-anywhere lets them change keys and set faults"
            raise ConfigError(f"expected --control on this machine only, {found}: {hint}")
        if not token and not everybody:
            hint = "give --keymanager-token-file FILE, or --keymanager-auth off to let them in"
            raise ConfigError(f"expected a token for the Keymanager API, {found}: {hint}")


def explanations() -> dict[str, tuple[str, str]]:
    """The form and the meaning of each field's value: the table in the docstring of `Config`."""
    row = r"^ {0,4}(\w+)  +(\S+)  +(.+(?:\n {20,}.+)*)"  # a meaning goes on below itself
    rows = re.findall(row, Config.__doc__ or "", re.MULTILINE)
    return {name: (form, " ".join(meaning.split())) for name, form, meaning in rows}
