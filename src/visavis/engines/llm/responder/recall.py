"""Finds the sentence that answers a question, by the words they share."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from visavis.engines.llm.responder.persona import Fact
from visavis.engines.llm.responder.phrasing import stems

ENOUGH = 0.42
"""Share of a question's weight that a sentence must cover to be called an answer."""

_CLUES = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(answered))
    for asked, answered in (
        (r"^(?:when|what time|how long)\b", r"\d|(?i:\b(?:day|week|month|year|hour|morning|monday|today)\b)"),
        (r"^how (?:much|many)\b", r"\d|[$€£]|(?i:\b(?:two|three|four|five|six|seven|eight|nine|ten|free)\b)"),
        (r"^where\b", r"\b(?:in|at|on|near|located|based) [A-Z]"),
        (r"^who\b", r"\b[A-Z]\w+ [A-Z]\w+|(?i:\b(?:founder|team|manager|director)\b)"),
    )
)


def best(question: str, facts: Sequence[Fact]) -> Fact | None:
    """The fact that covers most of the question's rare words, if it covers enough."""
    asked = set(stems(question))
    if not asked or not facts:
        return None
    frequency = {word: sum(word in fact.stems for fact in facts) for word in asked}
    weight = {word: math.log(1.5 + len(facts) / (1 + count)) for word, count in frequency.items()}
    total = sum(weight.values())
    clue = next((wanted for opening, wanted in _CLUES if opening.search(question.strip())), None)
    found, found_score = None, 0.0
    for fact in facts:
        shared = asked & fact.stems
        if not shared:
            continue
        score = sum(weight[word] for word in shared) / total
        if clue is not None and clue.search(fact.spoken):
            score += 0.15
        # Among equals, the shorter sentence is the more to the point, and a fact more than a promise.
        score -= 0.001 * len(fact.stems) + 0.05 * fact.spoken.startswith(("I ", "I'"))
        if score > found_score:
            found, found_score = fact, score
    return found if found_score >= ENOUGH else None
