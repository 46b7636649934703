"""The container of builder-specs, specs/bellatrix/builder.md."""

from ..ssz.composites import Container
from ..ssz.scalars import Bytes20, Bytes48, uint64


class ValidatorRegistrationV1(Container):
    fee_recipient: Bytes20
    gas_limit: uint64
    timestamp: uint64
    pubkey: Bytes48
