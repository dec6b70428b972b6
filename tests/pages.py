# SPDX-License-Identifier: Apache-2.0
"""Opens pages in Debian's Chromium."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]


@contextmanager
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


def all_loaded(page: Page) -> None:
    """Waits for the rows of every chunk. (The page's policy refuses wait_for_function, which evaluates a text.)"""
    page.locator("[role=status]", has_text="loading:").wait_for(state="detached")


class Report:
    """A report that is open: what it asked for, and what the browser complained of."""

    def __init__(self, browser: Browser, out: Path, *, dark: bool = False, width: int = 1400) -> None:
        self.page: Page = browser.new_page(
            viewport={"width": width, "height": 1000},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
            reduced_motion="reduce",
        )
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        self.page.goto((out / "report.html").as_uri())
        self.page.wait_for_selector("footer")
        all_loaded(self.page)

    def rows(self) -> list[str]:
        """The names in the table, of the rows in view."""
        return [name.strip() for name in self.page.locator("tr.pick .name-cell .link").all_text_contents()]

    def open_frame(self, row: int) -> None:
        self.page.locator(".long-table tr.pick").nth(row).click()
        self.page.wait_for_selector(".viewer h3")

    def close(self) -> None:
        self.page.close()
