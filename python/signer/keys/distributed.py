"""A participant's shares of distributed validators: opened, and found by their composite key."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from ..config.settings import Config
from ..errors import ConfigError, KeystoreError, SignerError, UnavailableKeyError, UnknownKeyError
from ..hex import abbreviated, to_hex
from ..threads import run_on_all
from .account_set import AccountEntry, AccountSet, read_account_set
from .finder import Finder
from .keyring import Key, Keyring, LoadFailure

log = logging.getLogger(__name__)


class Endpoint(Struct):
    """Where a participant serves."""

    id: str
    endpoint: str


class Account(Struct):
    """A distributed validator, with the members of remote-signing-api's profile."""

    participant_id: str
    public_key: str
    composite_public_key: str
    signing_threshold: str
    participants: list[Endpoint]


class DistributedAccounts(Keyring):
    """The shares of --distributed, by composite public key; empty without that flag.

    They are no part of the signer's keyring, which the ordinary routes sign with and list. The
    public key of a share is no validator's, and a client would look for that validator. The
    ordinary routes would also sign with a share outside the history of its validator.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.account_set: AccountSet | None = None
        self._public_keys: dict[bytes, bytes] = {}  # of shares, by composite public key
        if config.distributed:
            self._folder = config.distributed.parent
            self.account_set = read_account_set(config.distributed)
            self._finder = Finder(
                self._folder,
                config.keystores_passwords_path,
                config.keystores_password_file,
            )

    @property
    def entries(self) -> list[AccountEntry]:
        """The entries of the account set, in its order."""
        if self.account_set is None:
            return []
        return self.account_set.accounts

    def __getitem__(self, pubkey: bytes) -> Key:
        """The share of a composite key. Raises UnknownKeyError and UnavailableKeyError."""
        key = self.readonly.get(pubkey)
        if key:
            return key
        if pubkey in self._public_keys:
            raise UnavailableKeyError(
                "the share of this key could not be decrypted: see the log, mend its keystore or "
                "its password, then POST /reload"
            )
        raise self._unknown(pubkey)

    def _unknown(self, pubkey: bytes) -> UnknownKeyError:
        return UnknownKeyError(
            f"expected the composite public key of one of {len(self.entries)} accounts, found "
            f"{to_hex(pubkey[:4])}..: GET /api/v1/eth2/distributed/accounts lists them"
        )

    def load(self, pool: ThreadPoolExecutor) -> list[LoadFailure]:
        """Decrypts the shares that are not decrypted yet, and returns the failures.

        Blocks for as long as the KDFs take. Raises ConfigError for a share that is not its
        account's, and for a keystore whose public key is unknown.
        """
        closed = [entry for entry in self.entries if entry.composite_public_key not in self]
        failures = []
        results = run_on_all(pool, self._open, closed, "shares decrypted")
        for entry, result in zip(closed, results, strict=True):
            if isinstance(result, LoadFailure):
                failures.append(result)
            else:
                self.readonly[entry.composite_public_key] = result
        return failures

    def _open(self, entry: AccountEntry) -> Key | LoadFailure:
        path = str(self._folder / entry.keystore)
        composite_key = entry.composite_public_key
        try:
            file = self._finder.keystore_at(path)
            if file is None:
                raise KeystoreError("expected an EIP-2335 keystore, version 4, found other content")
            declared = file.keystore.declared_pubkey
            if declared:
                self._public_keys[composite_key] = declared
            key = file.keystore.decrypt(file.password())
        except SignerError as error:
            if composite_key in self._public_keys:
                return LoadFailure(path, str(error))
            raise ConfigError(f"cannot use the share {path}: {error}") from None
        self._check_share(entry, key)
        self._public_keys[composite_key] = key.pubkey
        return key

    def _check_share(self, entry: AccountEntry, key: Key) -> None:
        """Raises ConfigError for a key that cannot be a share: more cannot be seen in one share."""
        is_whole_key = key.pubkey == entry.composite_public_key
        needs_one = self.account_set is not None and self.account_set.signing_threshold == 1
        if is_whole_key == needs_one:
            return
        shown = abbreviated(to_hex(entry.composite_public_key))
        if is_whole_key:
            found = "the key itself: split it by signer keys --split"
        else:
            found = "another key: a share of threshold 1 is the key itself"
        raise ConfigError(
            f"{self._folder / entry.keystore}: expected a share of {shown}, found {found}"
        )

    def account(self, composite_key: bytes) -> Account:
        """An account as the profile shows it. Raises UnknownKeyError."""
        account_set = self.account_set
        public_key = self._public_keys.get(composite_key)
        if account_set is None or public_key is None:
            raise self._unknown(composite_key)
        participants = [
            Endpoint(str(participant.id), participant.endpoint)
            for participant in account_set.participants
        ]
        return Account(
            participant_id=str(account_set.participant_id),
            public_key=to_hex(public_key),
            composite_public_key=to_hex(composite_key),
            signing_threshold=str(account_set.signing_threshold),
            participants=participants,
        )

    @property
    def _shares(self) -> set[bytes]:
        """The public keys of shares; with threshold 1 a share is an ordinary key."""
        return set(self._public_keys.values()) - self._public_keys.keys()

    def require_no_share(self, keys: Sequence[Key]) -> None:
        """Raises KeystoreError when a key is a share: it must not sign by the ordinary routes."""
        shares = self._shares
        if shares and any(key.pubkey in shares for key in keys):
            raise KeystoreError(
                "expected a validator's key, found a share of --distributed, which only the "
                "distributed routes sign with"
            )

    def without_shares(self, keys: Sequence[Key]) -> Sequence[Key]:
        """The keys that the ordinary routes may sign with: all but the shares."""
        shares = self._shares
        if not shares:
            return keys
        ordinary = [key for key in keys if key.pubkey not in shares]
        if len(ordinary) < len(keys):
            number = len(keys) - len(ordinary)
            log.warning("%d keys are shares of --distributed, and sign only there", number)
        return ordinary
