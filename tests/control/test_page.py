"""The live page in a real browser: what it shows, and that nothing of a client becomes markup."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from signer import Signer
from support.browser import chromium, expect, missing
from support.served import Served, serving_here
from support.traffic import attestation, current_slot, randao_reveal

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=missing() or "there is a browser"),
]

MARKUP = '<img src=x onerror="document.title=1"><script>document.title=1</script>'
DESK = {"width": 1200, "height": 800}
PHONE = {"width": 390, "height": 800}
MS = 10_000  # milliseconds; until then the page has to show it


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def signer() -> Iterator[Served]:
    with serving_here("--interop", "4", "--control") as signer:
        yield signer


@pytest.fixture
def page(browser: Any, signer: Served) -> Iterator[Any]:
    """The page of a signer that remembers nothing. Its errors fail a test."""
    signer.ask("POST", "/_signer/reset", {})
    page = browser.new_page(viewport=DESK)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if is_policy(line.text) else None)
    opened(page, signer)
    yield page
    page.close()
    assert [] == errors


def is_policy(line: str) -> bool:
    return "Content Security Policy" in line


def opened(page: Any, signer: Served | Signer, fragment: str = "") -> None:
    page.goto(f"{signer.url}/_signer/{fragment}")
    page.wait_for_selector("#state.live", timeout=MS)


def key(signer: Served, number: int = 0) -> str:
    text: str = signer.ask("GET", "/_signer/keys").json[number]
    return text


def text_of(page: Any, selector: str) -> str:
    text: str = page.inner_text(selector, timeout=MS)
    return text


def test_a_request_appears_as_a_row(page: Any, signer: Served) -> None:
    slot = current_slot()
    signer.sign(key(signer), attestation(slot))

    row = text_of(page, "#records tbody tr")

    assert ["200", "ATTESTATION", key(signer)[:10], f"slot {slot}"] == [
        word.removesuffix("..") for word in row.split("\t")[2:6]
    ]


def test_one_click_shows_the_request(page: Any, signer: Served) -> None:
    signer.sign(key(signer), randao_reveal(64))
    page.click("#records tbody tr button")

    expect(page, "#record pre").to_contain_text('"randao_reveal"')
    expect(page, "#record dl >> nth=0").to_contain_text(key(signer))


def test_a_request_is_shown_with_its_explanation(page: Any, signer: Served) -> None:
    signer.sign(key(signer), randao_reveal(64))
    page.click("#records tbody tr button")

    expect(page, "#record .tree").to_contain_text("uint64 = 2")
    expect(page, "#record").to_contain_text("DOMAIN_RANDAO")


def test_an_example_is_explained(page: Any) -> None:
    page.click("#tab-explain")
    page.select_option("#examples", label="VOLUNTARY_EXIT (FULU)")
    page.click("#explain-form button")

    expect(page, "#explanation .tree").to_contain_text("validator_index")
    expect(page, "#explanation").to_contain_text("EIP-7044")


def test_a_containers_hashes_lead_to_its_root(page: Any) -> None:
    page.click("#tab-explain")
    page.select_option("#examples", label="ATTESTATION (FULU)")
    page.click("#explain-form button")
    page.wait_for_selector("#explanation .tree", timeout=MS)
    page.click("#explanation .tree details details summary")

    root = text_of(page, "#explanation .tree [data-path]")
    expect(page, "#explanation .tree ol >> nth=0").to_contain_text(f"= {root}")


def test_an_edited_field_marks_the_roots_that_it_changes(page: Any) -> None:
    page.click("#tab-explain")
    page.select_option("#examples", label="ATTESTATION (FULU)")
    page.click("#explain-form button")
    page.wait_for_selector("#explanation .tree", timeout=MS)
    request = json.loads(page.input_value("#explain-json"))
    request["attestation"]["target"]["epoch"] = "1"
    page.fill("#explain-json", json.dumps(request))
    page.click("#explain-form button")

    expect(page, "#explanation .changed").to_have_count(3)  # of epoch, target and message


def test_filters_leave_rows_out_and_a_pause_keeps_new_ones_away(page: Any, signer: Served) -> None:
    signer.sign(key(signer), randao_reveal(64))
    signer.ask("GET", "/upcheck")
    page.wait_for_selector("#records tbody tr:nth-child(2)", timeout=MS)
    page.select_option("#filter-type", "RANDAO_REVEAL")
    expect(page, "#records tbody tr").to_have_count(1)
    page.click("#pause")
    signer.sign(key(signer), randao_reveal(96))

    expect(page, "#shown").to_contain_text("1 new")
    expect(page, "#records tbody tr").to_have_count(1)
    page.click("#pause")
    expect(page, "#records tbody tr").to_have_count(2)


def test_a_hostile_user_agent_path_and_body_are_shown_as_text(page: Any, signer: Served) -> None:
    signer.ask("GET", f"/{quote(MARKUP)}", headers={"User-Agent": MARKUP})
    body = {"type": MARKUP, MARKUP: MARKUP}
    signer.sign(key(signer), body, **{"User-Agent": MARKUP, "Accept": MARKUP})
    signer.ask("POST", "/_signer/faults", {"path": "/nowhere", "body": MARKUP})

    page.wait_for_selector("#records tbody tr:nth-child(2)", timeout=MS)
    for row in (1, 2):
        page.click(f"#records tbody tr:nth-child({row}) button")
        expect(page, "#record dl >> nth=0").to_contain_text("<img")
    page.click("#tab-faults")
    expect(page, "#fault-rows").to_contain_text("<img")
    assert 0 == page.locator("main img, main script, body > script").count()
    assert "py3signer, live" == page.title()


def test_a_duty_stands_in_its_slot(page: Any, signer: Served) -> None:
    slot = current_slot()
    signer.sign(key(signer), attestation(slot))
    signer.sign(key(signer), attestation(slot + 2))
    page.click("#tab-slots")

    page.wait_for_selector("#timeline .row.gap", timeout=MS)
    rows = text_of(page, "#timeline").split()
    assert [str(slot + 2), "1", str(slot + 1), "none", str(slot), "1"] == rows[-6:]
    assert 2 == page.locator("#timeline rect").count()


def test_keys_and_a_slashable_pair_are_shown(page: Any, signer: Served) -> None:
    signer.sign(key(signer, 1), attestation(32, block=1))
    signer.sign(key(signer, 1), attestation(33, block=2))
    page.click("#tab-keys")

    page.wait_for_selector(".pair .differs", timeout=MS)
    assert "double_vote" in text_of(page, ".pair")
    assert 2 == page.locator(".pair .sides > div").count()
    expect(page, "#key-rows").to_contain_text("ATTESTATION 2")


def test_a_fault_is_set_counts_its_hits_and_is_removed(page: Any, signer: Served) -> None:
    page.click("#tab-faults")
    page.click("text=Refuse attestations")
    page.wait_for_selector("#fault-rows tr", timeout=MS)

    assert 412 == signer.sign(key(signer), attestation(64)).status

    expect(page, "#fault-rows td:nth-child(2)").to_have_text("1")
    page.click("#fault-rows button")
    expect(page, "#no-faults").to_be_visible()
    assert [] == signer.ask("GET", "/_signer/faults").json


def test_a_wrong_fault_tells_its_mistake(page: Any) -> None:
    page.click("#tab-faults")
    page.fill("#fault-json", '{"type": "ATESTATION", "status": 412}')
    page.click("#fault-form button")

    expect(page, "#fault-problem").to_contain_text("did you mean ATTESTATION")


def test_every_ready_made_fault_is_one_that_the_signer_takes(page: Any, signer: Served) -> None:
    page.click("#tab-faults")
    buttons = page.locator("#ready-made button")
    count = buttons.count()
    for number in range(count):
        buttons.nth(number).click()

    expect(page, "#fault-rows tr").to_have_count(count)
    assert count == len(signer.ask("GET", "/_signer/faults").json)


def test_tabs_are_used_by_keyboard(page: Any) -> None:
    page.focus("#tab-requests")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")

    assert page.is_visible("#keys")
    assert not page.is_visible("#requests")
    assert "tab-keys" == page.evaluate("document.activeElement.id")


def test_nothing_is_wider_than_a_phone(page: Any, signer: Served) -> None:
    signer.sign(key(signer), attestation(32))
    page.set_viewport_size(PHONE)
    for tab in ("requests", "slots", "keys", "faults", "explain"):
        page.click(f"#tab-{tab}")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], tab


def test_the_token_comes_in_the_fragment_or_in_the_form(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("token-of-a-test")
    with Signer(interop=1, control_token_file=tmp_path / "token") as signer:
        page = browser.new_page()
        opened(page, signer, "#token=token-of-a-test")
        page.close()
        page = browser.new_page()
        page.goto(f"{signer.url}/_signer/")
        page.wait_for_selector("#token-form:not([hidden])", timeout=MS)
        page.fill("#token", "token-of-a-test")
        page.click("#token-form button")
        page.wait_for_selector("#state.live", timeout=MS)
        assert [] == page.context.cookies()
        page.close()


def test_the_page_tells_that_everybody_may_steer_the_signer(browser: Any) -> None:
    with serving_here("--interop", "1", "--control", "--control-anywhere") as signer:
        page = browser.new_page()
        opened(page, signer)

        page.wait_for_selector("#open:not([hidden])", timeout=MS)
        page.close()


def fill(served: Served, count: int) -> None:
    """Has the signer record this many requests: a batch has a record for each of its keys."""
    identifiers = [f"0x{number:096x}" for number in range(count)]
    batch = {"identifiers": identifiers, "signing_request": randao_reveal(0)}
    assert 200 == served.ask("POST", "/api/v1/eth2/sign", batch).status


def test_ten_thousand_records_and_new_ones_leave_the_newest_on_the_page(browser: Any) -> None:
    with Signer(interop=4, process=True) as signer:
        served = Served(signer.url, {})
        pubkey = signer.pubkeys[0]
        fill(served, 10_000)
        with ThreadPoolExecutor(4) as clients:
            page = browser.new_page(viewport=DESK)
            opened(page, signer)
            signing = clients.map(lambda slot: served.sign(pubkey, randao_reveal(slot)), range(900))
            assert {200} == {answer.status for answer in signing}

        expect(page, "#shown").to_contain_text("200 shown")
        page.close()
