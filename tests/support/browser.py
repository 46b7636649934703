"""A real browser: the system's Chromium, driven by Playwright, which downloads none."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module, util
from typing import Any

NAMES = "chromium", "chromium-browser", "google-chrome"


def missing() -> str:
    """Why there is no browser; empty where there is one."""
    if util.find_spec("playwright") is None:
        return "expected the Python package playwright, found none"
    if not any(map(shutil.which, NAMES)):
        return f"expected one of {', '.join(NAMES)} on PATH, found none"
    return ""


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without a window."""
    executable = next(filter(None, map(shutil.which, NAMES)))
    with import_module("playwright.sync_api").sync_playwright() as playwright:
        # Chromium's sandbox does not run as root, as in a container; it only opens our own page.
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def expect(page: Any, selector: str) -> Any:
    """Playwright's assertions on what a selector finds; they wait for five seconds."""
    return import_module("playwright.sync_api").expect(page.locator(selector))
