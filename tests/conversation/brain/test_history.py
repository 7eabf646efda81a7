from visavis.conversation.brain.history import History
from visavis.engines.ports import Message, ToolCall


def talk(history: History) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in history.messages()]


def reply(history: History, *clauses: str, interrupted: bool = False) -> None:
    history.begin_reply("i")
    for clause in clauses:
        history.spoken(clause)
    history.finish(interrupted=interrupted)


def test_an_interrupted_reply_is_kept_as_far_as_it_was_heard():
    history = History()
    history.user("Tell me a story.")
    history.begin_reply("i1")
    history.spoken("Once upon a time,", "i1")
    history.spoken(" there was", "i1")
    history.finish(interrupted=True)
    history.spoken(" a king.", "i1")
    assert talk(history) == [("user", "Tell me a story."), ("assistant", "Once upon a time, there was")]


def test_a_reply_nobody_heard_does_not_exist():
    history = History()
    history.user("Hi")
    reply(history, interrupted=True)
    assert talk(history) == [("user", "Hi")]


def test_words_of_a_cancelled_reply_are_dropped_by_its_id():
    history = History()
    history.user("Hi")
    history.begin_reply("new")
    history.spoken("Late words.", "old")
    history.spoken("Hello.", "new")
    history.finish(interrupted=True, inference_id="old")
    history.spoken(" Bye.", "new")
    history.finish(interrupted=False, inference_id="new")
    assert talk(history) == [("user", "Hi"), ("assistant", "Hello. Bye.")]


def test_a_turn_that_ended_too_early_is_taken_back_and_merged():
    history = History()
    history.user("I would like to")
    history.begin_reply("i")
    assert history.continue_user("order a pizza.") == "I would like to order a pizza."
    assert talk(history) == [("user", "I would like to order a pizza.")]


def test_an_answered_turn_is_not_taken_back():
    history = History()
    history.user("Hi")
    reply(history, "Hello.")
    assert history.retract_user() is None
    assert history.continue_user("And you?") == "And you?"
    assert talk(history) == [("user", "Hi"), ("assistant", "Hello."), ("user", "And you?")]


def test_turns_of_one_side_become_one_message():
    history = History()
    history.said("Welcome!")
    history.said("How can I help?")
    history.user("One.")
    history.user("Two.")
    assert talk(history) == [("assistant", "Welcome!\nHow can I help?"), ("user", "One.\nTwo.")]


def test_tool_calls_are_told_only_with_their_results():
    history = History()
    history.user("Weather?")
    history.begin_reply("i")
    history.tool_call(ToolCall("a", "weather", "{}"))
    history.tool_call(ToolCall("b", "time", "{}"))
    history.finish(interrupted=False)
    assert talk(history) == [("user", "Weather?")]
    assert history.tool_result("a", "Sunny")
    assert not history.tool_result("zzz", "?")
    assert history.messages() == [
        Message("user", "Weather?"),
        Message("assistant", "", tool_calls=(ToolCall("a", "weather", "{}"),)),
        Message("tool", "Sunny", tool_call_id="a"),
    ]


def test_the_history_is_bounded_and_begins_with_a_turn_of_the_person():
    history = History(max_messages=10, max_characters=10_000)
    for number in range(50):
        history.user(f"Question {number}")
        reply(history, f"Answer {number}")
    messages = history.messages()
    assert len(messages) <= 10
    assert messages[0].role == "user"
    assert messages[-1].content == "Answer 49"


def test_old_turns_go_when_there_are_too_many_characters():
    history = History(max_messages=60, max_characters=1_000)
    for number in range(10):
        history.user(f"{number} " + "x" * 200)
        reply(history, "ok")
    assert sum(len(message.content) for message in history.messages()) <= 1_000
    assert history.messages()[-2].content.startswith("9 ")


def test_dropping_old_turns_never_orphans_a_tool_message():
    history = History(max_messages=7, max_characters=100_000)
    for number in range(12):
        history.user(f"Question {number}")
        history.begin_reply("i")
        history.tool_call(ToolCall(f"c{number}", "look", "{}"))
        history.spoken("Found it.")
        history.finish(interrupted=False)
        history.tool_result(f"c{number}", "seen")
        messages = history.messages()
        called = {call.id for message in messages for call in message.tool_calls}
        assert messages[0].role == "user"
        assert {message.tool_call_id for message in messages if message.role == "tool"} == called


def test_an_endless_turn_is_cut():
    history = History()
    history.user("x" * 1_000_000)
    assert len(history.messages()[0].content) <= 100_000


def test_the_last_heard_words_can_be_asked_for():
    history = History()
    assert history.last_reply() == ""
    reply(history, "One,", " two.")
    history.user("Again?")
    assert history.last_reply() == "One, two."


def test_a_greeting_that_ends_while_an_answer_is_thought_over_stands_before_it():
    history = History()
    history.user("Hi")
    history.begin_reply("i1")
    history.said("Welcome!")
    history.spoken("Hello.", "i1")
    history.finish(interrupted=False, inference_id="i1")
    assert talk(history) == [("assistant", "Welcome!"), ("user", "Hi"), ("assistant", "Hello.")]


def test_two_replies_may_be_open_and_keep_their_places():
    history = History()
    history.user("One?")
    history.begin_reply("i1")
    history.user("Two?")
    history.begin_reply("i2")
    history.spoken("First.", "i1")
    history.finish(interrupted=True, inference_id="i1")
    history.spoken("Second.", "i2")
    history.finish(interrupted=False, inference_id="i2")
    assert [content for _, content in talk(history)] == ["One?", "First.", "Two?", "Second."]
