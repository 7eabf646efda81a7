"""A headless Chromium and a fake server for the tests of the pages."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aioice.ice
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.web.fake_server import FakeServer, Seen

# No fake permission dialog: a context grants or refuses the microphone as a person would.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    "--host-resolver-rules=MAP *.test 127.0.0.1",
]
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


def wait_for(page: Page, expression: str, timeout: float = 10.0) -> Any:
    """Poll a JavaScript expression until it is true. (The pages forbid eval, which Playwright's own waiting needs.)"""
    deadline = time.monotonic() + timeout
    while not (value := page.evaluate(expression)):
        if time.monotonic() > deadline:
            seen = page.evaluate("window.__visavis && {state: __visavis.state, events: __visavis.events.slice(-12)}")
            raise AssertionError(f"{expression} did not come true in {timeout} s; the page says {seen}")
        time.sleep(0.05)
    return value


def eventually(fact: Callable[[], Any], timeout: float = 5.0) -> Any:
    deadline = time.monotonic() + timeout
    while not (value := fact()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return value


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = os.environ.get("VISAVIS_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not path or not Path(path).exists():
        pytest.skip("no Chromium here: install one, or name it in VISAVIS_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, headless=True, args=FLAGS, ignore_default_args=["--mute-audio"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def running_server() -> Iterator[FakeServer]:
    # A machine without a network has only its loopback, which ICE leaves out by default.
    found = aioice.ice.get_host_addresses
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
    server = FakeServer()
    server.start()
    yield server
    server.stop()
    aioice.ice.get_host_addresses = found


@pytest.fixture
def server(running_server: FakeServer) -> Iterator[FakeServer]:
    yield running_server
    running_server.drop_peers()
    running_server.scenarios.clear()
    running_server.seen = Seen()
    running_server.signed_in = running_server.healthy = True
    running_server.hold_reply = False
    running_server.api.clear()


NewPage = Callable[..., Page]


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[NewPage]:
    """Open a page; an exception in its script fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def make(*, microphone: bool = True, **options: Any) -> Page:
        options.setdefault("viewport", DESKTOP)
        permissions = ["microphone", "camera"] if microphone else []
        context = chromium.new_context(permissions=permissions, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def page(new_page: NewPage) -> Page:
    return new_page()
