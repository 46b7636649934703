"""`signer serve`."""

import errno
import json
import logging
import os
import resource
from collections.abc import Mapping
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from ..config.settings import Config
from ..errors import UnavailableError
from ..hex import to_hex
from ..keys.keyring import Keyring, log_failures
from . import output
from .help import GroupedCommand
from .options import CONFIG_FILE, FLAGS, HELP_NAMES, configuration, current_flag, warn_of_variables
from .parent import stop_with_parent

if TYPE_CHECKING:
    from ..app import Application

log = logging.getLogger(__name__)

DEFAULT_METRICS_PORT = 9001  # Web3Signer's
PUBLIC_KEYS_SHOWN = 500  # in the ready line, which stays below the 64 KiB that a pipe holds

# A request of mainnet's Fulu, for a newcomer to paste
EXAMPLE_REQUEST = (
    '{"type":"RANDAO_REVEAL","fork_info":{"fork":{"previous_version":"0x05000000",'
    '"current_version":"0x06000000","epoch":"411392"},"genesis_validators_root":'
    '"0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95"},'
    '"randao_reveal":{"epoch":"411392"}}'
)


@click.command(
    "serve",
    cls=GroupedCommand,
    params=[CONFIG_FILE, *FLAGS],
    short_help="Serve the signing API.",
    context_settings={
        **HELP_NAMES,
        "token_normalize_func": current_flag,
        "allow_extra_args": True,
    },
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
    configure_log(values)  # first: errors of flags then come in the requested format
    warn_of_variables(os.environ)
    config = configuration(click.get_current_context())
    if config.exit_with_parent:
        stop_with_parent()
    # A core dump would hold every secret key.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # These imports take most of the start, and the parent may end meanwhile.
    from .. import server  # noqa: PLC0415
    from ..app import Application  # noqa: PLC0415

    with server.bind(config.host, config.port) as listener:
        url = server.url_of(listener, config)
        # Ports and network before keystores, which take long: mistakes are told at once.
        app = Application(config)
        try:
            if config.metrics:
                _serve_metrics(config, app)
            app.keymanager.load(logs_failures=False)  # after the ready line
            announce = partial(_announce, config, url, app)
            server.run(app, listener, config, announce, app.operations.release)
        finally:
            app.close()
    # Granian's threads outlive its server by a moment. One that asks for the GIL while the
    # interpreter shuts down aborts the process, so leave without a shutdown. Everything kept is
    # closed by now.
    output.wait_until_logged()
    os._exit(0)


def configure_log(flags: Mapping[str, Any]) -> None:
    """Logs as these flags ask."""
    level = flags["log_level"]
    if flags["quiet"]:
        level = "error"
    output.configure_log(level, flags["log_format"])


def _serve_metrics(config: Config, app: "Application") -> None:
    """Serves the metrics on a thread, which lasts as long as the process."""
    from prometheus_client import start_http_server  # noqa: PLC0415 - takes long

    port = config.metrics_port
    if port is None:
        port = 0 if config.port == 0 else DEFAULT_METRICS_PORT
    host = config.metrics_host or config.host
    try:
        metrics_server, _ = start_http_server(port, host, app.metrics.registry)
    except OSError as error:
        if config.metrics_port is not None or error.errno != errno.EADDRINUSE:
            problem = f"cannot serve metrics on {host}, port {port}: {error.strerror}"
            hint = "choose another --metrics-port, --metrics-host or --no-metrics"
            raise UnavailableError(f"{problem}; {hint}") from None
        # Several signers on one machine are common in tests, and nobody asked for this port.
        log.info("no metrics: port %d is in use; choose a --metrics-port to have them", port)
        return
    app.router.hints["/metrics"] = f"metrics are on port {metrics_server.server_port}"


def _ready_line(config: Config, url: str, keyring: Keyring) -> str:
    """The line of --ready-json."""
    pubkeys = islice(keyring, PUBLIC_KEYS_SHOWN)
    ready = {
        "url": url,
        "pid": os.getpid(),
        "pubkeys": len(keyring),
        "public_keys": [to_hex(pubkey) for pubkey in pubkeys],
    }
    if config.control:
        ready["control"] = f"{url}/_signer"
    return json.dumps(ready)


def _announce_control(config: Config, url: str) -> None:
    """Logs where the live page is, and who may steer this signer."""
    hint = ""
    if config.control_token_file:
        hint = f"#token= and the token in {config.control_token_file}"
    log.info("watch and steer it at %s/_signer/%s", url, hint)
    if config.is_open_to_everybody:
        told = "everybody who reaches %s may steer this signer: give --control-token-file"
        log.warning(told, url)


def _announce(config: Config, url: str, app: "Application") -> None:
    """Prints the line of --ready-json, then logs the keys, the URL and an example request."""
    keyring = app.keyring
    if config.ready_json:
        # First: a harness may wait for this line, and read nothing else.
        output.print_line(_ready_line(config, url, keyring))
    told = f"{len(keyring)} keys"
    if keyring.failures:
        told += f", {len(keyring.failures)} failed to load"
    accounts = app.keymanager.distributed.entries
    if accounts:
        told += f", shares of {len(accounts)} distributed validators"
    elif not keyring and not config.upstream:
        told += ": load some by --interop, --mnemonic or --keystores-path, or import"
    log.info(told)
    log.info("serving at %s", url)
    if config.keymanager_token_file:
        log.info("the Keymanager API's token is in %s", config.keymanager_token_file)
    if config.control:
        _announce_control(config, url)
    log.info("test signer, not for production validators: --slashing %s", config.slashing)
    if keyring and not config.ready_json and not config.tls_cert:
        pubkey = to_hex(next(iter(keyring)))
        log.info("try: curl -s %s/api/v1/eth2/sign/%s -d '%s'", url, pubkey, EXAMPLE_REQUEST)
    log_failures(keyring.failures)
