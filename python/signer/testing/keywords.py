"""The keyword arguments of `Signer` and of its methods, for type checkers and editors.

A type checker runs nothing, so it cannot read the fields of `Config`, `Fault` and the other classes
that decide. These say them a second time; `tests/testing/test_keywords.py` compares the two.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from ..config.settings import LogFormat, LogLevel, SlashingMode
from ..config.sources import KeymanagerAuth, UpstreamVerify
from ..control.faults import Fault, WrongSignature
from ..control.filters import Verdict

PathLike = str | os.PathLike[str]
Json = str | Mapping[str, Any] | Fault

# The built-in types, which an editor offers. Plugins and mocks have others, so any text is taken.
SigningType = Literal[
    "AGGREGATION_SLOT",
    "AGGREGATE_AND_PROOF",
    "AGGREGATE_AND_PROOF_V2",
    "ATTESTATION",
    "BLOCK",
    "BLOCK_V2",
    "BUILDER_REQUEST_AUTH",
    "DEPOSIT",
    "EXECUTION_PAYLOAD_BID",
    "EXECUTION_PAYLOAD_ENVELOPE",
    "GENERIC",
    "INCLUSION_LIST",
    "PAYLOAD_ATTESTATION_MESSAGE",
    "PROPOSER_PREFERENCES",
    "RANDAO_REVEAL",
    "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF",
    "SYNC_COMMITTEE_MESSAGE",
    "SYNC_COMMITTEE_SELECTION_PROOF",
    "VALIDATOR_REGISTRATION",
    "VOLUNTARY_EXIT",
]


class Flags(TypedDict, total=False):
    """The flags of `signer serve` that `Signer` takes, but for those that it names itself."""

    mnemonic: str
    mnemonic_passphrase: str
    count: int
    secret_keys_file: PathLike | None
    keystores_path: PathLike | None
    key_config_path: PathLike | None
    keystores_passwords_path: PathLike | None
    keystores_password_file: PathLike | None
    distributed: PathLike | None
    data_dir: PathLike | None
    keymanager_token_file: PathLike | None
    keymanager: bool
    keymanager_auth: KeymanagerAuth
    upstream: str
    upstream_verify: UpstreamVerify
    upstream_timeout: float
    upstream_auth_file: PathLike | None
    upstream_ca_file: PathLike | None
    upstream_cert: PathLike | None
    upstream_key: PathLike | None
    network: PathLike | None
    slashing: SlashingMode
    high_watermark_epoch: int | None
    high_watermark_slot: int | None
    signing_ext: bool
    auth_file: PathLike | None
    cors_origins: str | Sequence[str]
    host_allowlist: str | Sequence[str]
    idle_timeout: float
    log_format: LogFormat
    log_level: LogLevel
    quiet: bool
    tls_cert: PathLike | None
    tls_key: PathLike | None
    tls_password_file: PathLike | None
    tls_client_ca: PathLike | None
    tls_known_clients: PathLike | None
    metrics: bool
    metrics_host: str
    metrics_port: int | None
    metrics_web3signer_names: bool
    control: Literal[True]  # a Signer obeys its test through it
    control_anywhere: bool
    control_token_file: PathLike | None
    genesis_time: int | None
    fault: Json | Sequence[Json]
    plugin: PathLike | Sequence[PathLike]
    ready_json: bool
    exit_with_parent: bool


class Keys(TypedDict, total=False):
    """Deterministic keys: the fields of `KeySource`."""

    interop: int
    mnemonic: str
    mnemonic_passphrase: str
    count: int
    start_index: int


class Request(TypedDict, total=False):
    """What selects a request, for a fault or a record: the fields of `RequestFilter`."""

    type: SigningType | str | None
    pubkey: str | None
    path: str | None


class Match(Request, total=False):
    """What selects records: the fields of `RecordFilter`."""

    method: str | None
    status: int | None
    slot: int | None
    epoch: int | None
    fault: int | None
    upstream: Verdict | None


class FaultFields(Request, total=False):
    """The fields of `Fault`."""

    after: int
    times: int | None
    chance: float
    seed: int
    delay: float
    jitter: float
    status: int | None
    body: str | None
    content_type: str | None
    hang: bool
    drop: bool
    signature: WrongSignature | None
