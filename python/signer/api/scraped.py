"""What the metrics read from the signer when they are scraped."""

from collections import Counter

from ..config.settings import Config
from ..control.faults import FAULT_KINDS, Faults
from ..keys.keyring import Keyring
from ..metrics import Metrics
from ..metrics.web3signer import Web3SignerNames
from ..slashing.slashable import SLASHABLE_RULES
from .reasons import REASONS

Values = dict[tuple[str, ...], float]


def connect(metrics: Metrics, config: Config, keyring: Keyring, faults: Faults) -> None:
    """Adds the metrics whose values are kept elsewhere; nothing without --metrics.

    Known rules and reasons start at 0: PromQL's `increase` does not see a step from nothing to 1.
    """
    if not config.metrics:
        return
    metrics.read_process()
    for rule in sorted(SLASHABLE_RULES):
        metrics.slashable.labels(rule)
    for error_class, reason in REASONS.items():
        metrics.refusals.labels(str(error_class.status), reason)

    def keys() -> Values:
        read_only = len(keyring.readonly)
        return {("read_only",): read_only, ("imported",): len(keyring) - read_only}

    def applied() -> Values:
        counts = Counter[str](faults.applied)
        return {(kind,): counts[kind] for kind in FAULT_KINDS}

    metrics.read_gauge("signer_keys_loaded", "Keys that can sign", keys, "source")
    metrics.read_gauge(
        "signer_key_load_failures", "Keys not loaded", lambda: {(): len(keyring.failures)}
    )
    metrics.read_counter(
        "signer_faults_applied", "Requests that a fault of a test applied to", applied, "kind"
    )
    if config.metrics_web3signer_names:
        checks = config.slashing != "off"
        names = Web3SignerNames(metrics, lambda: len(keyring), checks_slashing=checks)
        metrics.registry.register(names)
