"""The portal: choosing somebody to talk to, reading conversations back, making keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import eventually
from tests.web.fake_server import FakeServer
from tests.web.samples import PERSONAS, api

pytestmark = pytest.mark.browser


@pytest.fixture
def portal(page: Page, server: FakeServer) -> Page:
    server.api.update(api())
    page.goto(server.url)
    return page


def sent(server: FakeServer, method: str, path: str) -> list[tuple[object, dict[str, str]]]:
    return [(body, headers) for verb, at, body, headers in server.seen.requests if (verb, at) == (method, path)]


def test_without_a_session_the_sign_in_link_is_explained(page: Page, server: FakeServer) -> None:
    server.signed_in = False
    server.api.update(api())
    page.goto(server.url)
    expect(page.get_by_role("heading", name="Sign in to your server")).to_be_visible()
    expect(page.get_by_role("navigation")).to_have_count(0)
    server.signed_in = True
    page.get_by_role("button", name="I have opened it").click()
    expect(page.get_by_role("heading", name="Who would you like to talk to?")).to_be_visible()


def test_starting_creates_a_conversation_and_opens_its_room_on_the_same_host(portal: Page, server: FakeServer) -> None:
    url = server.conversation()
    path = url.removeprefix(server.url)
    server.api["POST /v2/conversations"] = {"conversation_id": "c", "conversation_url": f"http://cvi.example{path}"}
    portal.get_by_role("button", name="Start talking to Anna").click()
    expect(portal.get_by_role("button", name="Join", exact=True)).to_be_visible()
    assert portal.url == url
    ((body, headers),) = sent(server, "POST", "/v2/conversations")
    # A reload or a lost network must not end the call at once, as the contract's default of 0 would.
    properties = {"participant_left_timeout": 30}
    assert body == {"persona_id": "p1", "conversation_name": "Talk with Anna", "properties": properties}
    assert headers["x-visavis-portal"] == "1"


def test_a_refused_start_shows_the_servers_sentence(portal: Page, server: FakeServer) -> None:
    server.api["POST /v2/conversations"] = (400, {"message": "User has reached maximum concurrent conversations"})
    portal.get_by_role("button", name="Start talking to Anna").click()
    expect(portal.get_by_role("alert")).to_contain_text("maximum concurrent conversations")
    expect(portal.get_by_role("button", name="Start talking to Anna")).to_be_enabled()


def test_a_persona_that_only_echoes_is_nobody_to_talk_to(page: Page, server: FakeServer) -> None:
    server.api.update(api())
    echo = {"persona_id": "p0", "persona_name": "Echo", "persona_type": "system", "pipeline_mode": "echo"}
    server.api["GET /v2/personas"] = {"data": [echo, *PERSONAS]}
    page.goto(server.url)
    expect(page.get_by_role("button", name="Start talking to")).to_have_count(len(PERSONAS))


def test_faces_come_from_the_host_of_the_page(portal: Page, server: FakeServer) -> None:
    source = portal.locator(".person img").first.get_attribute("src")
    assert source == "/files/replicas/r1/thumbnail.jpg"


def test_a_persona_is_created_with_a_chosen_face(portal: Page, server: FakeServer) -> None:
    server.api["POST /v2/personas"] = {"persona_id": "p3"}
    portal.get_by_role("button", name="Create a persona").click()
    dialog = portal.get_by_role("dialog", name="Create a persona")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_contain_text("Give the persona a name.")
    dialog.get_by_label("Name").fill("Mira")
    dialog.get_by_label("Nathan").check(force=True)
    dialog.get_by_label("Who they are").fill("You are Mira.")
    dialog.get_by_label("First words").fill("Hi!")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_be_hidden()
    ((body, _),) = sent(server, "POST", "/v2/personas")
    expected = {"persona_name": "Mira", "system_prompt": "You are Mira.", "greeting": "Hi!", "default_replica_id": "r2"}
    assert body == expected


def test_only_own_personas_can_be_deleted_and_only_after_a_question(portal: Page, server: FakeServer) -> None:
    server.api["DELETE /v2/personas/p2"] = (204, None)
    expect(portal.get_by_role("button", name="Delete Anna")).to_have_count(0)
    portal.get_by_role("button", name="Delete Support desk").click()
    assert sent(server, "DELETE", "/v2/personas/p2") == []
    portal.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    eventually(lambda: sent(server, "DELETE", "/v2/personas/p2"))
    expect(portal.get_by_role("dialog")).to_be_hidden()


def test_escape_closes_a_dialog_and_gives_the_focus_back(portal: Page) -> None:
    opener = portal.get_by_role("button", name="Create a persona")
    opener.click()
    portal.keyboard.press("Escape")
    expect(portal.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_request_behind_the_button_is_shown(portal: Page, server: FakeServer) -> None:
    portal.get_by_label("Request for").select_option(label="Support desk")
    code = portal.get_by_role("region", name="The same from your own program")
    expect(code).to_contain_text(f"curl -X POST {server.url}/v2/conversations")
    expect(code).to_contain_text('{"persona_id":"p2"}')


def test_conversations_are_listed_and_ended(portal: Page, server: FakeServer) -> None:
    server.api["POST /v2/conversations/c1/end"] = {}
    portal.get_by_role("link", name="Conversations").click()
    rows = portal.get_by_role("list", name="List of conversations").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Active")
    expect(rows.nth(0).get_by_role("link", name="Join")).to_have_attribute("href", "/c/c1")
    expect(rows.nth(1).get_by_role("button")).to_have_count(0)
    rows.nth(0).get_by_role("button", name="End").click()
    eventually(lambda: sent(server, "POST", "/v2/conversations/c1/end"))


def test_a_conversation_is_read_back_with_its_response_times(page: Page, server: FakeServer) -> None:
    server.api.update(api())
    page.goto(f"{server.url}/conversations/c2")
    expect(page.get_by_role("heading", name="Yesterday's interview")).to_be_visible()
    expect(page.locator(".transcript")).to_contain_text("Where is my order?")
    expect(page.locator(".transcript")).to_contain_text("1:05")
    expect(page.locator(".facts")).to_contain_text("everybody had left")
    expect(page.locator(".figure")).to_contain_text("800 ms")


def test_an_unknown_conversation_says_so(page: Page, server: FakeServer) -> None:
    server.api["GET /v2/conversations/cx"] = (400, {"error": "Invalid conversation_id"})
    page.goto(f"{server.url}/conversations/cx")
    expect(page.get_by_role("alert")).to_contain_text("Invalid conversation_id")


def test_a_key_is_shown_once_and_can_be_revoked(portal: Page, server: FakeServer) -> None:
    server.api["POST /portal/keys"] = {"key_id": "k2", "name": "CI", "key": "vv_secret"}
    server.api["DELETE /portal/keys/k1"] = (204, None)
    portal.get_by_role("link", name="API keys").click()
    portal.get_by_role("button", name="Create a key").click()
    dialog = portal.get_by_role("dialog")
    dialog.get_by_label("Name").fill("CI")
    dialog.get_by_label("Only from these addresses").fill("10.0.0.0/8, 203.0.113.7")
    dialog.get_by_role("button", name="Create key").click()
    expect(dialog).to_contain_text("vv_secret")
    ((body, _),) = sent(server, "POST", "/portal/keys")
    assert body == {"name": "CI", "allow_ips": ["10.0.0.0/8", "203.0.113.7"]}
    dialog.get_by_role("button", name="Close").last.click()
    expect(portal.get_by_text("vv_secret")).to_have_count(0)
    portal.get_by_role("button", name="Revoke My laptop").click()
    portal.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    eventually(lambda: sent(server, "DELETE", "/portal/keys/k1"))


def test_empty_lists_say_what_to_do(page: Page, server: FakeServer) -> None:
    server.api.update(api())
    for path in ("/v2/personas", "/v2/conversations", "/portal/keys"):
        server.api[f"GET {path}"] = {"data": [], "total_count": 0}
    page.goto(server.url)
    expect(page.get_by_text("There is nobody to talk to yet")).to_be_visible()
    page.get_by_role("link", name="Conversations").click()
    expect(page.get_by_role("link", name="Start a conversation")).to_be_visible()
    page.get_by_role("link", name="API keys").click()
    expect(page.get_by_text("No keys yet")).to_be_visible()


def test_a_failing_list_can_be_asked_for_again(page: Page, server: FakeServer) -> None:
    server.api.update(api())
    server.api["GET /v2/personas"] = (500, {"error": "The database is locked."})
    page.goto(server.url)
    expect(page.get_by_role("alert")).to_contain_text("The database is locked.")
    server.api.update(api())
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Start talking to Anna")).to_be_visible()


def test_a_server_that_is_not_ready_says_so_on_every_page(page: Page, server: FakeServer) -> None:
    server.api.update(api())
    server.healthy = False
    page.goto(f"{server.url}/keys")
    banner = page.locator(".banner")
    expect(banner).to_contain_text("The server is not ready for calls yet.")
    expect(banner).to_contain_text("The face engine is still being prepared.")


def test_the_keyboard_reaches_the_content_first(portal: Page) -> None:
    portal.get_by_role("button", name="Start talking to Anna").wait_for()
    portal.keyboard.press("Tab")
    expect(portal.get_by_role("link", name="Skip to content")).to_be_focused()
    portal.keyboard.press("Enter")
    expect(portal.get_by_role("main")).to_be_focused()
