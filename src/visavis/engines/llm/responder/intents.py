"""What people say in every talk: patterns over plain lower-case text, and who answers them."""

from __future__ import annotations

import re

from visavis.engines.llm.responder import smalltalk
from visavis.engines.llm.responder.smalltalk import ARITHMETIC, HIGH_MOODS, LABEL, LOW_MOODS, Handler, Scene

LONGEST = 14
"""Words beyond which a turn is a story, not a phrase of small talk."""

GREETING = re.compile(
    r"^(?:(?:oh|well|um|uh|so|okay|ok)\s+)?"
    r"(?:hello|hi|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day))"
    r"(?:\s+(?:there|again|everyone|everybody))?\b"
)
FILLER = re.compile(r"^(?:h?m+|u+[hm]+|e+r+m?|a+h+|o+h+|and|so|well)(?: (?:h?m+|u+[hm]+|e+r+m?))*$")

_IS = r"(?:'s| is| was)"
_VERY = r"(?:a bit|a little|so|very|really|quite|pretty|just|kind of|too|not|feeling|still)"
_MOODS = "|".join(f"{LOW_MOODS} {HIGH_MOODS}".split())


def _then_ask(*options: str) -> Handler:
    """One of the options, then the next question."""
    return lambda scene: f"{_said(scene, options)} {scene.ask()}"


def _only(*options: str) -> Handler:
    return lambda scene: _said(scene, options)


def _said(scene: Scene, options: tuple[str, ...]) -> str:
    return scene.vary(*(option.replace("{name}", scene.name()) for option in options))


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


