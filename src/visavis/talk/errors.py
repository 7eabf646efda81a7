"""What can go wrong between a client and a server; `str(error)` is a sentence for the person at the terminal."""

from __future__ import annotations


class TalkError(Exception):
    """The conversation cannot go on, or not as asked."""


class ServerUnreachable(TalkError):
    """Nothing answers at the address."""


class KeyRefused(TalkError):
    """The server does not accept the API key."""


class Refused(TalkError):
    """The server answered with an error; the sentence is the server's own."""


class NoMediaPath(TalkError):
    """The server answered the offer, but no sound or picture can travel."""


class NoAnswer(TalkError):
    """The replica did not begin to speak in time."""


class CallOver(TalkError):
    """The conversation ended, or the connection was lost, while something was expected of it."""
