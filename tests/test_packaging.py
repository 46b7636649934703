"""What a package index shows of the package, and what its pages tell about installing it.

What takes a build is checked by `make release`.
"""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
CARGO = tomllib.loads((ROOT / "rust" / "Cargo.toml").read_text("utf-8"))
CHANGELOG = (ROOT / "docs" / "CHANGELOG.md").read_text("utf-8")
INSTALL = (ROOT / "docs" / "install.md").read_text("utf-8")
PAGES = ["install.md", "releasing.md", "CHANGELOG.md"]


def minor_versions() -> list[int]:
    """The minor versions of Python 3 among the classifiers."""
    versions = re.findall(r"Python :: 3\.(\d+)", "\n".join(PROJECT["classifiers"]))
    return [int(version) for version in versions]


def test_the_oldest_classifier_is_the_oldest_python_that_pip_accepts() -> None:
    assert f">=3.{minor_versions()[0]}" == PROJECT["requires-python"]


def test_the_oldest_classifier_is_the_oldest_python_that_the_stable_abi_is_built_for() -> None:
    assert f"abi3-py3{minor_versions()[0]}" in CARGO["dependencies"]["pyo3"]["features"]


def test_the_classifiers_leave_out_no_python() -> None:
    oldest, *_, newest = minor_versions()

    assert list(range(oldest, newest + 1)) == minor_versions()


def test_the_page_names_the_pythons_that_were_tried() -> None:
    assert [] == [minor for minor in minor_versions() if f"3.{minor}" not in INSTALL]


def test_keywords_are_sorted_and_differ() -> None:
    assert sorted(set(PROJECT["keywords"])) == PROJECT["keywords"]


def test_the_sdist_takes_its_files_from_git() -> None:
    assert "git" == PYPROJECT["tool"]["maturin"]["sdist-generator"]


def test_the_changelog_names_the_version_of_the_crate() -> None:
    assert re.search(
        rf"^## {re.escape(CARGO['package']['version'])} - 20\d\d-", CHANGELOG, re.MULTILINE
    )


def test_the_changelogs_versions_fall() -> None:
    headings = re.findall(r"^## (.*)", CHANGELOG, re.MULTILINE)
    versions = [tuple(map(int, re.findall(r"\d+", heading)[:3])) for heading in headings[1:]]

    assert "Unreleased" == headings[0]
    assert sorted(versions, reverse=True) == versions


@pytest.mark.parametrize("page", PAGES)
def test_a_link_of_the_page_leads_to_a_file(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    links = re.findall(r"\]\(([^):#]+)(?:#[^)]*)?\)", text)

    assert [] == [link for link in links if not (ROOT / "docs" / link).exists()]


@pytest.mark.parametrize("script", [".ci/release", "docs/wheels"])
def test_a_script_says_what_it_does_and_refuses_other_arguments(script: str) -> None:
    def run(argument: str) -> subprocess.CompletedProcess[str]:
        command = ["bash", str(ROOT / script), argument]  # an sdist has no executable bits
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert script in run("--help").stdout.splitlines()[0]
    assert "found --publish" in run("--publish").stderr


def test_the_release_publishes_nothing_by_itself() -> None:
    text = (ROOT / ".ci" / "release").read_text("utf-8")
    run, told = text.split("Nothing was published. These two commands would:")

    assert "twine upload" in told
    assert "gh release create" in told
    assert [] == [word for word in ("upload", "gh release") if word in run]


def test_the_workflow_of_releases_calls_make_release() -> None:
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert "run: make release ARGS=--strict" in workflow
    assert "\n\t.ci/release $(ARGS)\n" in makefile
