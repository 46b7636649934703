"""`signer serve`."""

import json
import logging
import os
from functools import partial
from typing import Any

import click
from prometheus_client import start_http_server

from .. import server
from ..app import Application
from ..config import Config
from ..errors import UnavailableError
from ..hex import to_hex
from ..keys.keyring import Keyring
from ..metrics import Metrics
from . import output
from .options import CONFIG_FILE, FLAGS, configuration, current_flag, warn_of_variables

log = logging.getLogger(__name__)

DEFAULT_METRICS_PORT = 9001  # Web3Signer's

# A request of mainnet's Fulu, for a newcomer to paste
EXAMPLE_REQUEST = (
    '{"type":"RANDAO_REVEAL","fork_info":{"fork":{"previous_version":"0x05000000",'
    '"current_version":"0x06000000","epoch":"411392"},"genesis_validators_root":'
    '"0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95"},'
    '"randao_reveal":{"epoch":"411392"}}'
)


@click.command(
    "serve",
    params=[CONFIG_FILE, *FLAGS],
    short_help="Serve the signing API.",
    context_settings={"token_normalize_func": current_flag, "allow_extra_args": True},
)
def serve(**values: Any) -> None:
    """Serve Web3Signer's signing API until SIGTERM or SIGINT.

    Load keys with --interop, --mnemonic or --keystores-path, or several of them. A flag may also be
    set by the environment variable next to it, or by its name in the file of --config.

    Exits with 0 when it is told to stop, 2 when a flag or a file that it names is wrong, and 1 when
    it cannot serve for another reason, such as a port in use.

    \b
    Examples:
      signer serve --interop 4
      signer serve --mnemonic devnet --count 64 --network config.yaml
      signer serve --keystores-path keys --keystores-passwords-path secrets
      signer serve --interop 1 --port 0 --ready-json   (for a harness: read one line of output)
    """  # noqa: D301 - click's mark of lines that it leaves alone
    # First, so that errors of flags come in the requested log format.
    output.log_to_stderr(values["log_level"], values["log_format"])
    warn_of_variables(os.environ)
    config = configuration(click.get_current_context())
    with server.bind(config.host, config.port) as listener:
        url = server.url_of(listener, config)
        # Ports and network before keystores, which take long: mistakes are told at once.
        app = Application(config)
        try:
            if config.metrics:
                _serve_metrics(config, app.metrics)
            app.keymanager.load()
            announce = partial(_announce, config, url, app.keyring)
            server.run(app, listener, config, announce, app.operations.release)
        finally:
            app.close()
    # Granian's threads outlive its server by a moment. One that asks for the GIL while the
    # interpreter shuts down aborts the process, so leave without a shutdown. Everything kept is
    # closed by now, and click and logging flush each line.
    os._exit(0)


def _serve_metrics(config: Config, metrics: Metrics) -> None:
    """Serves them on a thread, which lasts as long as the process."""
    port = config.metrics_port
    if port is None:
        port = 0 if config.port == 0 else DEFAULT_METRICS_PORT
    host = config.metrics_host or config.host
    try:
        start_http_server(port, host, metrics.registry)
    except OSError as error:
        if config.metrics_port is not None:
            problem = f"cannot serve metrics on {host}, port {port}: {error.strerror}"
            hint = "choose another --metrics-port or --no-metrics"
            raise UnavailableError(f"{problem}; {hint}") from None
        # Several signers on one machine are common in tests, and nobody asked for this port.
        log.info("no metrics: port %d is in use; choose a --metrics-port to have them", port)


def _announce(config: Config, url: str, keyring: Keyring) -> None:
    """Logs the keys, the URL and an example request."""
    told = f"{len(keyring)} keys"
    if keyring.failures:
        told += f", {len(keyring.failures)} failed to load"
    if not keyring:
        told += ": load some by --interop, --mnemonic or --keystores-path, or import"
    log.info(told)
    log.info("serving at %s", url)
    if config.keymanager_token_file:
        log.info("the Keymanager API's token is in %s", config.keymanager_token_file)
    log.info("test signer, not for production validators: --slashing %s", config.slashing)
    if config.ready_json:
        click.echo(json.dumps({"url": url, "pid": os.getpid(), "pubkeys": len(keyring)}))
    elif keyring and not config.tls_cert:
        pubkey = to_hex(next(iter(keyring)))
        log.info("try: curl -s %s/api/v1/eth2/sign/%s -d '%s'", url, pubkey, EXAMPLE_REQUEST)
