"""What the model is told before the talk: the persona, the context of this call, how to speak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CONTEXT_LIMIT = 100_000
"""Characters of context kept; the oldest appended piece goes first."""

STYLE_HEADING = "How to speak:"
"""Begins the paragraph of instructions that is about form only; the built-in responder leaves it out."""

_STYLE = (
    f"{STYLE_HEADING} This is a live video call and everything you write is spoken aloud. Answer in one to three short "
    "sentences of plain spoken language, without markdown, lists, emoji or stage directions. What the person says "
    "comes from speech recognition and may hold mistakes; ask when something matters and is unclear."
)

# The languages of the contract (conversations.md), code → name.
LANGUAGES: Mapping[str, str] = {
    code: name.capitalize()
    for code, name in zip(
        (
            "en fr de es pt zh ja hi it ko nl pl ru sv tr tl bg ro ar cs el fi hr ms sk da ta uk hu no vi bn th he ka "
            "id te gu kn ml mr pa"
        ).split(),
        (
            "english french german spanish portuguese chinese japanese hindi italian korean dutch polish russian "
            "swedish turkish tagalog bulgarian romanian arabic czech greek finnish croatian malay slovak danish tamil "
            "ukrainian hungarian norwegian vietnamese bengali thai hebrew georgian indonesian telugu gujarati kannada "
            "malayalam marathi punjabi"
        ).split(),
        strict=True,
    )
}


def language_line(language: str) -> str:
    """The instruction for `language`: an English name or a code of the contract, or `multilingual`."""
    wanted = language.strip().lower()
    if wanted == "multilingual":
        return "Answer in the language the person speaks."
    name = LANGUAGES.get(wanted.split("-")[0]) or (wanted.capitalize() if wanted.isalpha() else "English")
    return f"Speak {name}."


class Context:
    """The system message of a call, as `conversation.append_llm_context` and `…overwrite_llm_context` change it."""

    def __init__(
        self,
        *,
        persona: Mapping[str, Any],
        persona_name: str = "",
        conversational_context: str = "",
        language: str = "english",
    ) -> None:
        self._prompt = str(persona.get("system_prompt") or "").strip()
        if not self._prompt:
            self._prompt = f"You are {persona_name or 'a friendly person'} in a video call."
        self._persona_context = str(persona.get("context") or "").strip()
        self._language = language
        self._pieces = [conversational_context.strip()[:CONTEXT_LIMIT]] if conversational_context.strip() else []

    def append(self, text: str) -> None:
        """Add to the context of this call; blank text changes nothing."""
        piece = text.strip()[:CONTEXT_LIMIT]
        if not piece:
            return
        self._pieces.append(piece)
        while sum(map(len, self._pieces)) > CONTEXT_LIMIT:
            # What was appended goes before what the call was created with.
            del self._pieces[1 if len(self._pieces) > 2 else 0]

    def overwrite(self, text: str) -> None:
        """Replace the context of this call; the persona's own prompt stays."""
        self._pieces = []
        self.append(text)

    @property
    def conversational(self) -> str:
        """The context of this call as it now stands."""
        return "\n\n".join(self._pieces)

    def system_message(self) -> str:
        """One message: many chat templates of local models take no second one."""
        parts = [self._prompt, self._persona_context, self.conversational, f"{_STYLE} {language_line(self._language)}"]
        return "\n\n".join(part for part in parts if part)
