"""Why a participant cannot take part. Each `str()` is a sentence for that person."""


class CallError(Exception):
    """A participant's request could not be met."""


class CallNotFound(CallError):
    """No call of that id runs here."""


class CallEnded(CallError):
    """The conversation is over."""


class CallFull(CallError):
    """`max_participants` are present already (the replica counts as one)."""


class BadOffer(CallError):
    """The participant's media description cannot be used."""
