"""Every number on the pages that teach is somebody else's: remerkleable's, or arkworks'."""

import re
import shutil
import subprocess
from random import Random

import pytest

from signer import Signer
from support.asking import ask
from support.consensus_specs import AttestationData, made_up
from support.lessons import (
    ATTESTATION,
    HOODI,
    LESSONS,
    PUBKEY,
    InDomain,
    Lesson,
    nodes_of,
    signature_of,
)
from support.pages import IMAGES, blocks, page, points_on, roots_module, roots_on

each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.page)


@each_lesson
def test_every_step_is_on_the_page(lesson: Lesson) -> None:
    assert set() == lesson.steps() - roots_on(page(lesson.page))


@each_lesson
def test_no_other_root_is_on_the_page(lesson: Lesson) -> None:
    assert set() == roots_on(page(lesson.page)) - lesson.steps() - lesson.further()


@each_lesson
def test_the_signature_on_the_page_is_that_of_arkworks(lesson: Lesson) -> None:
    signature = signature_of(lesson.right.signing_root(lesson.message))

    points = points_on(page(lesson.page)) - {PUBKEY}

    assert {signature[:96], signature[96:]} == points


@each_lesson
def test_the_request_on_the_page_gets_the_signature_on_the_page(lesson: Lesson) -> None:
    with Signer(interop=1) as signer:
        answer = ask(signer, "POST", f"/api/v1/eth2/sign/0x{PUBKEY}", lesson.request)

    signature = signature_of(lesson.right.signing_root(lesson.message))
    assert f"0x{signature}" in answer.body.decode()


def test_the_first_page_has_the_fork_data_root_as_well() -> None:
    nodes = nodes_of(ATTESTATION.right.fork_data)

    assert set() == nodes - roots_on(page(ATTESTATION.page))


def test_the_numbers_of_the_first_page_are_those_of_the_specification() -> None:
    spec = pytest.importorskip("eth_consensus_specs.fulu.mainnet")
    fields = ATTESTATION.request["attestation"]
    data = spec.AttestationData(
        slot=int(fields["slot"]),
        index=int(fields["index"]),
        beacon_block_root=fields["beacon_block_root"],
        source=spec.Checkpoint(epoch=int(fields["source"]["epoch"]), root=fields["source"]["root"]),
        target=spec.Checkpoint(epoch=int(fields["target"]["epoch"]), root=fields["target"]["root"]),
    )
    fork_info = ATTESTATION.request["fork_info"]
    version = spec.Version(fork_info["fork"]["current_version"])
    chain = spec.Root(fork_info["genesis_validators_root"])
    domain = spec.compute_domain(spec.DOMAIN_BEACON_ATTESTER, version, chain)

    computed = [spec.hash_tree_root(data), domain, spec.compute_signing_root(data, domain)]

    assert {bytes(value).hex() for value in computed} <= roots_on(page(ATTESTATION.page))


def test_the_command_without_python_prints_the_root_of_the_target() -> None:
    if not (shutil.which("xxd") and shutil.which("openssl")):
        pytest.skip("expected xxd and openssl: install them")
    [command] = [code for code in blocks(ATTESTATION.page, "sh") if "openssl" in code]

    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)

    target = ATTESTATION.message.target.hash_tree_root()
    assert bytes(target).hex() == done.stdout.split()[0]


def test_the_first_page_has_every_root_that_explain_prints() -> None:
    assert blocks("explain.md", "json")[0] == blocks(ATTESTATION.page, "json")[0]

    printed = roots_on(blocks("explain.md", "text")[0])

    assert set() == printed - roots_on(page(ATTESTATION.page))


def test_the_functions_of_the_reader_agree_with_remerkleable() -> None:
    roots = roots_module()
    dice = Random(21)
    for _ in range(20):
        data = made_up(AttestationData, {}, dice)
        checkpoints = [
            roots.container(roots.uint64(int(checkpoint.epoch)), bytes(checkpoint.root))
            for checkpoint in (data.source, data.target)
        ]
        numbers = [roots.uint64(int(data.slot)), roots.uint64(int(data.index))]
        computed = roots.container(*numbers, bytes(data.beacon_block_root), *checkpoints)
        assert bytes(data.hash_tree_root()) == computed


BEGINNING = re.compile(r">([0-9a-f]{8,})…<")


def test_the_tree_in_the_picture_has_the_hashes_of_the_page() -> None:
    picture = (IMAGES / "attestation-tree.svg").read_text("utf-8")
    roots = roots_on(page(ATTESTATION.page))

    beginnings = BEGINNING.findall(picture)

    assert 10 == len(beginnings)
    assert [] == [start for start in beginnings if not any(r.startswith(start) for r in roots)]


def test_the_picture_of_domains_has_the_roots_of_four_domains() -> None:
    picture = (IMAGES / "domains.svg").read_text("utf-8")
    domains = [
        InDomain("0x01000000", "0x06000000"),
        InDomain("0x01000000", "0x05000000"),
        InDomain("0x00000000", "0x06000000"),
        InDomain("0x01000000", "0x70000910", HOODI),
    ]
    message = ATTESTATION.message

    roots = [in_domain.signing_root(message).hex()[:8] for in_domain in domains]

    object_root = bytes(message.hash_tree_root()).hex()[:8]
    assert {object_root, *roots} == set(BEGINNING.findall(picture))
