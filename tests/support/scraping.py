"""Metrics as prometheus_client's parser reads them, and a signer that shows all of them."""

import json
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from support.equivocations import INCLUSION_LIST, changed
from support.known_keys import INTEROP
from support.randao import RANDAO
from support.served import Served, serving_here
from support.slashable import attestation

UNKNOWN = "0x" + "12" * 48
BATCH = "/api/v1/eth2/sign"
ON_LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="expected Linux, whose /proc has the process and connections"
)
ANSWER = {"status": 500, "type": "RANDAO_REVEAL", "times": 1}


def families(url: str) -> list[Metric]:
    """All metrics of a signer."""
    with urllib.request.urlopen(url) as response:
        return list(text_string_to_metric_families(response.read().decode()))


def scrape(url: str) -> list[Sample]:
    """All samples of a signer."""
    return [sample for family in families(url) for sample in family.samples]


def value(samples: list[Sample], name: str, **labels: str) -> float:
    """The one sample with this name and these labels, of which there may be more."""
    values = [s.value for s in samples if s.name == name and labels.items() <= s.labels.items()]
    assert 1 == len(values), (name, labels, values)
    return values[0]


@contextmanager
def busy_signer(*flags: str) -> Iterator[Served]:
    """A signer that signed three attestations, two inclusion lists and a batch of two keys.

    One attestation is slashable, and the inclusion lists are an equivocation. The signer refused
    three requests, and a fault answered one.
    """
    control = ["--control", "--fault", json.dumps(ANSWER)]
    with serving_here("--interop", "2", "--metrics-port", "0", *control, *flags) as signer:
        statuses = [
            signer.sign(INTEROP[0], attestation(7)).status,
            signer.sign(INTEROP[0], attestation(7, root=1)).status,
            signer.sign(INTEROP[1], attestation(7)).status,
            signer.sign(INTEROP[0], changed(INCLUSION_LIST)).status,
            signer.sign(INTEROP[0], changed(INCLUSION_LIST, transactions=[])).status,
            signer.sign(INTEROP[0], RANDAO).status,
            signer.sign(UNKNOWN, RANDAO).status,
            signer.sign(INTEROP[0], {"type": "NONSENSE"}).status,
            signer.sign(INTEROP[0], RANDAO | {"signing_root": "0x" + "00" * 32}).status,
        ]
        batch = {"identifiers": INTEROP[:2], "signing_request": RANDAO}
        results = signer.ask("POST", BATCH, batch).json
        assert [200, 200, 200, 200, 200, 500, 404, 400, 400] == statuses
        assert ["signature", "signature"] == [[*result][-1] for result in results]
        yield signer
