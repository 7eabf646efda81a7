"""A call as a person has it in the room."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import NewPage, eventually, wait_for
from tests.web.fake_server import GREETING, FakeServer

pytestmark = pytest.mark.browser

LIVE = "__visavis.state === 'live'"


def join(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("button", name="Join", exact=True).click()
    wait_for(page, LIVE)


def test_the_page_says_whom_one_will_talk_to_before_anything_is_opened(page: Page, server: FakeServer) -> None:
    page.goto(server.conversation())
    expect(page.get_by_role("heading", name="Anna")).to_be_visible()
    expect(page.get_by_role("switch", name="Use camera")).to_have_attribute("aria-checked", "false")
    assert server.seen.connects == []


def test_the_level_meter_moves_with_the_microphone(page: Page, server: FakeServer) -> None:
    page.goto(server.conversation())
    page.get_by_role("meter").wait_for()
    wait_for(page, "document.querySelectorAll('.meter .on').length > 2")


def test_joining_shows_the_moving_picture_and_captions(page: Page, server: FakeServer) -> None:
    join(page, server.conversation())
    expect(page.locator(".captions")).to_contain_text(GREETING)
    wait_for(page, "__visavis.video.videoWidth === 256 && !__visavis.video.paused && !__visavis.video.muted")
    wait_for(page, "__visavis.stats.fps > 8")
    assert page.evaluate("__visavis.stats.codec") == "video/H264"
    assert page.evaluate("__visavis.video.srcObject.getTracks().map(t => t.kind).sort()") == ["audio", "video"]


def test_the_offer_has_audio_then_video_then_data(page: Page, server: FakeServer) -> None:
    join(page, server.conversation())
    offer = server.seen.connects[0]
    kinds = [line.split()[0] for line in offer["sdp"].splitlines() if line.startswith("m=")]
    assert kinds == ["m=audio", "m=video", "m=application"]
    assert offer["sdp"].count("a=sendrecv") == 2
    assert "a=candidate" in offer["sdp"]
    assert (offer["type"], offer["client"]) == ("offer", "room")


def test_the_state_of_the_replica_is_shown(page: Page, server: FakeServer) -> None:
    server.hold_reply = True
    join(page, server.conversation())
    expect(page.locator(".state-text")).to_have_text("Speaking")
    server.hold_reply = False
    expect(page.locator(".state-text")).to_have_text("Listening")


def test_escape_interrupts_while_the_replica_speaks(page: Page, server: FakeServer) -> None:
    server.hold_reply = True
    url = server.conversation()
    join(page, url)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.keyboard.press("Escape")
    message = eventually(lambda: server.seen.messages)[0]
    assert (message["message_type"], message["event_type"]) == ("conversation", "conversation.interrupt")
    assert url.endswith(message["conversation_id"])


def test_the_text_box_answers_for_the_microphone(page: Page, server: FakeServer) -> None:
    join(page, server.conversation())
    page.get_by_role("button", name="Show chat").click()
    box = page.get_by_role("textbox", name="Message")
    expect(box).to_be_focused()
    box.fill("What is the time?")
    box.press("Enter")
    log = page.get_by_role("log")
    expect(log).to_contain_text("You said: What is the time?")
    assert server.seen.messages[0]["event_type"] == "conversation.respond"
    assert server.seen.messages[0]["properties"] == {"text": "What is the time?"}
    # The typed line and the server's confirmation of it are one.
    expect(log.locator(".line.user")).to_have_count(1)
    expect(log.locator(".pending")).to_have_count(0)


def test_a_note_says_what_answers(page: Page, server: FakeServer) -> None:
    join(page, server.conversation())
    expect(page.locator(".toast")).to_contain_text("no language model is connected")
    page.get_by_role("button", name="About this conversation").click()
    expect(page.locator(".popover")).to_contain_text("Moonshine tiny")


def test_muting_keeps_the_track_but_silences_it(page: Page, server: FakeServer) -> None:
    join(page, server.conversation())
    page.get_by_role("button", name="Mute microphone").click()
    sent = "__visavis.pc.getSenders().find(s => s.track && s.track.kind === 'audio').track.enabled"
    assert page.evaluate(sent) is False
    page.get_by_role("button", name="Unmute microphone").click()
    assert page.evaluate(sent) is True


def test_the_camera_goes_on_and_off_without_another_offer(page: Page, server: FakeServer) -> None:
    join(page, server.conversation())
    page.get_by_role("button", name="Turn camera on").click()
    expect(page.get_by_label("Your camera")).to_be_visible()
    sent = "__visavis.pc.getSenders().filter(s => s.track && s.track.kind === 'video').length"
    wait_for(page, f"{sent} === 1")
    page.get_by_role("button", name="Turn camera off").click()
    wait_for(page, f"{sent} === 0")
    assert len(server.seen.connects) == 1


def test_leaving_tells_the_server_and_offers_the_way_back(page: Page, server: FakeServer) -> None:
    join(page, server.conversation())
    page.get_by_role("button", name="Leave the conversation").click()
    expect(page.get_by_role("heading", name="You left the conversation")).to_be_visible()
    expect(page.get_by_role("button", name="Rejoin")).to_be_visible()
    left = eventually(lambda: server.seen.leaves)[0]
    assert left["participant_id"] == server.seen.connects[0]["participant_id"]
    assert left["reason"] == "left"


def test_closing_the_page_tells_the_server(page: Page, server: FakeServer) -> None:
    join(page, server.conversation())
    page.goto("about:blank")
    assert eventually(lambda: server.seen.leaves)[0]["reason"] == "pagehide"


def test_a_reload_is_the_same_participant(page: Page, server: FakeServer) -> None:
    url = server.conversation()
    join(page, url)
    join(page, url)
    first, second = server.seen.connects
    assert first["participant_id"] == second["participant_id"]


def test_a_dropped_connection_comes_back_by_itself(page: Page, server: FakeServer) -> None:
    join(page, server.conversation())
    server.drop_peers()
    expect(page.locator(".connecting")).to_contain_text("Reconnecting…")
    wait_for(page, "__visavis.state === 'live' && __visavis.events.some(e => e.event_type === 'room.reconnecting')")
    expect(page.locator(".connecting")).to_be_hidden()
    first, second = server.seen.connects
    assert first["participant_id"] == second["participant_id"]
    wait_for(page, "__visavis.stats.fps > 5")


def test_a_drop_after_the_end_leads_to_the_end_not_to_endless_tries(page: Page, server: FakeServer) -> None:
    url = server.conversation()
    join(page, url)
    server.change(url, connect_error=(410, "This conversation has ended."))
    server.drop_peers()
    expect(page.get_by_role("heading", name="This conversation has ended")).to_be_visible()


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("max_call_duration", "It reached its time limit."),
        ("max_call_duration reached", "It reached its time limit."),
        ("end_conversation_endpoint_hit", "It was ended by whoever started it."),
        ("internal error occurred at step pipeline", "Something went wrong on the server."),
    ],
)
def test_the_end_is_explained_in_words(page: Page, server: FakeServer, reason: str, sentence: str) -> None:
    join(page, server.conversation())
    server.broadcast("system.shutdown", "system", shutdown_reason=reason)
    expect(page.get_by_role("heading", name="This conversation has ended")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    assert page.evaluate("__visavis.state") == "ended"


def test_a_call_without_pictures_shows_the_poster_and_moves_with_the_sound(page: Page, server: FakeServer) -> None:
    join(page, server.conversation(audio_only=True))
    expect(page.locator(".bars")).to_be_visible()
    expect(page.locator(".stage .poster img")).to_be_visible()


def test_autojoin_needs_no_click_and_the_token_goes_along(page: Page, server: FakeServer) -> None:
    page.goto(server.conversation() + "?autojoin=1&t=abc.def")
    wait_for(page, LIVE)
    assert server.seen.connects[0]["query"] == {"t": "abc.def"}


def test_messages_of_another_conversation_are_ignored(page: Page, server: FakeServer) -> None:
    join(page, server.conversation())
    wait_for(page, "__visavis.events.some(e => e.event_type === 'conversation.replica.stopped_speaking')")
    server.broadcast(
        "conversation.utterance", conversation_id="c-of-somebody-else", role="replica", speech="Not for you"
    )
    server.broadcast("conversation.utterance", role="replica", speech="For you")
    page.get_by_role("button", name="Show chat").click()
    expect(page.get_by_role("log")).to_contain_text("For you")
    expect(page.get_by_role("log")).not_to_contain_text("Not for you")


def test_the_debug_object_stamps_what_happened(page: Page, server: FakeServer) -> None:
    join(page, server.conversation())
    wait_for(page, "__visavis.events.some(e => e.event_type === 'room.first_frame')")
    event = page.evaluate("__visavis.events.find(e => e.event_type === 'room.engines')")
    assert event["dir"] == "in"
    assert abs(event["epoch"] - page.evaluate("Date.now()") / 1000) < 30


def test_it_works_inside_an_iframe_that_passes_the_microphone_on(page: Page, server: FakeServer) -> None:
    url = server.conversation().removeprefix(server.url)
    page.goto(f"{server.url}/embed?src={url}&allow=camera;microphone;autoplay;fullscreen")
    frame = page.frame_locator("#call")
    frame.get_by_role("button", name="Join", exact=True).click()
    expect(frame.locator(".captions")).to_contain_text(GREETING)
    assert len(eventually(lambda: server.seen.connects)) == 1


def test_a_phone_shows_the_picture_over_the_whole_screen(new_page: NewPage, server: FakeServer) -> None:
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    join(page, server.conversation())
    assert page.locator(".stage").bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
