"""The talk so far, as the responder needs it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from visavis.engines.llm.responder.phrasing import plain, sentences
from visavis.engines.ports import Message

_TAGGED = re.compile(r"<(\w+)>.*?</\1>", re.DOTALL)
_NOT_NAMES = frozenset(
    (
        "a able about afraid all also always an and angry anxious at back bored busy calling confused curious "
        "currently doing done excited feeling fine from glad going good great happy having here hungry i in interested "
        "just late learning listening looking lost married nervous new no not now ok okay on overwhelmed planning "
        "pretty proud ready really sad scared single so sorry still stressed struggling stuck super sure talking "
        "the thinking tired to too trying unhappy unsure upset very well wondering working worried wrong yes you your"
    ).split()
)
_NAMED = re.compile(
    r"(?i)\b(?:my name is|my name's|name's|call me|i go by)\s+([^\W\d_][\w'’-]*(?:\s(?=[A-Z])[^\W\d_][\w'’-]*)?)"
)
_I_AM = re.compile(r"(?:\bI am|\bI['’]m|\b[Tt]his is)\s+([A-Z][\w'’-]+)(?=\s*(?:[.,!?]|$|and\b|from\b))")


@dataclass(frozen=True, slots=True)
class Talk:
    """`user` holds what the person said, oldest first, without the present turn `now`; `mine` the replies."""

    now: str
    user: tuple[str, ...]
    mine: tuple[str, ...]

    @classmethod
    def of(cls, messages: Sequence[Message]) -> Talk:
        said = [_TAGGED.sub("", message.content).strip() for message in messages if message.role == "user"]
        mine = tuple(message.content for message in messages if message.role == "assistant" and message.content.strip())
        now = said.pop() if messages and messages[-1].role == "user" else ""
        return cls(now, tuple(said), mine)

    @property
    def last_reply(self) -> str:
        return self.mine[-1].strip() if self.mine else ""

    @property
    def just_said(self) -> frozenset[str]:
        """The sentences of the last reply, for comparing."""
        return frozenset(plain(sentence) for sentence in sentences(self.last_reply))

    def name(self) -> str:
        """What the person wants to be called, or nothing."""
        return next((found for turn in (self.now, *reversed(self.user)) if (found := given_name(turn))), "")


def given_name(text: str) -> str:
    """The name that somebody introduces themselves with in `text`, or nothing."""
    for pattern in (_NAMED, _I_AM):
        found = pattern.search(text)
        if found and found[1].lower() not in _NOT_NAMES:
            return found[1][:1].upper() + found[1][1:]
    return ""
