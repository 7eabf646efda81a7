"""What a person reads in the room when something is in the way."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import NewPage, wait_for
from tests.web.fake_server import FakeServer

pytestmark = pytest.mark.browser


def press_join(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("button", name="Join", exact=True).click()


@pytest.mark.parametrize(
    ("status", "said", "heading"),
    [
        (400, "The offer has no audio line.", "You could not join"),
        (403, "This conversation is private; its link needs a valid token.", "You could not join"),
        (404, "There is no conversation behind this link.", "There is no such conversation"),
        (409, "Somebody else is in this conversation already.", "This conversation is full"),
        (410, "This conversation is over.", "This conversation has ended"),
        (503, "Two calls are running already.", "The call could not be opened"),
    ],
)
def test_a_refused_join_shows_the_servers_sentence(
    page: Page, server: FakeServer, status: int, said: str, heading: str
) -> None:
    press_join(page, server.conversation(connect_error=(status, said)))
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text(said)


def test_an_unknown_conversation_is_said_before_joining(page: Page, server: FakeServer) -> None:
    page.goto(f"{server.url}/c/cunknown")
    expect(page.get_by_role("heading", name="There is no such conversation")).to_be_visible()


def test_an_ended_conversation_says_why_it_ended(page: Page, server: FakeServer) -> None:
    page.goto(server.conversation(status="ended", shutdown_reason="participant_absent_timeout"))
    expect(page.get_by_role("alert")).to_contain_text("nobody joined in time")


def test_a_closed_media_path_is_named_within_five_seconds(page: Page, server: FakeServer) -> None:
    press_join(page, server.conversation(dead_media=True))
    began = time.monotonic()
    overlay = page.locator(".connecting")
    expect(overlay).to_contain_text("Opening the media path…")
    expect(overlay).to_contain_text("Your network may block UDP")
    expect(overlay.get_by_role("button", name="Try again")).to_be_visible()
    assert time.monotonic() - began < 5


def test_trying_again_opens_a_call_that_then_works(page: Page, server: FakeServer) -> None:
    url = server.conversation(dead_media=True)
    press_join(page, url)
    again = page.locator(".connecting").get_by_role("button", name="Try again")
    again.wait_for()
    server.change(url)
    again.click()
    wait_for(page, "__visavis.state === 'live'")


def test_a_slow_answer_is_named(page: Page, server: FakeServer) -> None:
    press_join(page, server.conversation(connect_delay=5))
    expect(page.locator(".connecting")).to_contain_text("Asking to join…")
    expect(page.locator(".connecting")).to_contain_text("takes longer than usual", timeout=5_000)


def test_a_server_that_is_gone_is_named(page: Page, server: FakeServer) -> None:
    page.route("**/connect", lambda route: route.abort())
    press_join(page, server.conversation())
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
    page.unroute("**/connect")
    page.get_by_role("button", name="Try again").click()
    wait_for(page, "__visavis.state === 'live'")


def test_a_page_that_cannot_ask_about_its_conversation_says_so(page: Page, server: FakeServer) -> None:
    page.route("**/info", lambda route: route.abort())
    page.goto(server.conversation())
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")


def test_a_blocked_microphone_is_explained_and_one_can_join_and_type(new_page: NewPage, server: FakeServer) -> None:
    page = new_page(microphone=False)
    press_join(page, server.conversation())
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Your microphone is blocked")
    expect(alert).to_contain_text("Click the icon to the left of the address")
    page.get_by_role("button", name="Join and type").click()
    wait_for(page, "__visavis.state === 'live'")
    page.get_by_role("button", name="Show chat").click()
    page.get_by_role("textbox", name="Message").fill("Hello")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("log")).to_contain_text("You said: Hello")


@pytest.mark.parametrize(
    ("agent", "advice"),
    [
        ("Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15", "Settings for This Website"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1) AppleWebKit/605.1.15 Version/18.1 Safari/604.1", "Website Settings"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0", "crossed-out microphone"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36", "then Permissions"),
    ],
)
def test_the_remedy_fits_the_browser(new_page: NewPage, server: FakeServer, agent: str, advice: str) -> None:
    page = new_page(microphone=False, user_agent=agent)
    press_join(page, server.conversation())
    expect(page.get_by_role("alert")).to_contain_text(advice)


def test_an_insecure_address_is_named_as_the_reason(new_page: NewPage, server: FakeServer) -> None:
    page = new_page()
    page.goto(server.conversation().replace("127.0.0.1", "room.test"))
    expect(page.get_by_role("alert")).to_contain_text("https://")
    page.get_by_role("button", name="Join and type").click()
    wait_for(page, "__visavis.state === 'live'")


def test_an_iframe_that_keeps_the_microphone_back_is_named(page: Page, server: FakeServer) -> None:
    # Another site: a frame of the same site would inherit the permission.
    url = server.conversation()
    page.goto(f"{server.url.replace('127.0.0.1', 'localhost')}/embed?src={url}")
    frame = page.frame_locator("#call")
    expect(frame.get_by_role("alert")).to_contain_text('allow="camera; microphone')


def test_an_unplugged_microphone_is_told(page: Page, server: FakeServer) -> None:
    press_join(page, server.conversation())
    wait_for(page, "__visavis.state === 'live'")
    # Chromium's fake device cannot be pulled out; the page sees the same event.
    page.evaluate("""() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('none', 'NotFoundError'));
        __visavis.pc.getSenders()[0].track.dispatchEvent(new Event('ended'));
    }""")
    expect(page.locator(".toasts")).to_contain_text("Your microphone was unplugged")
    expect(page.get_by_role("button", name="Microphone is not available")).to_be_visible()
