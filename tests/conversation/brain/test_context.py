import pytest

from visavis.conversation.brain.context import CONTEXT_LIMIT, STYLE_HEADING, Context, language_line

PERSONA = {"system_prompt": "You are Mia.", "context": "You work at Acme."}


def test_the_system_message_holds_prompt_contexts_style_and_language_in_this_order():
    context = Context(persona=PERSONA, conversational_context="The caller is Bo.", language="spanish")
    prompt, own, call, style = context.system_message().split("\n\n")
    assert (prompt, own, call) == ("You are Mia.", "You work at Acme.", "The caller is Bo.")
    assert style.startswith(STYLE_HEADING)
    assert style.endswith("Speak Spanish.")


def test_appending_seeds_and_adds_to_the_context_of_the_call():
    context = Context(persona=PERSONA)
    context.append("  ")
    assert context.conversational == ""
    context.append("One.")
    context.append("Two.")
    assert context.conversational == "One.\n\nTwo."
    assert "One.\n\nTwo." in context.system_message()


def test_overwriting_replaces_the_context_of_the_call_and_spares_the_prompt():
    context = Context(persona=PERSONA, conversational_context="Old.")
    context.append("Newer.")
    context.overwrite("New.")
    assert context.conversational == "New."
    assert "You are Mia." in context.system_message()
    assert "Old." not in context.system_message()


def test_the_context_has_a_bound_and_the_oldest_addition_goes_first():
    context = Context(persona={}, conversational_context="Start.")
    for letter in "abcd":
        context.append(letter * (CONTEXT_LIMIT // 3))
    assert len(context.conversational) <= CONTEXT_LIMIT + 10
    assert context.conversational.startswith("Start.")
    assert "d" in context.conversational
    assert "a" * 100 not in context.conversational


def test_a_persona_without_a_prompt_still_knows_who_it_is():
    assert Context(persona={}, persona_name="Sam").system_message().startswith("You are Sam in a video call.")


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("english", "Speak English."),
        ("German", "Speak German."),
        ("de", "Speak German."),
        ("pt-BR", "Speak Portuguese."),
        ("multilingual", "Answer in the language the person speaks."),
        ("", "Speak English."),
    ],
)
def test_languages_come_as_names_and_as_codes(language, line):
    assert language_line(language) == line
