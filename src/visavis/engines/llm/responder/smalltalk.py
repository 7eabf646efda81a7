"""What people say in every talk, and what is answered: a table of patterns over plain lower-case text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from visavis.engines.llm.responder.persona import Persona
from visavis.engines.llm.responder.phrasing import capital, ended, plain, second_person, sentences
from visavis.engines.llm.responder.questions import next_question
from visavis.engines.llm.responder.talk import Talk, given_name

LABEL = "No language model is connected, so I answer from what this persona was given."


@dataclass(frozen=True, slots=True)
class Scene:
    """One turn, with everything an answer may use. `text` is the turn without its greeting."""

    text: str
    persona: Persona
    talk: Talk
    now: datetime

    def ask(self) -> str:
        return next_question(self.persona, self.talk)

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


def _abilities(scene: Scene) -> str:
    offers = scene.persona.abilities[:2] or scene.persona.about[:1]
    if not offers:
        offers = ("I can talk with you, remember what you tell me in this call, and answer from what I was given.",)
    question = scene.ask()
    who = me(scene) if scene.persona.about and scene.persona.abilities else ""
    parts = [*([who] if who and len(offers) < 2 else []), *offers]
    return f"{' '.join(parts)} You can also ask me about anything I was told for this call. {question}"


def _repeat(scene: Scene) -> str:
    last = scene.talk.last_reply
    if not last:
        return "I haven't said anything yet. What would you like to know?"
    for opening in ("Of course. I said:", "Once more:"):
        if last.startswith(opening):
            last = last.removeprefix(opening).strip()
            return f"{'Once more:' if opening.startswith('Of') else 'Of course. I said:'} {last}"
    return f"Of course. I said: {last}"


def _what_i_said(scene: Scene) -> str:
    if not scene.talk.user:
        return "You haven't told me anything yet. What would you like to tell me?"
    said = sentences(scene.talk.user[-1])[-1]
    return f"You just said: {ended(said)}"


def _their_name(scene: Scene) -> str:
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


def _my_name(scene: Scene) -> str:
    if scene.persona.name:
        return scene.vary(f"My name is {scene.persona.name}.", f"I'm {scene.persona.name}.") + _their_turn(scene)
    return f"I wasn't given a name. {me(scene)}" + _their_turn(scene)


def _their_turn(scene: Scene) -> str:
    return "" if scene.talk.name() else " And what is your name?"


def _who(scene: Scene) -> str:
    rest = [sentence for sentence in scene.persona.about[1:2] if sentence not in me(scene)]
    return " ".join([me(scene), *rest, *([scene.ask()] if len(scene.talk.mine) < 2 else [])])


def _nature(scene: Scene) -> str:
    return scene.vary(
        f"I'm a drawn replica with a built-in responder, not a person. {LABEL}",
        f"I'm software, and a simple kind: a built-in responder. {LABEL}",
    )


def _time(scene: Scene) -> str:
    hour = scene.now.hour % 12 or 12
    half = "in the morning" if scene.now.hour < 12 else "in the afternoon" if scene.now.hour < 18 else "in the evening"
    return f"By this server's clock it is {hour}:{scene.now.minute:02d} {half}."


def _date(scene: Scene) -> str:
    return f"Today is {scene.now:%A}, {scene.now:%B} {scene.now.day}, {scene.now.year}."


_NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
_NUMBER = rf"(-?\d+(?:\.\d+)?|{'|'.join(_NUMBER_WORDS)})"
_SUM = re.compile(
    rf"{_NUMBER}\s*(\+|plus|added to|and|-|minus|less|\*|x|times|multiplied by|/|divided by|over)\s*{_NUMBER}(?:$|\s|\?|=)"
)
ARITHMETIC = re.compile(rf"(?:^|what(?:'s| is)|how much is|calculate|compute)\s*(?:the sum of\s*)?{_SUM.pattern}")


def _sum(scene: Scene) -> str:
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


def _feeling(scene: Scene) -> str:
    words = plain(scene.text)
    low = re.search(
        r"\b(?:sad|stress|tired|nervous|anxious|worried|angry|lonely|bad|terrible|overwhelmed|afraid|scared|upset|lost|stuck|down|exhausted|frustrated|depressed|awful|unhappy)",
        words,
    )
    if low:
        return scene.vary(
            f"I'm sorry to hear that{scene.name()}. Do you want to tell me what is behind it?",
            f"That sounds hard{scene.name()}. When did you start to feel that way?",
            f"Thank you for telling me{scene.name()}. What would help you most right now?",
        )
    return scene.vary(f"I'm glad to hear that{scene.name()}.", "That's good to hear.", "Wonderful.") + f" {scene.ask()}"


_MIRRORED = re.compile(
    r"(?i)^(?:well,? |so,? |yes,? |yeah,? |and |i think |i guess |actually,? )*(i(?:'m|'ve| am| was| have| work| live| want| need| like| love| used| study| just| would| feel| am)?\b.*)$"
)


def reflect(sentence: str) -> str:
    """A person's own short statement given back ("So you work as a nurse."), or nothing where that would be clumsy."""
    found = _MIRRORED.match(sentence.strip().rstrip(".! ").replace("’", "'"))
    if found is None or not 3 <= len(found[1].split()) <= 14 or re.search(r"[,;:?]|\byou\b", found[1], re.IGNORECASE):
        return ""
    return f"So {second_person(found[1])}."


