"""What plugins are written with: the names here stay. docs/plugins.md explains them.

A plugin is Python from outside of this package. Its function `register` gets a Plugin, and adds
signing types and routes to one signer.
"""

from ..api.contract import contract
from ..api.http import Request, Response, json_response
from ..api.lists import json_list
from ..errors import BadRequestError, SignerError
from ..signing.candidates import Candidate
from ..signing.request import ForkRequest, GenesisRequest, SignRequest
from ..spec.networks import Network, network_of
from ..ssz.composites import Container, List, ProgressiveContainer, ProgressiveList, Vector
from ..ssz.integers import uint8, uint16, uint32, uint128
from ..ssz.scalars import (
    Bitlist,
    Bitvector,
    ByteList,
    Bytes4,
    Bytes20,
    Bytes32,
    Bytes48,
    Bytes96,
    ByteVector,
    ProgressiveBitlist,
    ProgressiveByteList,
    uint64,
    uint256,
)
from .additions import Plugin
from .observers import Signed
from .routes import Auth

__all__ = [
    "Auth",
    "BadRequestError",
    "Bitlist",
    "Bitvector",
    "ByteList",
    "ByteVector",
    "Bytes4",
    "Bytes20",
    "Bytes32",
    "Bytes48",
    "Bytes96",
    "Candidate",
    "Container",
    "ForkRequest",
    "GenesisRequest",
    "List",
    "Network",
    "Plugin",
    "ProgressiveBitlist",
    "ProgressiveByteList",
    "ProgressiveContainer",
    "ProgressiveList",
    "Request",
    "Response",
    "SignRequest",
    "Signed",
    "SignerError",
    "Vector",
    "contract",
    "json_list",
    "json_response",
    "network_of",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "uint128",
    "uint256",
]
