"""Every screen by axe-core's rules, in both colour schemes, and on a narrow phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.web.conftest import DESKTOP, PHONE, NewPage, wait_for
from tests.web.fake_server import FakeServer
from tests.web.samples import api

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


def prejoin(page: Page, server: FakeServer) -> None:
    page.goto(server.conversation())
    page.get_by_role("meter").wait_for()


def blocked(page: Page, server: FakeServer) -> None:
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    page.goto(server.conversation())
    page.get_by_role("alert").wait_for()


def call(page: Page, server: FakeServer) -> None:
    server.hold_reply = True
    page.goto(server.conversation() + "?autojoin=1")
    wait_for(page, "__visavis.state === 'live' && __visavis.replica === 'speaking'")
    page.get_by_role("button", name="Stop").wait_for()


def chat(page: Page, server: FakeServer) -> None:
    call(page, server)
    server.hold_reply = False
    page.get_by_role("button", name="Show chat").click()


def connecting(page: Page, server: FakeServer) -> None:
    page.goto(server.conversation(dead_media=True) + "?autojoin=1")
    page.get_by_role("button", name="Try again").wait_for()


def ended(page: Page, server: FakeServer) -> None:
    page.goto(server.conversation(status="ended", shutdown_reason="max_call_duration"))
    page.get_by_role("alert").wait_for()


def portal_page(path: str, ready: str) -> Callable[[Page, FakeServer], None]:
    def show(page: Page, server: FakeServer) -> None:
        server.api.update(api())
        page.goto(server.url + path)
        page.locator(ready).first.wait_for()

    return show


def sign_in(page: Page, server: FakeServer) -> None:
    server.signed_in = False
    server.healthy = False
    page.goto(server.url)
    page.locator(".sign-in").wait_for()
    page.locator(".banner").wait_for()


def create(page: Page, server: FakeServer) -> None:
    portal_page("/", ".person")(page, server)
    page.get_by_role("button", name="Create a persona").click()
    page.get_by_role("dialog").get_by_role("button", name="Create").click()


SCREENS: dict[str, Callable[[Page, FakeServer], None]] = {
    "room before the call": prejoin,
    "room with a blocked microphone": blocked,
    "room in a call": call,
    "room with the chat": chat,
    "room while connecting": connecting,
    "room after the call": ended,
    "portal signed out": sign_in,
    "portal start": portal_page("/", ".person"),
    "portal create": create,
    "portal conversations": portal_page("/conversations", ".row"),
    "portal conversation": portal_page("/conversations/c2", ".said"),
    "portal keys": portal_page("/keys", ".row"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing_serious(new_page: NewPage, server: FakeServer, screen: str, scheme: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run npm ci in web/")
    page = new_page(viewport=DESKTOP, color_scheme=scheme, reduced_motion="reduce")
    SCREENS[screen](page, server)
    page.evaluate(AXE.read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(result => result.violations)"
    )
    assert [
        (one["id"], [node["html"][:160] for node in one["nodes"]], one["nodes"][0]["failureSummary"])
        for one in found
        if one["impact"] in ("serious", "critical")
    ] == []


@pytest.mark.parametrize("screen", SCREENS)
def test_a_narrow_phone_never_scrolls_sideways(new_page: NewPage, server: FakeServer, screen: str) -> None:
    page = new_page(viewport=PHONE, has_touch=True)
    SCREENS[screen](page, server)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    # Nothing to press lies outside of the screen or is too small for a thumb (WCAG 2.5.8).
    outside = page.evaluate("""() => [...document.querySelectorAll('button, a, select, textarea')]
        .filter(e => e.checkVisibility() && !e.closest('.skip'))
        .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect().toJSON()])
        .filter(([, r]) => r.width && (r.left < -1 || r.right > innerWidth + 1 || r.height < 24 || r.width < 24))""")
    assert outside == []
