"""The one check that every value of a flag meets, wherever it comes from."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from signer import Fault
from signer.config.flags import checked
from signer.config.settings import Config
from signer.errors import ConfigError, did_you_mean

DECLARED = {declared.name: declared for declared in fields(Config)}


@pytest.mark.parametrize(
    ("flag", "value", "expected"),
    [
        ("port", 65_536, "at most 65535, found 65536"),
        ("port", -1, "0 or more, found -1"),
        ("port", True, "a whole number, found True"),
        ("port", "9000", "a whole number, found '9000'"),
        ("metrics_port", 70_000, "at most 65535, found 70000"),
        ("idle_timeout", float("nan"), "0 or more, found nan"),
        ("idle_timeout", float("inf"), "at most 86400, found inf"),
        ("idle_timeout", -0.5, "0 or more, found -0.5"),
        ("idle_timeout", 1e300, "at most 86400, found 1e+300"),
        ("start_index", 2**32, "at most 4294967295, found 4294967296"),
        ("count", 10**12, "at most 1000000, found 1000000000000"),
        ("interop", 2.0, "a whole number, found 2.0"),
        ("interop", None, "a whole number, found NoneType"),
        ("high_watermark_slot", 2**64, "at most 18446744073709551615, found"),
        ("metrics", "no", "True or False, found 'no'"),
        ("slashing", "enfroce", "off, report, enforce, found 'enfroce'; did you mean enforce?"),
        ("log_level", True, "one of debug, info, warning, error, found True"),
        ("host", "", "text that is not empty, found ''"),
        ("host", "a..b", "an address or the name of a host, found 'a..b'"),
        ("network", 1, "text, found 1"),
        ("data_dir", "", "a path, as text or os.PathLike, found ''"),
        ("data_dir", b"data", "a path, as text or os.PathLike, found bytes"),
        ("tls_cert", "a\0b", "a path, as text or os.PathLike"),
        ("fault", 500, "JSON, a mapping, or a list of these, found 500"),
        ("fault", [500], "a list of JSON texts or mappings, found list"),
        ("fault", {"body": object()}, "a mapping of what JSON can hold, found dict"),
        ("mnemonic", ["giant"], "text, found list"),
        ("mnemonic", "giant\0", "text, found str"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_what_came(
    flag: str, value: Any, expected: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        checked(DECLARED[flag], value, "SIGNER_FLAG")

    message = str(refusal.value)
    assert message.startswith("expected SIGNER_FLAG to be ")
    assert expected in message
    assert "giant" not in message


@pytest.mark.parametrize(
    ("flag", "value", "expected"),
    [
        ("port", 65_535, 65_535),
        ("metrics_port", None, None),
        ("idle_timeout", 1, 1),
        ("start_index", 2**32 - 1, 2**32 - 1),
        ("log_level", "INFO", "info"),
        ("slashing", "Enforce", "enforce"),
        ("data_dir", "data", Path("data")),
        ("data_dir", PurePosixPath("data"), Path("data")),
        ("network", Path("config.yaml"), "config.yaml"),
        ("fault", '{"status": 500}', ('{"status": 500}',)),
        ("fault", {"status": 500}, ('{"status":500}',)),
        ("fault", [Fault(status=500), "{}"], ('{"status":500}', "{}")),
    ],
)
def test_a_value_has_the_type_of_its_flag(flag: str, value: Any, expected: Any) -> None:
    assert expected == checked(DECLARED[flag], value, flag)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"mnemonic": "devnet"}, "--mnemonic and --count together, found only --mnemonic"),
        ({"mnemonic_passphrase": "x"}, "--mnemonic-passphrase with --mnemonic"),
        (
            {"mnemonic": "devnet", "count": 2, "start_index": 2**32 - 1},
            r"up to index 4294967295 \(EIP-2333\), found 4294967296 by --start-index and --count",
        ),
        ({"key_config_path": "."}, "--keystores-path with --key-config-path"),
    ],
)
def test_flags_that_need_another_are_refused(values: Mapping[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        Config(**values)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("hodi", "; did you mean HOODI?"), ("HOODI", "; did you mean HOODI?"), ("x", ""), (7, "")],
)
def test_the_nearest_name_is_told_whatever_the_case(name: object, expected: str) -> None:
    assert expected == did_you_mean(name, ["HOODI", "sepolia"])


def test_a_long_name_is_compared_with_nothing() -> None:
    assert not did_you_mean("h" * 1_000_000, ["h" * 1_000_000])
