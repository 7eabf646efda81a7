"""What a persona's prompt and context say, sorted by what can be done with it in a talk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from visavis.engines.llm.responder.phrasing import capital, ended, first_person, sentences, stems

# The heading that the brain puts before instructions about form, and tags and headings of other system messages.
_FORM = re.compile(r"(?:^|\n)How to speak:.*?(?=\n\s*\n|\Z)", re.DOTALL)
_TAGGED = re.compile(r"<(\w+)>.*?</\1>", re.DOTALL)
_LISTING = re.compile(r"(?m)^(?:Document name:.*|Information from documents:?)$")

_PROHIBITION = re.compile(
    r"(?i)\b(?:never|do not|don't|must not|mustn't|should not|shouldn't|avoid|refrain|not allowed|confidential|"
    r"secret)\b"
)
_FORM_ONLY = re.compile(
    r"(?i)^(?:always|keep|be |use |respond|reply|answer|speak|remember|make sure|ensure|start|begin|end |maintain|stay|"
    r"limit|if |when |once |you (?:must|should|will|can only)|please|your (?:tone|style|responses|answers)|pretend|"
    r"adopt|wait|only |qualify |after |before |follow|act naturally|sound|tone|style|try )"
)
_ACTIONS = (
    "help guide ask teach explain support coach provide offer answer schedule book discuss give share assist "
    "encourage lead walk show conduct prepare practice practise review suggest recommend explore find identify collect "
    "gather understand train advise listen welcome greet introduce demonstrate sell pitch motivate inspire translate "
    "summarize summarise evaluate assess tell play simulate challenge uncover learn invite"
).split()
_IDENTITY = re.compile(
    r"(?i)^(?:as (?:an?|the) [^,.]{2,60}, )?you(?: are|['’]re)\b|^(?:act|serve) as\b|^assume the role of\b"
)
_AS_A = re.compile(r"(?i)^as (an? [^,.]{2,60}|the [^,.]{2,60}), (?=you)")
_ACT_AS = re.compile(r"(?i)^(?:act|serve) as|^assume the role of")
_PURPOSE = re.compile(
    r"(?i)^your (?:\w+ )?(?:goal|job|aim|task|role|mission|purpose|objective|work)s? (?:is|are|here is) (?:to )?"
)
_NAME = (
    re.compile(r"\b(?:[Yy]our name is|[Yy]ou are called|[Yy]ou go by|named|called)\s+([A-Z][\w'’-]+)"),
    re.compile(r"\b[Yy]ou(?: are|['’]re)\s+([A-Z][a-z'’-]+)(?=,| from| at| and | —| -|\.|\s+the\b|\s+an?\b)"),
)
_QUOTED_QUESTION = re.compile(r"[\"“]([^\"“”]{8,160}\?)[\"”]")
_LONGEST = 240


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing the persona may say. `instruction` marks what it was told not to talk about."""

    spoken: str
    stems: frozenset[str]
    forbidden: bool = False


@dataclass(frozen=True, slots=True)
class Persona:
    """`about` and `abilities` are sentences in the first person; `questions` are ones it was told to ask."""

    name: str
    about: tuple[str, ...]
    abilities: tuple[str, ...]
    questions: tuple[str, ...]
    facts: tuple[Fact, ...]
    kind: str


_KINDS = (
    ("sales_coach", r"sales (?:coach|train|mentor)|coach\w* .{0,40}\bsales|practi[cs]e .{0,30}(?:pitch|sales)"),
    ("interviewer", r"\binterview|\brecruit|\bhiring\b|\bcandidate"),
    ("sales", r"\bsdr\b|\bsales|\bprospect|\bqualify"),
    (
        "support",
        r"\bcustomer (?:support|service|success)|\bhelp ?desk|\btroubleshoot|"
        r"\bsupport (?:agent|specialist|representative)",
    ),
    ("health", r"\bdoctor\b|\bnurse\b|\bpatient|\btherap|\bclinic|\bhealthcare|\bmedical"),
    ("coach", r"\bcoach|\bmentor|\bwellness|\bmotivat"),
    ("teacher", r"\bteacher|\btutor|\bprofessor|\bteach|\bstudent|\blearn"),
)


