"""How the responder answers what people say in every talk."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from visavis.engines.llm.responder.persona import Persona
from visavis.engines.llm.responder.phrasing import capital, ended, plain, second_person, sentences
from visavis.engines.llm.responder.questions import OFFERS, next_question
from visavis.engines.llm.responder.talk import Talk, given_name

LABEL = "No language model is connected, so I answer from what this persona was given."

REPEATING = ("Of course. I said:", "Once more:")
"""Openings of an answer that says the last one again, because it was asked to."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One turn, with everything an answer may use. `text` is the turn without its greeting."""

    text: str
    persona: Persona
    talk: Talk
    now: datetime

    def ask(self, *, more: bool = False) -> str:
        """A question that leads on; `more` where the person has just told something."""
        return next_question(self.persona, self.talk, more=more)

    def vary(self, *options: str) -> str:
        """An option whose words are not in the last reply, another one every time."""
        turn = len(self.talk.mine)
        ordered = options[turn % len(options) :] + options[: turn % len(options)]
        last = plain(self.talk.last_reply)
        return next((option for option in ordered if plain(option) not in last), ordered[0])

    def name(self) -> str:
        """The person's name as an address (", Anna"), or nothing."""
        name = self.talk.name()
        return f", {name}" if name else ""


Handler = Callable[[Scene], str]


def me(scene: Scene) -> str:
    """Who the persona is, in one sentence."""
    named = f"I'm {scene.persona.name}." if scene.persona.name else ""
    about = scene.persona.about[0] if scene.persona.about else ""
    if named and about.startswith(named[:-1]):
        return (
            about
            if plain(about) != plain(named) or len(scene.persona.about) < 2
            else f"{about} {scene.persona.about[1]}"
        )
    if about:
        return f"{named} {about}".strip()
    return named or "I'm the replica you are talking to."


def offer(scene: Scene) -> str:
    """What the persona can do, in two or three sentences."""
    persona = scene.persona
    parts = [*persona.abilities[:2]]
    if len(parts) < 2:
        parts.append(OFFERS[persona.kind])
    if len(persona.facts) > len(persona.abilities) + len(persona.about):
        parts[2:] = ["You can also ask me about the details."]
    return f"{' '.join(dict.fromkeys(parts))} {scene.ask()}"


def repeat(scene: Scene) -> str:
    last = scene.talk.last_reply
    if not last:
        return "I haven't said anything yet. What would you like to know?"
    for opening, other in zip(REPEATING, reversed(REPEATING), strict=True):
        if last.startswith(opening):
            return f"{other} {last.removeprefix(opening).strip()}"
    return f"{REPEATING[0]} {last}"


def quote(scene: Scene) -> str:
    if not scene.talk.user:
        return "You haven't told me anything yet. What would you like to tell me?"
    said = scene.talk.user[-1].strip()
    if said.endswith("?"):
        return f"You just asked: {sentences(said)[-1]}"
    return f"You just said: {ended(sentences(said)[-1])}"


def their_name(scene: Scene) -> str:
    name = scene.talk.name()
    if name:
        return scene.vary(f"Your name is {name}.", f"You told me you are {name}.")
    return "You haven't told me your name yet. What should I call you?"


def introduced(scene: Scene) -> str:
    name = given_name(scene.text)
    again = any(given_name(turn) == name for turn in scene.talk.user)
    opening = f"Yes, {name}, I remember." if again else f"Nice to meet you, {name}."
    mine = f" I'm {scene.persona.name}." if scene.persona.name and not scene.talk.mine else ""
    rest = [s for s in sentences(scene.text) if not given_name(s)]
    told = f" {capital(reflected)}" if rest and (reflected := reflect(rest[-1])) else ""
    return f"{opening}{mine}{told} {scene.ask()}"


def my_name(scene: Scene) -> str:
    if scene.persona.name:
        return scene.vary(f"My name is {scene.persona.name}.", f"I'm {scene.persona.name}.") + _their_turn(scene)
    return f"I wasn't given a name. {me(scene)}" + _their_turn(scene)


def _their_turn(scene: Scene) -> str:
    return "" if scene.talk.name() else " And what is your name?"