TABLE: tuple[tuple[re.Pattern[str], Handler], ...] = (
    (
        _any(
            r"\brepeat (?:that|it|yourself|please)|\bsay (?:that|it) (?:again|one more time)|\bcome again\b|\bpardon\b",
            r"\bwhat did you (?:just )?say|\b(?:didn't|did not|couldn't) (?:catch|hear|understand) (?:that|you|it)",
            r"^(?:repeat|sorry what|what|what was that|excuse me)$",
        ),
        smalltalk.repeat,
    ),
    (_any(r"\bwhat did i (?:just )?(?:say|tell|ask|mention)"), smalltalk.quote),
    (_any(rf"\bwhat{_IS} my name|\b(?:know|remember) my name|\bwho am i$|\bwhat am i called"), smalltalk.their_name),
    (
        _any(
            rf"\bwhat{_IS} your name|\btell me your name|\bdo you have a name",
            r"\bwho am i (?:talking|speaking) (?:to|with)|\bwhat (?:should|can|do) i call you",
        ),
        smalltalk.my_name,
    ),
    (
        _any(
            r"\bare you (?:a |an )?(?:real|human|person|robot|bot|ai|alive|machine|computer|chat ?gpt|gpt|avatar)\b",
            r"\bare you (?:a |an )?(?:actual|language model)|\bare you (?:using|powered|running|connected)",
            r"\b(?:what|which) (?:language )?(?:model|llm|ai)\b|\bhow do you work$|\bwho (?:made|built|created) you",
        ),
        smalltalk.admit,
    ),
    (
        _any(
            r"\b(?:who|what) are you$|\bwho exactly are you|\bintroduce yourself|\babout yourself|^and you$",
            rf"\bwhat{_IS} your background",
        ),
        smalltalk.present,
    ),
    (
        _any(
            r"\bwhat (?:all |else )?(?:can|do|could) you (?:do|offer|know|help (?:me )?with)$|\bwhat are you able",
            r"\bhow (?:can|could|will|do|would) you (?:help|assist|support)(?: me| us)?$",
            rf"\bwhat{_IS} your (?:job|role|purpose|goal|task)|\bwhat are you (?:for|here for|good at)$",
            r"\bwhat can (?:i|we) (?:ask|do|talk)|^(?:can|could|will) you (?:please )?help(?: me)?(?: please)?$",
            r"^(?:i need (?:some |your )?)?help(?: me)?(?: please)?$",
        ),
        smalltalk.offer,
    ),
    (
        _any(
            r"\bhow(?:'s| is) it going|\bhow are you(?: doing| feeling| today| all)*$|\bhow have you been",
            rf"\bhow do you (?:do|feel)$|\bwhat{_IS} up$|\bhow are things|\bhow{_IS} your day",
        ),
        lambda s: (
            s.vary("I'm doing well, thank you.", "Very well, thanks for asking.", "I'm fine, thank you.")
            + s.vary(" And how are you?", " How are you today?")
        ),
    ),
    (
        _any(rf"\bwhat{_IS} the time|\bwhat time is it|\btell me the time|\bknow what time|\bcurrent time"),
        smalltalk.tell_time,
    ),
    (
        _any(
            rf"\bwhat{_IS} (?:the date|today's date|the day|today)",
            r"\bwhat (?:day|date) is (?:it|today)|\bwhich day is|\bwhat year is",
        ),
        smalltalk.tell_date,
    ),
    (ARITHMETIC, smalltalk.add_up),
    (
        _any(r"\b(?:can|do) you (?:still )?hear me|\bam i audible|\bis this (?:thing )?(?:on|working)$"),
        _only("Yes, I can hear you.", "I hear you well.", "Loud and clear."),
    ),
    (
        _any(r"\b(?:can|do) you (?:still )?see me|\bwhat (?:do|can) you see|\bhow do i look"),
        _only(f"Without a vision model I can't describe what your camera shows. {LABEL}"),
    ),
    (
        _any(r"\b(?:do|can) you (?:speak|talk in|understand) (?!to\b|with\b|up\b|me\b|that\b|what\b)\w+"),
        _only("For now I speak only English; other languages need a language model."),
    ),
    (
        _any(r"\b(?:tell|know|have|say)(?: me)? (?:a|any|another|some|me a) jokes?\b|\bmake me laugh"),
        _only(
            "I asked my calendar for a day off, and it said its days are numbered.",
            "I would tell you a joke about latency, but you'd only get it later.",
            "My favourite exercise is the pregnant pause.",
        ),
    ),
    (
        _any(r"\b(?:what|how|will|tell|any|is)\b.*\b(?:weather|in the news|latest news|stock price)"),
        _then_ask("I have no connection to the outside, so I can't look that up."),
    ),
    (
        _any(
            r"\b(?:bye|goodbye|good night|take care|see you(?: later| soon| tomorrow)?)$|^(?:bye|goodbye|good night)\b",
            r"\bhave a (?:good|nice|great) (?:day|one|evening|night|weekend)|\btalk (?:to you )?(?:later|soon)$",
            r"\bi (?:have to|need to|must|gotta|should) go\b|\bthat(?:'s| is| will be) all(?: for (?:today|now))?$",
        ),
        _only("Goodbye{name}, it was good talking to you.", "Take care{name}, and see you soon."),
    ),
    (
        _any(r"^(?:\w+ ){0,3}(?:thank you|thanks|thank|thx|appreciate it|appreciate that|cheers)\b"),
        lambda s: (
            _said(s, ("You're welcome{name}.", "My pleasure.", "Any time{name}."))
            + s.vary(" Is there anything else?", " What else can I do for you?")
        ),
    ),
    (
        _any(
            r"^(?:please )?(?:wait|hold on|let me think)\b",
            r"^(?:please )?(?:just |give me )?(?:a|one) (?:moment|second|sec|minute)\b",
        ),
        _only("Of course, take your time.", "No hurry.", "Sure, I'll wait."),
    ),
    (
        _any(r"^(?:please )?(?:stop|be quiet|shut up|enough|quiet)(?: talking| it| that| now| please)*$"),
        _only("All right, I'll stop.", "Okay, I'm listening."),
    ),
    (
        _any(
            r"\blet's (?:start|begin|go|get started|do it|continue)|\b(?:i'm|i am|we're) ready\b|\bready when you are",
            r"\bask me\b|^(?:the )?(?:next|first|another) (?:question|one)|\bstart the (?:interview|session|lesson)",
            r"^(?:please )?(?:go ahead|continue|go on|keep going)$|\bwhere (?:do|should|shall) we (?:start|begin)",
        ),
        _then_ask("Good, let's go.", "All right.", "Gladly."),
    ),
    (
        _any(r"^(?:oh |i'm |i am |so )*sorry\b|\bmy bad$|\bi apologi[sz]e"),
        _then_ask("No problem at all.", "Don't worry about it."),
    ),
    (
        _any(
            r"\byou(?:'re| are) (?:so |very |really |pretty )*(?:great|good|nice|awesome|amazing|smart|funny)",
            r"\byou(?:'re| are) (?:so |very |really )*(?:cool|helpful|sweet|kind|the best)",
            r"^(?:well done|good job|i like you)",
        ),
        _then_ask("That's kind of you.", "Thank you{name}, that's good to hear."),
    ),
    (
        _any(
            r"\byou(?:'re| are) (?:so |very |really )*(?:stupid|dumb|useless|bad|boring|annoying|wrong|slow|broken)",
            r"\bnot (?:very |really )?helpful|\b(?:that's|this is) (?:wrong|stupid|useless|not (?:true|right|what i))",
            r"\bi hate you",
        ),
        lambda s: s.vary(f"I'm sorry I'm not more helpful. {LABEL}", "I'm sorry. Could you put it another way?"),
    ),
    (
        _any(
            rf"\bi(?:'m| am| feel|'ve been| have been)(?: {_VERY})* (?:{_MOODS})\b",
            r"^(?:pretty |very |all |doing )?(?:good|fine|great|not bad|well)(?: thank you| thanks)?(?: and you)?$",
        ),
        smalltalk.feel_with,
    ),
    (
        _any(
            r"^(?:i (?:really |honestly )?(?:don't|do not) know(?: yet)?|no idea|(?:i'm )?not sure|hard to say)$",
            r"^(?:maybe|perhaps|it depends|i can't say)$",
        ),
        _then_ask(
            "That's all right, there is no wrong answer.",
            "That's fine, take your time with it.",
            "Then let's come at it from another side.",
        ),
    ),
    (
        _any(
            r"^(?:yes|yeah|yep|yup|sure|of course|definitely|absolutely|exactly|right|correct|okay|ok|alright|"
            r"all right|fine|great|good|cool|perfect|sounds good|i do|i am|please do|i see|got it|"
            r"makes sense|uh-huh|mhm|true)"
            r"(?: (?:yes|yeah|please|sure|that's right|that's it|of course|okay|i do|i am|it is|definitely))*$"
        ),
        _then_ask("Good.", "All right.", "Great.", "Perfect."),
    ),
    (
        _any(
            r"^(?:no|nope|nah|not really|not at all|never|i don't|i don't think so|nothing|not yet)"
            r"(?: (?:no|thanks|thank you|not really|i don't(?: think so)?|nothing|not yet|it's not|that's all))*$"
        ),
        _then_ask("Okay, no problem.", "I understand.", "That's fine."),
    ),
)
