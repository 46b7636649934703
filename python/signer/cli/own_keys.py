"""The keys of a command that looks at another signer: it has to know the keys of that one."""

from contextlib import closing
from typing import TYPE_CHECKING

import click

from ..config.settings import Config
from ..errors import ConfigError
from .options import FLAGS, KEY_FLAGS

if TYPE_CHECKING:
    from ..keys.keyring import Key

DEFAULT_INTEROP = 4
FILES = (
    "secret_keys_file",
    "keystores_path",
    "key_config_path",
    "keystores_passwords_path",
    "keystores_password_file",
)
OWN_KEY_FLAGS: list[click.Parameter] = [
    *KEY_FLAGS,
    *(flag for flag in FLAGS if flag.name in FILES),
]


def load_keys(config: Config) -> "list[Key]":
    """The keys of the flags; without any, the first interop keys. Raises ConfigError."""
    from ..keys.derived import interop_keys  # noqa: PLC0415 - takes long, as those below
    from ..keys.keyring import Keyring, log_failures  # noqa: PLC0415
    from ..keys.manager import KeyManager  # noqa: PLC0415
    from ..slashing.protection import Protection  # noqa: PLC0415

    keyring = Keyring()
    with closing(KeyManager(config, keyring, None, Protection(Config(), None))) as manager:
        manager.load()
    keys = [*keyring.all().values()]
    if keys:
        return keys
    if keyring.failures or config.keystores_path or config.secret_keys_file:
        log_failures(keyring.failures)
        raise ConfigError("expected a key from the flags for keys, found none")
    return interop_keys(DEFAULT_INTEROP)


def own_keys_in_words(config: Config) -> str:
    """Which keys `load_keys` gives, for a message; nothing of a mnemonic or a file's content."""
    words = []
    if config.interop:
        words.append(f"the interop keys 0 to {config.interop - 1}")
    if config.mnemonic:
        last = config.start_index + config.count - 1
        words.append(f"the keys {config.start_index} to {last} of your --mnemonic")
    if config.secret_keys_file:
        words.append(f"the keys in {config.secret_keys_file}")
    if config.keystores_path:
        words.append(f"the keys in {config.keystores_path}")
    if not words:
        words.append(f"the interop keys 0 to {DEFAULT_INTEROP - 1}")
    return " and ".join(words)
