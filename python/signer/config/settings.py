"""The configuration: one field is one flag, one environment variable and one line of help.

This is the only place that says what can be configured. Any room may read it.
"""

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from ..errors import ConfigError
from .flags import check_exists, checked, flag, spelled
from .key_source import KeySource, check_key_source
from .plugin_source import check_plugin
from .sources import SourceFlags

SlashingMode = Literal["off", "report", "enforce"]
LogFormat = Literal["plain", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

THIS_MACHINE = re.compile(r"localhost|::1|127(\.\d+){3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(SourceFlags):
    """The flags of `signer serve`. Raises ConfigError when they contradict each other."""

    network: str | None = flag(
        None,
        "network of requests whose chain is unknown: a name or a config.yaml; by default mainnet, "
        "and histories of any chain",
        "NAME|FILE",
        group="Network",
    )
    slashing: SlashingMode = flag(
        "report",
        "slashable blocks and attestations are signed (off), signed and reported (report), or "
        "refused (enforce)",
        group="Slashing",
    )
    high_watermark_epoch: int | None = flag(
        None,
        "with enforce, sign no attestation from this epoch on",
        "EPOCH",
    )
    high_watermark_slot: int | None = flag(
        None,
        "with enforce, sign no block from this slot on",
        "SLOT",
    )
    host: str = flag("127.0.0.1", "address to listen on", "HOST", group="Server")
    port: int = flag(9000, "port to listen on; 0 takes a free one", "PORT")
    signing_ext: bool = flag(
        default=False,
        meaning="serve Web3Signer's signing extension, which signs a PROOF_OF_VALIDATION",
    )
    auth_file: Path | None = flag(
        None,
        "accept only the users that this file lists: USER:PASSWORD on each line",
        "FILE",
    )
    cors_origins: tuple[str, ...] = flag(
        (),
        "web pages that may send requests: origins such as http://localhost:3000, or *",
        "ORIGIN,...",
    )
    host_allowlist: tuple[str, ...] = flag(
        (),
        "names of this signer that web pages may use besides localhost and addresses, or *",
        "NAME,...",
    )
    idle_timeout: float = flag(
        31.0,  # no multiple of a slot, when clients send again
        "time after which a connection is closed on which nothing comes",
        "SECONDS",
    )
    log_format: LogFormat = flag(
        "plain", "log lines as plain text, or json: an object on each line"
    )
    log_level: LogLevel = flag("info", "lowest level to log; debug logs each request")
    quiet: bool = flag(default=False, meaning="log only errors; wins over --log-level")
    tls_cert: Path | None = flag(
        None,
        "serve https with this certificate chain: PEM, or PKCS#12 with its key inside",
        "FILE",
        group="TLS",
    )
    tls_key: Path | None = flag(None, "key of a certificate in PEM", "FILE")
    tls_password_file: Path | None = flag(
        None,
        "file with the password of that key, or of the PKCS#12",
        "FILE",
    )
    tls_client_ca: Path | None = flag(
        None,
        "accept only clients that have a certificate of these authorities (PEM)",
        "FILE",
    )
    tls_known_clients: Path | None = flag(
        None,
        "accept only clients whose certificate this file lists: a name and a SHA-256 "
        "fingerprint on each line",
        "FILE",
    )
    metrics: bool = flag(
        default=True, meaning="serve Prometheus metrics at /metrics", group="Metrics"
    )
    metrics_host: str = flag("", "address of the metrics; by default that of --host", "HOST")
    metrics_port: int | None = flag(
        None,
        "port of the metrics; by default 9001, or a free one with --port 0",
        "PORT",
    )
    metrics_web3signer_names: bool = flag(default=False, meaning="also serve Web3Signer's names")
    control: bool = flag(
        default=False,
        meaning="serve /_signer: records, faults, keys, slashable messages",
        group="Tests",
    )
    control_anywhere: bool = flag(
        default=False,
        meaning="serve /_signer also to other machines",
    )
    control_token_file: Path | None = flag(
        None,
        "file with the bearer token of /_signer; made if it is missing",
        "FILE",
        must_exist=False,
    )
    genesis_time: int | None = flag(
        None,
        "when slot 0 began, in seconds since 1970, for the live page; by default the network's",
        "TIME",
    )
    fault: tuple[str, ...] = flag(
        (),
        'a fault to apply, such as {"type": "ATTESTATION", "status": 500, "times": 2}; may be '
        "repeated",
        "JSON",
    )
    plugin: tuple[str, ...] = flag(
        (),
        "Python that adds signing types and routes: a module or a .py file; may be repeated",
        "MODULE|FILE",
    )
    ready_json: bool = flag(
        default=False,
        meaning="print a line of JSON once it serves: the url, the keys, and the url of --control",
    )
    exit_with_parent: bool = flag(
        default=False,
        meaning="stop when standard input closes, if it is a pipe or a socket; otherwise stop "
        "when the parent process ends",
    )

    @property
    def key_source(self) -> KeySource:
        """The deterministic keys to load."""
        return KeySource(
            interop=self.interop,
            mnemonic=self.mnemonic,
            mnemonic_passphrase=self.mnemonic_passphrase,
            count=self.count,
            start_index=self.start_index,
        )

    def __post_init__(self) -> None:
        self._check_values()
        self._check_key_sources()
        self.check_upstream()
        self._check_upstream_is_another()
        self._check_tls()
        self._check_paths()
        self._check_control_is_local()
        self._check_keymanager_is_allowed()

    def _check_values(self) -> None:
        for declared in fields(self):
            value = getattr(self, declared.name)
            value = checked(declared, value, spelled(declared.name))
            object.__setattr__(self, declared.name, value)

    def _check_key_sources(self) -> None:
        check_key_source(self.key_source, ConfigError, spelled)
        if self.key_config_path and not self.keystores_path:
            raise ConfigError("expected --keystores-path with --key-config-path, found none")
        passwords = [self.keystores_passwords_path, self.keystores_password_file]
        if all(passwords):
            raise ConfigError("expected --keystores-passwords-path or -password-file, found both")
        if any(passwords) and not self.keystores_path and not self.distributed:
            raise ConfigError(
                "expected --distributed or --keystores-path next to the password flag, found none"
            )

    def _check_upstream_is_another(self) -> None:
        host = self.upstream_parts.hostname or ""
        is_near = self._is_local or self.host in {"0.0.0.0", "::"}  # noqa: S104 - compared
        is_own_host = host == self.host or (is_near and THIS_MACHINE.fullmatch(host))
        if self.upstream and is_own_host and self.upstream_parts.port == self.port:
            raise ConfigError(
                "expected --upstream at another place than this signer, found its own --port "
                f"{self.port}: give another --port"
            )

    def _check_tls(self) -> None:
        clients = [self.tls_client_ca, self.tls_known_clients]
        needing_a_certificate = [self.tls_key, self.tls_password_file, *clients]
        if any(needing_a_certificate) and not self.tls_cert:
            raise ConfigError("expected --tls-cert with the other --tls flags, found no --tls-cert")
        if all(clients):
            raise ConfigError("expected --tls-client-ca or --tls-known-clients, found both")

    def _check_paths(self) -> None:
        for declared in fields(self):
            check_exists(declared, getattr(self, declared.name), spelled(declared.name))
        for plugin in self.plugin:
            check_plugin(plugin, spelled("plugin"))

    @property
    def _is_local(self) -> bool:
        return THIS_MACHINE.fullmatch(self.host.lower()) is not None

    @property
    def is_open_to_everybody(self) -> bool:
        """Whether other machines may use /_signer without a token."""
        return self.control and self.control_anywhere and not self.control_token_file

    def _check_control_is_local(self) -> None:
        if self.control_token_file and not self.control:
            raise ConfigError("expected --control with --control-token-file, found none")
        is_allowed = self.control_anywhere or self.control_token_file
        if self.control and not is_allowed and not self._is_local:
            raise ConfigError(
                f"expected --control on this machine only, found --host {self.host}, which other "
                "machines reach: give --control-token-file FILE, or --control-anywhere to let "
                "everybody there change keys and faults"
            )

    def _check_keymanager_is_allowed(self) -> None:
        if self.keymanager_token_file and self.keymanager_auth == "off":
            raise ConfigError("expected --keymanager-token-file or -auth off, found both")
        is_open = self.keymanager and not self.keymanager_token_file and not self.auth_file
        if is_open and self.keymanager_auth == "auto" and not self._is_local:
            raise ConfigError(
                f"expected a token for the Keymanager API, found --host {self.host}, which other "
                "machines reach: give --keymanager-token-file FILE, or --keymanager-auth off to "
                "let them in"
            )
