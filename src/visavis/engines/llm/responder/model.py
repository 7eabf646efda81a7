"""A stand-in for a language model that knows what it is."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from datetime import datetime

from visavis.engines.llm.responder import persona as personas
from visavis.engines.llm.responder.intents import FILLER, GREETING, LONGEST, TABLE
from visavis.engines.llm.responder.persona import Fact
from visavis.engines.llm.responder.phrasing import capital, ended, plain, second_person, sentences, stems
from visavis.engines.llm.responder.recall import best
from visavis.engines.llm.responder.smalltalk import LABEL, REPEATING, Scene, greet, introduced, offer, reflect
from visavis.engines.llm.responder.talk import Talk, given_name
from visavis.engines.ports import ChatDelta, ChatRequest

_GROUP = 4
"""Words per delta."""

_QUESTION = re.compile(
    r"^(?:and |but |so |well |okay |now )?"
    r"(?:what|when|where|who|whom|whose|why|which|how|is|are|was|were|do|does|did|can|could|will|would|should|shall|may|"
    r"might|have|has|am|isn't|aren't|don't|doesn't|won't)\b"
)
_REQUEST = re.compile(
    r"^(?:please |can you |could you |would you )?"
    r"(?:tell me|explain|describe|talk about|give me|show me|let's talk about|what about|how about|i was wondering|"
    r"i(?:'d| would) (?:like|love) to (?:know|hear|learn)|i want to (?:know|hear)|i have a question about|help me|"
    r"i need help)\b"
)
_HELP = re.compile(r"\bhelp (?:me|us)\b")
_MEMORY = re.compile(r"^(?!.*\bhelp\b)(?:.*\b(?:did|do|was|am|have|had|where|what|when|who) i\b|.*\bmy\b)")


class Responder:
    """Implements `ports.LanguageModel` over nothing but the request. `now` gives the local time."""

    def __init__(self, *, now: Callable[[], datetime] | None = None) -> None:
        self._now = now or (lambda: datetime.now().astimezone())

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        words = self.answer(request).split(" ")
        for at in range(0, len(words), _GROUP):
            group = " ".join(words[at : at + _GROUP])
            yield ChatDelta(text=group if at == 0 else f" {group}")

    async def close(self) -> None:
        """Holds nothing."""

    def answer(self, request: ChatRequest) -> str:
        """The whole answer: one to three sentences, none of which the last reply held."""
        system = "\n\n".join(message.content for message in request.messages if message.role == "system")
        talk = Talk.of(request.messages)
        greeting = GREETING.match(plain(talk.now))
        text = _after_greeting(talk.now) if greeting else talk.now
        scene = Scene(text, personas.read(system), talk, self._now())
        reply = _compose(scene, greeted=greeting is not None)
        return reply if reply.startswith(REPEATING) else _fresh(reply, scene)


def _after_greeting(text: str) -> str:
    """What follows "Hello there," in the text as it was written."""
    found = re.match(
        r"(?i)^\W*(?:(?:oh|well|um|uh|so|okay|ok)\W+)?(?:hello|hi|hey|hiya|howdy|greetings|good (?:morning|afternoon|"
        r"evening|day))(?:\W+(?:there|again|everyone|everybody))?\b(?:,? (?-i:[A-Z])\w+(?=[,.!?]|$))?\W*",
        text,
    )
    return text[found.end() :] if found else text


def _compose(scene: Scene, *, greeted: bool) -> str:
    asked = plain(scene.text)
    if not asked or FILLER.match(asked):
        if (greeted and not asked) or not scene.talk.now:
            return greet(scene)
        return scene.vary("Take your time, I'm listening.", "I'm here when you are ready.")
    hello = "Hello! " if greeted and not scene.talk.mine else ""
    if given_name(scene.text) and not scene.text.rstrip().endswith("?"):
        return hello + introduced(scene)
    # The last sentence is usually the one that wants an answer: "I see. And how can you help me?"
    for candidate in dict.fromkeys((asked, plain(sentences(scene.text)[-1]))):
        if len(candidate.split()) > LONGEST:
            continue
        for pattern, handler in TABLE:
            if pattern.search(candidate):
                return hello + handler(scene)
    if scene.text.rstrip().endswith("?") or _QUESTION.match(asked) or _REQUEST.match(asked):
        return hello + _from_memory(scene, asked)
    return hello + _acknowledged(scene)


def _from_memory(scene: Scene, asked: str) -> str:
    """Answer a question from what the person said or from what the persona was given, or admit that neither helps."""
    if _MEMORY.search(asked):
        told = [sentence for turn in scene.talk.user for sentence in sentences(turn) if not sentence.endswith("?")]
        found = best(scene.text, [Fact(sentence, frozenset(stems(sentence))) for sentence in reversed(told)])
        if found is not None:
            return f"You told me: {ended(second_person(found.spoken))}"
    found = best(scene.text, scene.persona.facts)
    if found is None:
        return offer(scene) if _HELP.search(asked) else _unknown(scene)
    if found.forbidden:
        refused = scene.vary("That's not something I can go into here.", "I'd rather not get into that.")
        return f"{refused} {scene.ask()}"
    return _tell(found, scene, asked)


def _tell(found: Fact, scene: Scene, asked: str) -> str:
    """Say a fact, unless it was said just now."""
    just_said = scene.talk.just_said
    if not any(plain(found.spoken) in sentence for sentence in just_said):
        more = "" if len(found.spoken) > 120 else _following(found, scene)
        return f"{ended(found.spoken)}{more}"
    if _HELP.search(asked):
        return f"Gladly. {scene.ask()}"
    if plain(found.spoken) in just_said:
        return f"As I said, {_inside(ended(found.spoken))}"
    return scene.vary("That is all I was given about it.", "I have nothing to add to what I just said.")


def _following(fact: Fact, scene: Scene) -> str:
    """The next sentence of the same text where it leans on this one ("It also …")."""
    facts = scene.persona.facts
    at = facts.index(fact) + 1
    leans = at < len(facts) and re.match(r"(?:It|They|This|These|He|She|There)\b", facts[at].spoken)
    return f" {facts[at].spoken}" if leans and not facts[at].forbidden else ""


def _inside(text: str) -> str:
    """The sentence as it reads after a comma."""
    small = re.match(r"(?:Our|The|We|It|My|You|They|This|There|All|An?)\b", text)
    return text[0].lower() + text[1:] if small else text


def _unknown(scene: Scene) -> str:
    labelled = plain(LABEL) in plain(" ".join(scene.talk.mine))
    if not labelled:
        return f"I can't answer that. {LABEL} What else would you like to know?"
    lacking = scene.vary(
        "That isn't in what I was given.",
        "I have no answer to that in my notes.",
        "I can't say, without a language model behind me.",
        "That goes beyond what I was given.",
    )
    back = scene.vary("What else would you like to know?", "Is there something else I can tell you?")
    return f"{lacking} {back}"


def _acknowledged(scene: Scene) -> str:
    """Take up a statement and lead on."""
    reflected = reflect(sentences(scene.text)[-1]) or reflect(sentences(scene.text)[0])
    if reflected and plain(reflected) not in plain(scene.talk.last_reply):
        return f"{capital(reflected)} {scene.ask(more=True)}"
    name = scene.name()
    thanks = scene.vary(
        f"Thank you for telling me{name}.", "I see.", "That's good to know.", f"Got it{name}.", "I understand."
    )
    return f"{thanks} {scene.ask(more=True)}"


def _fresh(reply: str, scene: Scene) -> str:
    """Leave out sentences that the last reply held; what remains is never empty."""
    just_said = scene.talk.just_said
    kept = [sentence for sentence in sentences(reply) if plain(sentence) not in just_said]
    if kept:
        return " ".join(kept)
    return scene.vary("As I said: ", "Once again: ") + reply
