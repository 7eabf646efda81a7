"""What a transport tells a call, and what a call tells a transport."""

from __future__ import annotations

from typing import Protocol

from visavis.conversation.media.stage import Viewer
from visavis.engines.ports import Pcm


class Participant(Viewer, Protocol):
    """A person connected to a call."""

    id: str
    name: str

    def send(self, message: str) -> None:
        """Queue one JSON message for the person's data channel; never blocks."""
        ...

    async def close(self) -> None: ...


class ParticipantEvents(Protocol):
    """The call's side. All are called on the event loop and must return at once."""

    def on_ready(self, participant: Participant) -> None:
        """Media flows both ways."""
        ...

    def on_open(self, participant: Participant) -> None:
        """The data channel is open."""
        ...

    def on_audio(self, participant: Participant, audio: Pcm) -> None:
        """Sound from the person: mono int16, 16 kHz, any length."""
        ...

    def on_message(self, participant: Participant, message: str) -> None: ...

    def on_lost(self, participant: Participant) -> None:
        """The connection is gone, whether closed or broken. Called once."""
        ...
