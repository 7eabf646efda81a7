"""Both sides' words on a terminal, as they come; plain lines where the output is not a terminal."""

from __future__ import annotations

import shutil
from typing import TextIO

from .replies import Event

NAMES = {"user": "you", "replica": "replica"}
CLEAR = "\r\x1b[K"


class Console:
    """Writes to `out`. Hand it every event of the call (`note`)."""

    def __init__(self, out: TextIO, *, quiet: bool = False) -> None:
        self._out = out
        self._quiet = quiet
        self._live = not quiet and out.isatty()
        self._open = False

    def note(self, event: Event) -> None:
        role = str(event.properties.get("role") or "")
        speech = str(event.properties.get("speech") or "")
        if event.type == "conversation.utterance.streaming" and self._live and speech and role in NAMES:
            self._rewrite(f"{NAMES[role]}: {speech}")
        elif event.type == "conversation.utterance" and role in NAMES:
            cut = " …(interrupted)" if event.properties.get("interrupted") else ""
            self.line(f"{NAMES[role]}: {speech}{cut}")
        elif event.type == "room.notice":
            self.line(f"note: {event.properties.get('text', '')}")
        elif event.type == "room.engines":
            self._engines(event)

    def _engines(self, event: Event) -> None:
        engines = event.properties
        self.line("  ".join(f"{kind}: {engines[kind]}" for kind in ("stt", "llm", "tts") if engines.get(kind)))
        for note in engines.get("notes") or []:
            self.line(f"note: {note}")

    def _rewrite(self, text: str) -> None:
        """Show a line that still grows; of a long one its end, since a wrapped line cannot be taken back."""
        room = shutil.get_terminal_size().columns - 1
        self._out.write(CLEAR + (text if len(text) <= room else f"…{text[1 - room :]}"))
        self._out.flush()
        self._open = True

    def line(self, text: str) -> None:
        if self._quiet:
            return
        self._out.write(f"{CLEAR if self._open else ''}{text}\n")
        self._out.flush()
        self._open = False
