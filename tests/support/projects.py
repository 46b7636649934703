"""Projects of users of the pytest plugin, and what their tests come to."""

from textwrap import dedent

import pytest

Project = pytest.Pytester
ASK = """
from urllib.request import urlopen
import pytest
def ask(signer):
    with urlopen(signer.url + "/upcheck") as answer: return answer.status
"""


def run(project: Project, tests: str, *flags: str) -> pytest.RunResult:
    """How pytest ends; the tests have an `ask` at hand."""
    project.makepyfile(ASK + dedent(tests))
    return project.runpytest_inprocess("-rs", *flags)


def outcomes(project: Project, tests: str, *flags: str) -> dict[str, int]:
    """How many tests passed, failed, and so on."""
    return run(project, tests, *flags).parseoutcomes()


def sections(project: Project, tests: str, *flags: str) -> list[list[str]]:
    """The sections "signer" of the reports, each as its lines below the url."""
    project.makepyfile(ASK + dedent(tests))
    reports = project.inline_run(*flags).getreports()
    found = [text for report in reports for name, text in report.sections if name == "signer"]
    return [text.splitlines()[1:] for text in found]