def greet(scene: Scene) -> str:
    if not scene.talk.mine:
        return f"Hello{scene.name()}! {me(scene)} {scene.ask()}"
    return (
        scene.vary(f"Hello{scene.name()}.", f"Hi{scene.name()}, nice to see you.", f"Hello again{scene.name()}.")
        + f" {scene.ask()}"
    )


def _table(*rows: tuple[str, Handler]) -> tuple[tuple[re.Pattern[str], Handler], ...]:
    return tuple((re.compile(pattern), handler) for pattern, handler in rows)


GREETING = re.compile(
    r"^(?:(?:oh|well|um|uh|so|okay|ok)\s+)?(?:hello|hi|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day))"
    r"(?:\s+(?:there|again|everyone|everybody))?\b"
)

TABLE = _table(
    (
        r"\b(?:repeat (?:that|it|yourself|the|please)|say (?:that|it) (?:again|one more time)|come again|pardon|what did you (?:just )?say|(?:didn't|did not|couldn't) (?:catch|hear|understand) (?:that|you|it))|^(?:repeat|sorry what|what|what was that|excuse me)$",
        _repeat,
    ),
    (r"\bwhat did i (?:just )?(?:say|tell|ask|mention)", _what_i_said),
    (r"\b(?:what(?:'s| is| was) my name|(?:know|remember) my name|who am i|what am i called)\b", _their_name),
    (
        r"\b(?:what(?:'s| is) your name|tell me your name|do you have a name|who am i (?:talking|speaking) (?:to|with)|what (?:should|can|do) i call you)\b",
        _my_name,
    ),
    (
        r"\bare you (?:a |an )?(?:real|human|person|robot|bot|ai\b|alive|machine|computer|chat ?gpt|gpt|language model|avatar|actual)|\b(?:what|which) (?:language )?(?:model|llm|ai)\b|\bare you (?:using|powered|running|connected)|\bhow do you work\b|\bwho (?:made|built|created) you\b",
        _nature,
    ),
    (
        r"\b(?:who|what) are you\b|\bintroduce yourself\b|\babout yourself\b|^and you$|\bwhat(?:'s| is) your background\b",
        _who,
    ),
    (
        r"\bwhat (?:all )?(?:can|do|could) you (?:do|help|offer|know)|\bhow (?:can|could|will|do|would) you (?:help|assist)|\bwhat are you able\b|\bwhat(?:'s| is) your (?:job|role|purpose|goal|task)|\bwhat can (?:i|we) (?:ask|do|talk)|\bwhat are you (?:for|here for|good at)|^(?:can|could|will) you (?:please )?help(?: me)?(?: please)?$|^(?:i need (?:some )?)?help(?: me)?(?: please)?$|\bwhat do you do\b",
        _abilities,
    ),
    (
        r"\bhow(?:'s| is) it going|\bhow (?:are|have) you(?! (?:help|work|going to))|\bhow do you (?:do|feel)$|\bwhat(?:'s| is) up$|\bhow are things|\bhow(?:'s| is) your day",
        lambda s: (
            s.vary("I'm doing well, thank you.", "Very well, thanks for asking.", "I'm fine, thank you.")
            + f" {s.ask()}"
        ),
    ),
    (r"\b(?:what(?:'s| is) the time|what time is it|tell me the time|know what time|current time)\b", _time),
    (
        r"\b(?:what(?:'s| is) (?:the date|today's date|the day|today)|what (?:day|date) is (?:it|today)|which day is|what year is)\b",
        _date,
    ),
    (ARITHMETIC.pattern, _sum),
    (
        r"\bcan you (?:still )?hear me|\bdo you hear me|\bam i audible|\bis this (?:thing )?(?:on|working)",
        lambda s: s.vary("Yes, I can hear you.", "I hear you well.") + f" {s.ask()}",
    ),
    (
        r"\b(?:can|do) you (?:still )?see me|\bwhat do you see|\bhow do i look",
        lambda _: f"Without a vision model I can't describe what your camera shows. {LABEL}",
    ),
    (
        r"\b(?:do|can) you (?:speak|talk in|understand) (?!to\b|with\b|up\b|me\b)\w+",
        lambda _: "For now I speak only English; other languages need a language model.",
    ),
    (
        r"\b(?:tell|know|say|have) (?:me )?(?:a|any|another|some) jokes?\b|\bmake me laugh\b",
        lambda s: s.vary(
            "I asked my calendar for a day off, and it said its days are numbered.",
            "I would tell you a joke about latency, but you'd only get it later.",
            "My favourite exercise is the pregnant pause.",
        ),
    ),
    (
        r"\bweather\b|\bnews\b|\bstock price",
        lambda s: f"I have no connection to the outside, so I can't look that up. {s.ask()}",
    ),
    (
        r"\b(?:bye|goodbye|good night|see you|have a (?:good|nice|great) (?:day|one|evening|night|weekend)|talk (?:to you )?(?:later|soon)|take care|i (?:have to|need to|must|gotta) go|that's all)\b",
        lambda s: s.vary(f"Goodbye{s.name()}, it was good talking to you.", f"Take care{s.name()}, and see you soon."),
    ),
    (
        r"\b(?:thank you|thanks|thank|thx|appreciate it|cheers)\b",
        lambda s: (
            s.vary(f"You're welcome{s.name()}.", "My pleasure.", f"Any time{s.name()}.") + " Is there anything else?"
        ),
    ),
    (
        r"^(?:please )?(?:wait|hold on|one (?:moment|second|sec|minute)|just a (?:moment|second|sec|minute)|give me a (?:moment|second|minute)|let me think)\b",
        lambda s: s.vary("Of course, take your time.", "No hurry.", "Sure, I'll wait."),
    ),
    (
        r"^(?:please )?(?:stop|be quiet|shut up|enough|stop talking|quiet)\b",
        lambda s: s.vary("All right, I'll stop.", "Okay, I'm listening."),
    ),
    (
        r"\b(?:let's (?:start|begin|go|get started|do it)|i'm ready|i am ready|ready when you are|ask me (?:a |the |another |something|your |any |some )?|(?:next|first|another) question|start the|begin the|go ahead|continue|go on|keep going|where do we start|where should we (?:start|begin))",
        lambda s: s.vary("Good, let's go.", "All right.", "Gladly.") + f" {s.ask()}",
    ),
    (
        r"\bsorry\b|\bmy bad\b|\bi apologi[sz]e",
        lambda s: s.vary("No problem at all.", "Don't worry about it.") + f" {s.ask()}",
    ),
    (
        r"\byou(?:'re| are) (?:so |very |really |pretty )?(?:great|good|nice|awesome|amazing|smart|funny|cool|helpful|sweet|kind|the best)|\b(?:well done|good job|love (?:you|it|that)|i like you)\b",
        lambda s: s.vary("That's kind of you.", f"Thank you{s.name()}, that's good to hear.") + f" {s.ask()}",
    ),
    (
        r"\byou(?:'re| are) (?:so |very |really )?(?:stupid|dumb|useless|bad|boring|annoying|wrong|slow|not helpful|broken)|\b(?:that's|this is) (?:wrong|stupid|useless|not (?:true|right|helpful|what i))|\bhate you\b|\bnot helpful\b",
        lambda s: s.vary(
            f"I'm sorry I'm not more helpful. {LABEL}", "I'm sorry about that. Could you put it another way?"
        ),
    ),
    (
        r"\bi(?:'m| am| feel| have been|'ve been)(?: feeling)?(?: (?:a bit|a little|so|very|really|quite|pretty|just|kind of|too|not))* (?:sad|stressed|tired|nervous|anxious|worried|angry|lonely|bad|terrible|overwhelmed|afraid|scared|upset|lost|stuck|down|exhausted|frustrated|depressed|awful|unhappy|happy|excited|great|good|fine|well|okay|ok|proud|glad|relieved|better|fantastic|wonderful)\b|^(?:pretty |very )?(?:good|fine|great|not bad|well)(?: thank you| thanks)?$",
        _feeling,
    ),
    (
        r"^(?:i (?:really )?(?:don't|do not) know(?: yet)?|no idea|not sure|i'm not sure|hard to say|i can't say|maybe|perhaps)$",
        lambda s: (
            s.vary(
                "That's all right, there is no wrong answer.",
                "Take your time with it.",
                "That's fine, let's come at it from another side.",
            )
            + f" {s.ask()}"
        ),
    ),
    (
        r"^(?:yes|yeah|yep|yup|sure|of course|definitely|absolutely|exactly|right|correct|okay|ok|alright|all right|fine|great|good|cool|perfect|sounds good|i do|i am|please do|yes please|i see|got it|makes sense|uh-huh|mhm|true)(?: (?:please|thanks|sure|that's right|of course|okay|i do))*$",
        lambda s: s.vary("Good.", "All right.", "Great.", "Perfect.") + f" {s.ask()}",
    ),
    (
        r"^(?:no|nope|nah|not really|no thanks|no thank you|not at all|never|i don't|i don't think so|nothing|not yet)(?: (?:thanks|thank you|not really|i don't(?: think so)?|that's all))*$",
        lambda s: s.vary("Okay, no problem.", "I understand.", "That's fine.") + f" {s.ask()}",
    ),
)
