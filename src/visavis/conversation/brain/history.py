"""What was said in a call: the person's turns, and of the replica's turns the part that was heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from visavis.engines.ports import Message, ToolCall

MAX_MESSAGES = 60
MAX_CHARACTERS = 100_000
_LONGEST_MESSAGE = MAX_CHARACTERS // 2


@dataclass(slots=True)
class _Entry:
    role: str
    text: str = ""
    inference_id: str = ""
    interrupted: bool = False
    open: bool = False
    tool_calls: list[ToolCall] = field(default_factory=list)
    tool_call_id: str = ""


class History:
    """Grows turn by turn and stays within its bounds; the oldest whole turns are dropped.

    A reply enters by `begin_reply`, grows by `spoken` as its clauses are heard, and is closed by `finish`. Words of a
    reply that was never heard do not exist here. Several replies may be open, since one is thought over while another
    is still being spoken; without an id the latest is meant.
    """

    def __init__(self, *, max_messages: int = MAX_MESSAGES, max_characters: int = MAX_CHARACTERS) -> None:
        self._max_messages = max_messages
        self._max_characters = max_characters
        self._entries: list[_Entry] = []

    def user(self, text: str) -> None:
        """Add a finished turn of the person; blank text is no turn."""
        text = text.strip()[:_LONGEST_MESSAGE]
        if text:
            self._entries.append(_Entry("user", text))
            self._bound()

    def retract_user(self) -> str | None:
        """Take back the last turn of the person while nothing of an answer to it was heard.

        Returns its text, for a turn that ended too early and now goes on, or None when it was answered.
        """
        while self._entries and self._entries[-1].role == "assistant" and not self._entries[-1].text.strip():
            if self._entries[-1].tool_calls:
                return None
            self._entries.pop()
        if self._entries and self._entries[-1].role == "user":
            return self._entries.pop().text
        return None

    def continue_user(self, text: str) -> str:
        """Merge `text` with the last unanswered turn, or add it as a turn of its own; returns the whole turn."""
        earlier = self.retract_user()
        merged = f"{earlier} {text.strip()}".strip() if earlier else text.strip()
        self.user(merged)
        return merged

    def begin_reply(self, inference_id: str) -> None:
        """Open the entry of a reply."""
        self._entries.append(_Entry("assistant", inference_id=inference_id, open=True))
        self._bound()

    def spoken(self, text: str, inference_id: str | None = None) -> None:
        """Add words that were heard; those of a reply that is not open (any more) are dropped."""
        entry = self._open_entry(inference_id)
        if entry is not None and len(entry.text) < _LONGEST_MESSAGE:
            glue = " " if entry.text and text and not entry.text[-1].isspace() and _needs_space(text) else ""
            entry.text += glue + text

    def tool_call(self, call: ToolCall) -> None:
        """Note a tool call of the open reply; it is told to the model once its result is there."""
        entry = self._open_entry(None)
        if entry is not None:
            entry.tool_calls.append(call)

    def tool_result(self, tool_call_id: str, output: str) -> bool:
        """Add the result of a noted call; False for a call that is unknown (or long forgotten)."""
        for index, entry in enumerate(self._entries):
            if any(call.id == tool_call_id for call in entry.tool_calls):
                self._entries.insert(index + 1, _Entry("tool", output[:_LONGEST_MESSAGE], tool_call_id=tool_call_id))
                self._bound()
                return True
        return False

    def finish(self, *, interrupted: bool, inference_id: str | None = None) -> None:
        """Close the open reply; one without a heard word or a tool call disappears."""
        entry = self._open_entry(inference_id)
        if entry is None:
            return
        entry.open, entry.interrupted = False, interrupted
        entry.text = entry.text.strip()
        if not entry.text and not entry.tool_calls:
            self._entries.remove(entry)
        self._bound()

    def said(self, text: str) -> None:
        """Add a whole utterance of the replica that no model wrote: a greeting, an echo.

        It stands before a reply that is being thought over meanwhile, and before the turn which that answers.
        """
        text = text.strip()[:_LONGEST_MESSAGE]
        if not text:
            return
        at = next((i for i, entry in enumerate(self._entries) if entry.open and not entry.text), len(self._entries))
        if at < len(self._entries) and at and self._entries[at - 1].role == "user":
            at -= 1
        self._entries.insert(at, _Entry("assistant", text))
        self._bound()

    def messages(self) -> list[Message]:
        """The talk in the chat vocabulary.

        Tool calls appear with their results only, results with their calls only. Turns of one side that follow each
        other are one message, since many chat templates insist on alternation.
        """
        answered = {entry.tool_call_id for entry in self._entries if entry.role == "tool"}
        messages: list[Message] = []
        for entry in self._entries:
            if entry.role == "tool":
                messages.append(Message("tool", entry.text, tool_call_id=entry.tool_call_id))
                continue
            calls = tuple(call for call in entry.tool_calls if call.id in answered)
            text = entry.text.strip()
            last = messages[-1] if messages else None
            if calls:
                messages.append(Message("assistant", text, tool_calls=calls))
            elif text and last is not None and last.role == entry.role and not last.tool_calls:
                messages[-1] = Message(last.role, f"{last.content}\n{text}")
            elif text:
                messages.append(Message("user" if entry.role == "user" else "assistant", text))
        return messages

    def last_reply(self) -> str:
        """The replica's latest heard words."""
        return next((e.text.strip() for e in reversed(self._entries) if e.role == "assistant" and e.text.strip()), "")

    def _open_entry(self, inference_id: str | None) -> _Entry | None:
        return next(
            (
                entry
                for entry in reversed(self._entries)
                if entry.open and (inference_id is None or entry.inference_id == inference_id)
            ),
            None,
        )

    def _bound(self) -> None:
        while len(self._entries) > 1 and not _fits(self._entries, self._max_messages, self._max_characters):
            turn = next((i for i, entry in enumerate(self._entries) if i and entry.role == "user"), 0)
            if not turn:
                return
            del self._entries[:turn]


def _fits(entries: Sequence[_Entry], messages: int, characters: int) -> bool:
    size = sum(len(entry.text) + sum(len(call.arguments) for call in entry.tool_calls) for entry in entries)
    return len(entries) <= messages and size <= characters


def _needs_space(text: str) -> bool:
    """Clauses carry their leading space; words from elsewhere (an echo in pieces) may not."""
    return text[0].isascii() and text[0].isalnum()
