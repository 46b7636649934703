"""Partial signatures of distributed validators: /api/v1/eth2/distributed/...

Source: ethereum/remote-signing-api, pull request 29, a draft: the distributed profile. A validator
is named by its composite public key, which is what clients know; its share signs.
"""

from ..errors import BadRequestError, UnknownKeyError
from ..hex import to_hex
from ..keys.distributed import Account, DistributedAccounts
from ..metrics import Metrics
from ..signing.candidates import Chosen
from ..signing.engine import SigningEngine
from ..signing.request import SignRequest
from ..slashing.protection import SLASHABLE_DOMAINS, Protection
from .batch import BatchRoute
from .contract import contract
from .http import Request, Response, json_response
from .lists import json_list
from .recorder import SHARE_PREFIX, Exchange
from .routes import Routes
from .signing import KeySigner, SignRoute, parse_pubkey

PREFIX = "/api/v1/eth2/distributed"
ACCOUNTS = f"{PREFIX}/accounts"


class ShareSigner(KeySigner):
    """Signs with shares, which it finds by the composite public keys of validators.

    The signing history is under the composite key, as are records and faults. A slashing names the
    validator, and EIP-3076 moves histories by the validator's key. So the history from before the
    key was split counts, and it stays when the key is split anew. Each participant has its own
    history: it remembers what it signed, whether or not a signature was recovered.
    """

    def __init__(
        self, accounts: DistributedAccounts, slashing: Protection, metrics: Metrics
    ) -> None:
        super().__init__(accounts, slashing, metrics)
        self.accounts = accounts

    async def sign(
        self,
        engine: SigningEngine,
        identifier: str,
        request: SignRequest,
        chosen: Chosen,
        exchange: Exchange | None,
    ) -> str:
        """The partial signature for the composite key with this identifier, as hex.

        Raises BadRequestError for a GENERIC block or attestation, unless --slashing is off, and
        UnavailableKeyError. Raises as `KeySigner.sign` otherwise.
        """
        is_generic = request.TYPE == "GENERIC"
        if is_generic and self._slashing.mode != "off" and request.DOMAIN_TYPE in SLASHABLE_DOMAINS:
            raise BadRequestError(
                "expected no proposer's or attester's domain in GENERIC, found one: send BLOCK_V2 "
                "or ATTESTATION"
            )
        return await super().sign(engine, identifier, request, chosen, exchange)


def make_routes(share_signer: ShareSigner, sign: SignRoute, batch: BatchRoute) -> Routes:
    """The routes; none without an account set. They share the threads of the ordinary routes."""
    accounts = share_signer.accounts
    account_set = accounts.account_set
    if account_set is None:
        return {}
    participant_id = str(account_set.participant_id)

    def described(chosen: Chosen) -> dict[str, str]:
        return {"participant_id": participant_id, "signing_root": to_hex(chosen.signing_root)}

    @contract({200: list[Account]})
    async def list_accounts(_: Request) -> Response:
        """All accounts, in the order of the account set."""
        keys = [entry.composite_public_key for entry in accounts.entries]
        return json_list(map(accounts.account, keys))

    @contract({200: Account}, errors=(UnknownKeyError,))
    async def show_account(request: Request) -> Response:
        """One account. Raises UnknownKeyError."""
        composite_key = parse_pubkey(request.path.removeprefix(f"{ACCOUNTS}/"))
        return json_response(accounts.account(composite_key))

    async def sign_one(request: Request) -> Response:
        """A partial signature."""
        signature, chosen = await sign.sign(request, SHARE_PREFIX, share_signer)
        return json_response({**described(chosen), "signature": signature})

    async def sign_batch(request: Request) -> Response:
        """A partial signature of each composite key over one message, or an error for it."""
        return await batch.sign(request, share_signer, described)

    return {
        ACCOUNTS: {"GET": list_accounts},
        f"{ACCOUNTS}/{{identifier}}": {"GET": show_account},
        f"{SHARE_PREFIX}{{identifier}}": {"POST": sign_one},
        SHARE_PREFIX.rstrip("/"): {"POST": sign_batch},
    }
