"""English just far enough: sentences, word stems, and turning "you" into "I"."""

from __future__ import annotations

import re
from collections.abc import Callable

_SENTENCE_END = re.compile(
    r"(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\be\.g)(?<!\bi\.e)(?<=[.!?])[\"”')]*\s+(?=[\"“(]?[A-Z0-9])|\n+"
)
_BULLET = re.compile(r"^\s*(?:[-*•+#>]+|\d{1,2}[.)])\s+")

_STOP_WORDS = frozenset(
    (
        "a about am an and any are as at be been but by can could did do does for from get give had has have he her "
        "hers him his how i if in into is it its just know let like me mine my of on or our ours please really she "
        "should so some something tell than that the their them then there these they thing this those to us very was "
        "we were what when where which who whom whose why will with would you your yours yourself explain describe "
        "talk say more want need okay well also one"
    ).split()
)

# Different words for the same thing, in the form that questions and prompts use them.
_SAME = {
    word: group.split()[0]
    for group in (
        "price prices pricing cost costs expensive charge charges fee fees cheap",
        "open opens opening hours hour close closes closed closing",
        "location located based address office offices",
        "contact phone email reach call number",
        "refund refunds return returns returned",
        "ship shipping ships deliver delivery delivers",
        "company business firm organization organisation",
        "product products sell sells offer offers",
        "job jobs role position work works working worked employer career",
        "founded started founder created established",
        "buy purchase order orders",
        "employees people staff team",
    )
    for word in group.split()
}


def sentences(text: str) -> list[str]:
    """The sentences of a prose text; a line is a sentence too."""
    parts = (_BULLET.sub("", part).strip() for part in _SENTENCE_END.split(text))
    return [part for part in parts if part]


def plain(text: str) -> str:
    """Lower case words with single spaces, for comparing and matching."""
    return " ".join(re.findall(r"[\w'+*/=%.-]*\w", text.lower().replace("’", "'")))


def stems(text: str) -> list[str]:
    """Content words in a common form."""
    words = re.findall(r"[a-z0-9$€£]+", re.sub(r"['’]\w+", "", text.lower()))
    return [_stem(word) for word in words if word not in _STOP_WORDS]


def _stem(word: str) -> str:
    word = _SAME.get(word, word)
    for ending in (
        "ations",
        "ation",
        "ments",
        "ment",
        "ings",
        "ing",
        "ies",
        "ied",
        "ers",
        "ed",
        "es",
        "er",
        "ly",
        "s",
        "y",
        "e",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def ended(text: str) -> str:
    """The text as a sentence that ends."""
    text = text.strip().rstrip(",;:").strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


_Replacement = str | Callable[[re.Match[str]], str]
_SUBJECT_BEFORE = "and but that when if because while as so where what how once then or until whenever whether".split()


def _subject_or_object(subject: str, object_: str) -> Callable[[re.Match[str]], str]:
    def choose(match: re.Match[str]) -> str:
        before = match.string[: match.start()].rstrip()
        after = match.string[match.end() :]
        last = re.findall(r"\w+", before)[-1:] or [""]
        opens = not before or before[-1] in ",;:.!?(" or last[0].lower() in _SUBJECT_BEFORE
        return subject if opens and re.match(r"\s+\w", after) else object_

    return choose


class _Turner:
    """Replaces by all rules in one pass: a word that was turned must not be turned back."""

    def __init__(self, *rules: tuple[str, _Replacement]) -> None:
        alternatives = "|".join(f"({pattern})" for pattern, _ in rules)
        self._pattern = re.compile(rf"(?<![\w'’])(?:{alternatives})\b(?!['’]\w)", re.IGNORECASE)
        self._replacements = tuple(replacement for _, replacement in rules)

    def __call__(self, text: str) -> str:
        return self._pattern.sub(self._replaced, text)

    def _replaced(self, match: re.Match[str]) -> str:
        replacement = self._replacements[(match.lastindex or 1) - 1]
        return replacement if isinstance(replacement, str) else replacement(match)


_to_first = _Turner(
    (r"you(?: are|['’]re)", "I'm"),
    (r"are you", "am I"),
    (r"you were", "I was"),
    (r"you(?: have|['’]ve)(?= (?:been|worked|helped|spent|had))", "I've"),
    (r"you['’]ve", "I've"),
    (r"you['’]ll", "I'll"),
    (r"yourself", "myself"),
    (r"yours", "mine"),
    (r"your", "my"),
    (r"you", _subject_or_object("I", "me")),
)
_to_second = _Turner(
    (r"i(?: am|['’]m)", "you're"),
    (r"i was", "you were"),
    (r"i['’]ve", "you've"),
    (r"i['’]ll", "you'll"),
    (r"i['’]d", "you'd"),
    (r"am i", "are you"),
    (r"was i", "were you"),
    (r"myself", "yourself"),
    (r"mine", "yours"),
    (r"my", "your"),
    (r"(?:i|me|we|us)", "you"),
    (r"we['’]re", "you're"),
    (r"our", "your"),
    (r"ours", "yours"),
    (r"you(?: are|['’]re)", "I'm"),
    (r"yourself", "myself"),
    (r"yours", "mine"),
    (r"your", "my"),
    (r"you", _subject_or_object("I", "me")),
)


_LISTENER = (
    r"(?:the|a|each|every) "
    r"(?:user|candidate|customer|client|participant|prospect|caller|visitor|student|patient|learner)"
)
_LISTENER_S = re.compile(rf"\b{_LISTENER}['’]s\b", re.IGNORECASE)
_LISTENER_OBJECT = re.compile(
    rf"\b{_LISTENER}\b(?!['’])(?!\s+(?!as\b|across\b|towards\b|is\b|has\b|was\b)\w+s\b)", re.IGNORECASE
)


def first_person(text: str) -> str:
    """Say in the first person what a prompt says to "you"; its user or candidate becomes the listener."""
    turned = _to_first(text)
    listening = _LISTENER_OBJECT.sub("\0", _LISTENER_S.sub("\0r", turned))
    if "\0" in listening:
        for old, new in (
            ("their", "your"),
            ("them", "you"),
            ("they're", "you're"),
            ("they", "you"),
            ("theirs", "yours"),
        ):
            listening = re.sub(rf"\b{old}\b", new, listening)
        listening = re.sub(r"\0 is\b", "you are", listening)
        listening = re.sub(r"\0 has\b", "you have", listening)
    return capital(listening.replace("\0", "you"))


def second_person(text: str) -> str:
    """Say back to a person what they said of themselves."""
    return _to_second(text)
