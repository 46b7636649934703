import pytest

from support.projects import Project


@pytest.fixture(autouse=True)
def only_our_plugin(pytester: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading every installed plugin anew takes most of the time of a run inside of a test.

    Tests that start pytest as a process find ours by its entry point.
    """
    del pytester  # which clears PYTEST_ADDOPTS first
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p pytest_py3signer")