@lru_cache(maxsize=64)
def read(system: str) -> Persona:
    """Sort the sentences of the system messages."""
    text = _LISTING.sub("", _TAGGED.sub("", _FORM.sub("", system)))
    about: list[str] = []
    abilities: list[str] = []
    questions = [found.strip() for found in _QUOTED_QUESTION.findall(text)]
    facts: list[Fact] = []
    for sentence in sentences(_QUOTED_QUESTION.sub("", text)):
        if len(sentence.split()) < 2 or sentence.endswith(":"):
            continue
        if sentence.endswith("?"):
            questions.append(re.sub(r"^(?:[Aa]sk(?: them| the \w+)?:?\s+)", "", sentence).strip('"“” '))
            continue
        if _PROHIBITION.search(sentence) and not _IDENTITY.match(sentence):
            facts.append(Fact(sentence, frozenset(stems(sentence)), forbidden=True))
            continue
        spoken = _ability(sentence)
        if spoken is not None:
            abilities.append(spoken)
        elif _IDENTITY.match(sentence):
            spoken = _identity(sentence)
            about.append(spoken)
        elif _FORM_ONLY.match(sentence):
            continue
        else:
            spoken = ended(first_person(sentence))
            if re.match(r"(?i)you(?:r|['’]ve)?\b", sentence):
                about.append(spoken)
        facts.append(Fact(spoken[:_LONGEST], frozenset(stems(spoken))))
    if not abilities:
        abilities = [doing for sentence in about if (doing := _doing(sentence))]
    described = " ".join(about + abilities) or text[:400]
    return Persona(
        name=next((found[1] for pattern in _NAME if (found := pattern.search(text))), ""),
        about=tuple(about),
        abilities=tuple(abilities),
        questions=tuple(dict.fromkeys(capital(question) for question in questions if len(question) > 7)),
        facts=tuple(facts),
        kind=next((kind for kind, words in _KINDS if re.search(words, described, re.IGNORECASE)), "general"),
    )


def _ability(sentence: str) -> str | None:
    """ "Your goal is to help …", "Ask the candidate …", "You help …" as something to offer, else None."""
    purpose = _PURPOSE.match(sentence)
    if purpose:
        rest = sentence[purpose.end() :]
        verb = re.match(r"(\w+)", rest)
        if verb and verb[1].lower() in _ACTIONS:
            return ended(f"I can {_lower(first_person(rest))}")
        return ended(first_person(sentence))
    verb = re.match(r"(?:[Yy]ou (?:(?:can|will) )?)?(?:\w+ly )?(\w+)", sentence)
    if verb is None or verb[1].lower() not in _ACTIONS:
        return None
    rest = re.sub(r"^[Yy]ou (?:(?:can|will) )?", "", sentence)
    return ended(f"I can {_lower(first_person(rest))}")


def _doing(about: str) -> str | None:
    """ "I'm a coach who helps people …" as "I help people …", else None."""
    found = re.search(r"\b(?:who|that) (?:\w+ly )?([a-z]{2,}s) (\w.*)$", about)
    if found is None or found[1] in ("is", "has", "was", "does", "always"):
        return None
    verb = re.sub(r"ies$", "y", found[1])
    verb = re.sub(r"(?<=ch|sh|ss)es$|(?<=[xz])es$(?<!izes)|s$", "", verb) if verb == found[1] else verb
    return ended(f"I {verb} {found[2]}")


def _identity(sentence: str) -> str:
    role = _AS_A.match(sentence)
    body = sentence[role.end() :] if role else _ACT_AS.sub("You are", sentence)
    if role is None:
        return ended(first_person(capital(body)))
    described = re.match(r"(?i)you(?: are|['’]re) (?=(?:an?|the)\b)", body)
    if described:
        return ended(f"I'm {role[1]}, {_lower(first_person(body[described.end() :]))}")
    return f"I'm {role[1]}. {ended(first_person(capital(body)))}"


def _lower(text: str) -> str:
    return text if re.match(r"I\b|I'", text) else text[:1].lower() + text[1:]
