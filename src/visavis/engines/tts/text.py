"""What can be said of a text: clean it of everything that is not speech, and cut it into clauses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

LONGEST_CLAUSE = 200
"""Characters. About 13 s of speech: the longest wait for the sound of one clause."""

_REPLACED = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u00ab": '"',
        "\u00bb": '"',
        "\u2026": "...",
        "\u2011": "-",
        "\u2212": "-",
    }
)
_SPOKEN_SYMBOLS = frozenset("°$€£%&+=@#/")
_MARKDOWN = (
    (re.compile(r"^\s*(```|~~~).*$", re.MULTILINE), ""),
    (re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)"), r"\1"),
    (re.compile(r"^\s{0,3}(?:#{1,6}|[-*+\u2022]|>+)\s+", re.MULTILINE), ""),
    (re.compile(r"`+|\*+|~~"), ""),
    (re.compile(r"(?<!\w)_+(?=\S)|(?<=\S)_+(?!\w)"), ""),
)
_TAG = re.compile(r"</?[A-Za-z!?][^<>]*>")
_DASH = re.compile(r"\s*[\u2013\u2014\u2015]+\s*|\s+--+\s+")
_RANGE = re.compile(r"(?<=\d)[\u2013\u2014](?=\d)")
_ABBREVIATION = re.compile(r"(?:\b(?:[A-Za-z]|mr|mrs|ms|dr|prof|st|no|vs|etc|jr|sr|inc|ltd|bzw|ca|nr|sra?)\.)$", re.I)
_SENTENCE_END = re.compile(r"[.!?\u3002\uff01\uff1f]+[\"')\]]*(?:\s+|$)|[\u3002\uff01\uff1f]")
_BREAK = re.compile(r"[;:]\s|,\s|\s")


def speakable(text: str) -> str:
    """Return `text` as a voice should read it, on one line; empty when nothing in it can be said.

    Takes away control characters, tags (SSML, HTML), emoji and what is left of Markdown. Expands nothing.
    """
    text = unicodedata.normalize("NFC", text).translate(_REPLACED)
    text = _TAG.sub(" ", text)
    for pattern, replacement in _MARKDOWN:
        text = pattern.sub(replacement, text)
    text = _DASH.sub(", ", _RANGE.sub("-", text))
    text = "".join(_spoken(character) for character in text)
    text = re.sub(r"\s+([,.!?;:])", r"\1", " ".join(text.split())).strip(" ,;:")
    return text if any(character.isalnum() for character in text) else ""


def _spoken(character: str) -> str:
    if character in "<>{}[]\\|^~":
        return " "
    category = unicodedata.category(character)
    if category[0] in "LNPZ" or category in ("Mn", "Mc") or character in _SPOKEN_SYMBOLS:
        return "" if "\ufe00" <= character <= "\ufe0f" or character == "\u20e3" else character
    # Separators become spaces; what only shapes its neighbours (joiners, soft hyphens) leaves no gap.
    return "" if category == "Cf" else " "


def clauses(text: str, longest: int = LONGEST_CLAUSE) -> Iterator[str]:
    """Yield `speakable` text sentence by sentence; one longer than `longest` comes in pieces."""
    start = 0
    for end in _SENTENCE_END.finditer(text):
        if _ABBREVIATION.search(text[: end.end()].rstrip()) and end.end() < len(text):
            continue
        yield from _pieces(text[start : end.end()].strip(), longest)
        start = end.end()
    yield from _pieces(text[start:].strip(), longest)


def _pieces(sentence: str, longest: int) -> Iterator[str]:
    while len(sentence) > longest:
        breaks = [match.end() for match in _BREAK.finditer(sentence, longest // 3, longest)]
        punctuated = [end for end in breaks if sentence[end - 2] in ",;:"]
        cut = (punctuated or breaks or [longest])[-1]
        yield sentence[:cut].strip()
        sentence = sentence[cut:].strip()
    if any(character.isalnum() for character in sentence):
        yield sentence