def present(scene: Scene) -> str:
    rest = [sentence for sentence in scene.persona.about[1:2] if sentence not in me(scene)]
    return " ".join([me(scene), *rest, *([scene.ask()] if len(scene.talk.mine) < 2 else [])])


def admit(scene: Scene) -> str:
    return scene.vary(
        f"I'm a drawn replica with a built-in responder, not a person. {LABEL}",
        f"I'm software, and a simple kind: a built-in responder. {LABEL}",
    )


def tell_time(scene: Scene) -> str:
    hour = scene.now.hour % 12 or 12
    half = "in the morning" if scene.now.hour < 12 else "in the afternoon" if scene.now.hour < 18 else "in the evening"
    return f"By this server's clock it is {hour}:{scene.now.minute:02d} {half}."


def tell_date(scene: Scene) -> str:
    return f"Today is {scene.now:%A}, {scene.now:%B} {scene.now.day}, {scene.now.year}."


_NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
_NUMBER = rf"(-?\d+(?:\.\d+)?|{'|'.join(_NUMBER_WORDS)})"
_OPERATION = r"(\+|plus|and|-|minus|less|\*|x|times|multiplied by|/|divided by|over)"
ARITHMETIC = re.compile(
    r"(?:^|what(?:'s| is)|how much is|calculate|compute)\s*(?:the sum of\s*)?"
    rf"{_NUMBER}\s*{_OPERATION}\s*{_NUMBER}(?:$|\s|=)"
)


def add_up(scene: Scene) -> str:
    found = ARITHMETIC.search(plain(scene.text))
    if found is None:
        return "Could you say the two numbers again?"
    a, b = (float(_NUMBER_WORDS.index(n)) if n in _NUMBER_WORDS else float(n) for n in (found[1], found[3]))
    sign = found[2]
    if sign in ("/", "divided by", "over"):
        if b == 0:
            return "Nothing can be divided by zero."
        result, word = a / b, "divided by"
    elif sign in ("*", "x", "times", "multiplied by"):
        result, word = a * b, "times"
    elif sign in ("-", "minus", "less"):
        result, word = a - b, "minus"
    else:
        result, word = a + b, "plus"
    return f"{found[1]} {word} {found[3]} is {round(result, 4):,.10g}.".capitalize()


LOW_MOODS = (
    "sad stressed tired nervous anxious worried angry lonely bad terrible overwhelmed afraid scared upset lost stuck "
    "down exhausted frustrated depressed awful unhappy"
)
HIGH_MOODS = "happy excited great good fine well okay ok proud glad relieved better fantastic wonderful"


def feel_with(scene: Scene) -> str:
    words = plain(scene.text)
    low = re.search(rf"\b(?:{'|'.join(LOW_MOODS.split())})\b", words)
    if low:
        return scene.vary(
            f"I'm sorry to hear that{scene.name()}. Do you want to tell me what is behind it?",
            f"That sounds hard{scene.name()}. When did you start to feel that way?",
            f"Thank you for telling me{scene.name()}. What would help you most right now?",
        )
    glad = scene.vary(f"I'm glad to hear that{scene.name()}.", "That's good to hear.", "Wonderful.")
    return f"{glad} {scene.ask()}"


_MIRRORED = re.compile(
    r"(?i)^(?:(?:well|so|yes|yeah|actually|and|also),? |i (?:think|guess|would say) )*"
    r"((?:i|i'm|i've|i'd|i'll|my|we|we're|our) .+)$"
)


def reflect(sentence: str) -> str:
    """A person's own short statement given back ("So you work as a nurse."), or nothing where that would be clumsy."""
    found = _MIRRORED.match(sentence.strip().rstrip(".! ").replace("’", "'"))
    if found is None or not 3 <= len(found[1].split()) <= 14 or re.search(r"[,;:?]|\byou\b", found[1], re.IGNORECASE):
        return ""
    return f"So {second_person(found[1])}."


def greet(scene: Scene) -> str:
    """Answer a greeting, or open the talk."""
    if not scene.talk.mine:
        return f"Hello{scene.name()}! {me(scene)} {scene.ask()}"
    hello = scene.vary(f"Hello{scene.name()}.", f"Hi{scene.name()}, nice to see you.", f"Hello again{scene.name()}.")
    return f"{hello} {scene.ask()}"
