"""Do these words sound finished?"""

import pytest

from visavis.conversation.turns.words import combine, finished

FINISHED = [
    "What can you do?",
    "I'd like to book a table for two.",
    "Yes.",
    "Tell me about it.",
    "How old are you?",
    "That's what I think it is.",
    "Where are you from?",
    "Thank you very much.",
]
UNFINISHED = [
    "I would like to book a table for",
    "My order has not arrived yet and",
    "So basically, um",
    "Tell me about the",
    "I was wondering if",
    "My email address is",
    "Well, the thing is that",
    "Let me think...",
    "First of all, I",
    "",
]


@pytest.mark.parametrize("text", FINISHED)
def test_finished_turns_score_above_one_half(text: str) -> None:
    assert finished(text) > 0.5


@pytest.mark.parametrize("text", UNFINISHED)
def test_unfinished_turns_score_well_below(text: str) -> None:
    assert finished(text) < 0.3


def test_words_weigh_twice_as_much_as_sound_and_alone_without_it() -> None:
    assert combine(1.0, 0.1) == pytest.approx(0.4)
    assert combine(None, 0.85) == 0.85
