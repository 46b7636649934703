from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from signer import SecretKey
from signer.keys.keyring import Key
from signer.keys.keystore import encrypt

pytest.register_assert_rewrite("support")  # what its assertions compared is shown, as in tests

from support.served import Served, serving, serving_here  # noqa: E402
from support.sharing import Shared  # noqa: E402
from support.vectors import unhex, vectors  # noqa: E402


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Shared:
    return Shared(tmp_path_factory, worker_id)


@pytest.fixture(scope="session")
def vector_keystores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys of the signing vectors, as keystores that open at once."""
    folder = tmp_path_factory.mktemp("keystores")
    secrets = {case["secret_key"] for case in vectors("signing/signing.json")["cases"]}
    for secret in secrets:
        key = SecretKey.from_bytes(unhex(secret))
        (folder / f"{key.public_key().hex()}.json").write_bytes(
            encrypt(Key(key), "vectors", cost=2)
        )
    (folder / "password").write_text("vectors\n")
    return folder


@pytest.fixture(scope="session")
def signer_on(vector_keystores: Path) -> Iterator[Callable[[str], Served]]:
    """A signer with the vectors' keys, configured for a network; one for each, all session.

    Mainnet's is a process, as a user starts it.
    """
    started: dict[str, Served] = {}
    with ExitStack() as stack:

        def on(network: str) -> Served:
            if network not in started:
                keys: list[str | Path] = ["--keystores-path", vector_keystores]
                keys += ["--keystores-password-file", vector_keystores / "password"]
                serve = serving if network == "mainnet" else serving_here
                signer = serve(*keys, "--network", network, "--no-metrics")
                started[network] = stack.enter_context(signer)
            return started[network]

        yield on


@pytest.fixture(scope="session")
def signer(signer_on: Callable[[str], Served]) -> Served:
    return signer_on("mainnet")
