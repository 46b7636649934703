"""A client's tests with py3signer's fixture `signer`; nothing else is to be copied."""

import json
import urllib.error
import urllib.request

ATTESTATION = {
    "type": "ATTESTATION",
    "fork_info": {
        "fork": {
            "previous_version": "0x05000000",
            "current_version": "0x06000000",
            "epoch": "0",
        },
        "genesis_validators_root": "0x" + "33" * 32,
    },
    "attestation": {
        "slot": "32",
        "index": "0",
        "beacon_block_root": "0x" + "11" * 32,
        "source": {"epoch": "0", "root": "0x" + "22" * 32},
        "target": {"epoch": "1", "root": "0x" + "11" * 32},
    },
}


def attest(url: str, key: str) -> int:
    """Stands for your client: asks once more if the signer is unavailable; returns the status."""
    status = post(url, key)
    if status == 503:
        status = post(url, key)
    return status


def post(url: str, key: str) -> int:
    address = f"{url}/api/v1/eth2/sign/{key}"
    body = json.dumps(ATTESTATION).encode()
    try:
        with urllib.request.urlopen(address, body, timeout=5) as response:
            return response.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_client_attests(signer):
    assert attest(signer.url, signer.pubkeys[1]) == 200

    [record] = signer.requests
    assert record.type == "ATTESTATION"
    assert record.pubkey == signer.pubkeys[1]
    assert record.signature


def test_a_client_does_not_retry_a_refusal(signer):
    with signer.fault(type="ATTESTATION", status=412, times=1) as fault:
        assert attest(signer.url, signer.pubkeys[0]) == 412

    assert fault.hits == 1
    assert signer.count(type="ATTESTATION") == 1


def test_a_client_retries_an_unavailable_signer(signer):
    with signer.fault(type="ATTESTATION", status=503, times=1):
        assert attest(signer.url, signer.pubkeys[0]) == 200

    refused, retried = signer.requests  # oldest first
    assert (refused.status, retried.status) == (503, 200)
