"""The options of Web3Signer: what each means here, and those without a meaning here.

Source: Consensys/web3signer, its picocli options of July 2026, and older ones of its launchers.
"""

# By option: our flag, or one for each value, "*" for every other one. An empty flag means that the
# value is our default.
RULES: dict[str, str | dict[str, str]] = {
    "http-listen-host": "--host={}",
    "http-listen-port": "--port={}",
    "idle-connection-timeout-seconds": "--idle-timeout={}",
    "data-path": "--data-dir={}",
    "key-config-path": "--key-config-path={}",
    "keystores-path": "--keystores-path={}",
    "keystores-passwords-path": "--keystores-passwords-path={}",
    "keystores-password-file": "--keystores-password-file={}",
    "network": "--network={}",
    "http-cors-origins": {"all": "--cors-origins=*", "none": "", "*": "--cors-origins={}"},
    "http-host-allowlist": {"all": "--host-allowlist=*", "none": "", "*": "--host-allowlist={}"},
    "metrics-host": "--metrics-host={}",
    "metrics-port": "--metrics-port={}",
    "tls-keystore-file": "--tls-cert={}",
    "tls-keystore-password-file": "--tls-password-file={}",
    "tls-known-clients-file": "--tls-known-clients={}",
    "tls-allow-any-client": {"true": "", "false": ""},
    "metrics-enabled": {"true": "--metrics", "false": "--no-metrics"},
    "key-manager-api-enabled": {"true": "--keymanager-auth=off", "false": "--no-keymanager"},
    "Xsigning-ext-enabled": {"true": "--signing-ext", "false": ""},
    # false signs everything, and so does report, which tells what was slashable
    "slashing-protection-enabled": {"true": "--slashing=enforce", "false": "--slashing=report"},
    "logging": dict.fromkeys(["off", "fatal", "error"], "--log-level=error")
    | {"warn": "--log-level=warning", "info": "--log-level=info"}
    | dict.fromkeys(["debug", "trace", "all"], "--log-level=debug"),
}
SYNONYMS = {
    "l": "logging",
    "enable-key-manager-api": "key-manager-api-enabled",
    "key-store-path": "key-config-path",
    "xsigning-ext-enabled": "Xsigning-ext-enabled",  # as its variable is read
}
DEFAULTS = {
    "metrics-enabled": "false",
    "key-manager-api-enabled": "false",
    "slashing-protection-enabled": "true",
}

# Options that Web3Signer has and a test signer does not need, in lower case
WITHOUT_MEANING = frozenset(
    """
    access-logs-enabled aws-connection-cache-size aws-endpoint-override aws-kms-access-key-id
    aws-kms-auth-mode aws-kms-enabled aws-kms-region aws-kms-secret-access-key aws-kms-tag
    aws-secrets-access-key-id aws-secrets-auth-mode aws-secrets-enabled
    aws-secrets-prefixes-filter aws-secrets-region aws-secrets-secret-access-key
    aws-secrets-tag aws-secrets-tag-names-filter aws-secrets-tag-values-filter azure-client-id
    azure-client-secret azure-response-timeout azure-secrets-tags azure-tags azure-tenant-id
    azure-vault-auth-mode azure-vault-enabled azure-vault-name commit-boost-api-enabled
    gcp-project-id gcp-secrets-enabled gcp-secrets-filter
    key-store-config-file-max-size logging-format metrics-categories
    metrics-category metrics-host-allowlist metrics-push-enabled metrics-push-host
    metrics-push-interval metrics-push-port metrics-push-prometheus-job
    proxy-keystores-password-file proxy-keystores-path reload-timeout signer-load-batch-size
    signer-load-parallel signer-load-sequential-threshold signer-load-timeout
    skip-keystore-storage slashing-protection-db-health-check-interval-milliseconds
    slashing-protection-db-health-check-timeout-milliseconds slashing-protection-db-password
    slashing-protection-db-pool-configuration-file slashing-protection-db-url
    slashing-protection-db-username slashing-protection-pruning-at-boot-enabled
    slashing-protection-pruning-db-pool-configuration-file slashing-protection-pruning-enabled
    slashing-protection-pruning-epochs-to-keep slashing-protection-pruning-interval
    slashing-protection-pruning-slots-per-epoch swagger-ui-enabled tls-allow-ca-clients
    vertx-worker-pool-size xkey-manager-skip-keystore-storage xnetwork-altair-fork-epoch
    xnetwork-bellatrix-fork-epoch xnetwork-capella-fork-epoch xnetwork-deneb-fork-epoch
    xnetwork-electra-fork-epoch xnetwork-fulu-fork-epoch xnetwork-gloas-fork-epoch
    xnetwork-heze-fork-epoch xslashing-protection-db-connection-pool-enabled xtrusted-setup
    xworker-pool-size
    """.split()  # noqa: SIM905 - a line for each would be a page
)
KNOWN = frozenset([*RULES, *SYNONYMS, *WITHOUT_MEANING, "config-file"])
