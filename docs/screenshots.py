"""Takes the pictures of the live page: `make screenshots`. Needs Chromium, and half a minute."""

import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from signer import Signer
from support.browser import chromium, missing
from support.traffic import GENESIS_TIME, SECONDS_PER_SLOT, attestation, current_slot, duties

IMAGES = Path(__file__).parent / "images"
DESK = {"width": 1100, "height": 520}
PHONE = {"width": 390, "height": 720}
SLOTS = 2
PICTURES = {
    "requests-light": ("light", DESK, "requests"),
    "slots-dark": ("dark", DESK, "slots"),
    "keys-light": ("light", DESK, "keys"),
    "faults-dark": ("dark", DESK, "faults"),
    "requests-phone": ("dark", PHONE, "requests"),
}


def ask(signer: Signer, path: str, body: Any = None) -> None:
    """One request of a client."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(signer.url + path, content)
    request.add_header("User-Agent", "vouch/1.12")
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            response.read()
    except urllib.error.HTTPError as error:
        error.close()


def sign(signer: Signer, key: int, body: Any) -> None:
    """Asks one key to sign."""
    ask(signer, f"/api/v1/eth2/sign/{signer.pubkeys[key]}", body)


def make_traffic(signer: Signer) -> None:
    """A client's duties in whole slots by the clock, a refusal, and a slashable vote."""
    first = current_slot() + 1
    ask(signer, "/upcheck")
    ask(signer, "/api/v1/eth2/publicKeys")
    for slot in range(first, first + SLOTS):
        start = GENESIS_TIME + slot * SECONDS_PER_SLOT
        for offset, key, body in duties(slot):
            time.sleep(max(0.0, start + offset - time.time()))
            sign(signer, key, body)
    signer.fault(type="ATTESTATION", status=412, times=2)
    signer.fault(type="SYNC_COMMITTEE_MESSAGE", delay=0.3, jitter=0.2)
    sign(signer, 1, attestation(first + SLOTS))
    sign(signer, 2, attestation(first + SLOTS))
    sign(signer, 3, attestation(first, block=2))
    wrong = attestation(first)
    wrong["attestation"]["slot"] = "soon"
    sign(signer, 0, wrong)


def main() -> None:
    """Writes the pictures."""
    reason = missing()
    if reason:
        sys.exit(reason)
    IMAGES.mkdir(exist_ok=True)
    with Signer(interop=4) as signer, chromium() as browser:
        make_traffic(signer)
        for name, (scheme, size, tab) in PICTURES.items():
            page = browser.new_page(color_scheme=scheme, viewport=size)
            page.goto(f"{signer.url}/_signer/")
            page.wait_for_selector("#state.live")
            page.click(f"#tab-{tab}")
            if tab == "requests" and size is DESK:
                page.click("#records tbody tr:nth-child(1)")
            page.wait_for_timeout(700)
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()


if __name__ == "__main__":
    main()
