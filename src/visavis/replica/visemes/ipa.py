"""Which mouths an IPA symbol asks for, in order.

The classes follow the articulation columns of the IPA chart (International Phonetic Association, 2020): what is made
with the lips decides first, then lip shape and openness for vowels, then the place of the tongue.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from .targets import VOWELS, Viseme


class Sound(NamedTuple):
    """One mouth of a symbol. `strength` scales the target (reduced vowels open less), `weight` is its share of time.

    A `transparent` sound has no mouth of its own and borrows its neighbour's (h, the glottal stop).
    """

    viseme: Viseme
    strength: float = 1.0
    weight: float = 1.0
    transparent: bool = False


_CLASSES: dict[Viseme, str] = {
    "PP": "p b m ʙ ɓ ʘ ƥ",
    "FF": "f v ʋ ɱ ɸ β ⱱ",
    "TH": "θ ð",
    "DD": "t d n l ɾ ɬ ɫ ɮ ʈ ɖ ɳ ɭ ɺ ɗ ᶑ ɲ ʎ ǀ ǃ ǂ ǁ",
    "kk": "k g ɡ ŋ x ɣ q ɢ ɴ χ ʁ ʀ ħ ʕ ʜ ʢ ʡ ɠ ʛ ç c ɟ ʝ ʄ ʟ",
    "CH": "ʃ ʒ ɕ ʑ ʂ ʐ ɧ tʃ dʒ tɕ dʑ tʂ dʐ ʈʂ ɖʐ ʧ ʤ ʨ ʥ",
    "SS": "s z ts dz ʦ ʣ",
    "RR": "ɹ r ɻ ɽ ɚ ɝ ɜ ɞ ɿ ʅ ˞",
    "aa": "a ɑ ʌ æ ɐ ɒ ɶ",
    "E": "e ɛ ə ɘ ᵊ œ ø",
    "ih": "i ɪ j ɨ ᵻ",
    "oh": "o ɔ ɤ ɵ",
    "ou": "u ʊ w ʍ y ʏ ɯ ɥ ɰ ʉ ᵿ ʷ",
}
_SYMBOLS: dict[str, Viseme] = {symbol: name for name, listed in _CLASSES.items() for symbol in listed.split()}

# Unstressed and lax vowels do not reach the full opening of their class.
_STRENGTH = {"ə": 0.6, "ᵊ": 0.4, "ɐ": 0.65, "ɘ": 0.7, "ᵻ": 0.7, "ɨ": 0.8, "ʌ": 0.85, "ɪ": 0.85, "j": 0.9, "ʷ": 0.6}
_TRANSPARENT = frozenset("hɦʔ")

_LANGUAGE_SWITCH = re.compile(r"\([a-z-]+\)")
"""How espeak-ng marks a word of another language."""

PAUSES = frozenset({"", "_", "_:", "#", "|", "‖", "sil", "pau", "sp"})
"""Symbols that engines use for a pause."""


def sounds(symbol: str) -> tuple[Sound, ...]:
    """Return the mouths of `symbol` in order; empty for a pause or a bare mark.

    Affricates are one mouth, diphthongs and clusters one per element. Length, stress, tone and tie marks are ignored.
    A letter that is not in the chart gets the class of the letter it derives from, else a half-open neutral mouth.
    """
    return _sounds(symbol)


@lru_cache(maxsize=4096)
def _sounds(symbol: str) -> tuple[Sound, ...]:
    symbol = _LANGUAGE_SWITCH.sub("", symbol).strip()
    if symbol in PAUSES:
        return ()
    letters = [c for c in unicodedata.normalize("NFD", symbol) if c in _SYMBOLS or not _is_mark(c)]
    found: list[Sound] = []
    at = 0
    while at < len(letters):
        pair = "".join(letters[at : at + 2])
        size = 2 if len(pair) == 2 and pair in _SYMBOLS else 1
        sound = _sound(pair if size == 2 else letters[at])
        # A doubled or lengthened class is one mouth held longer, not two.
        if not (found and found[-1].viseme == sound.viseme and found[-1].transparent == sound.transparent):
            found.append(sound)
        at += size
    return _shared_out(found)


def _is_mark(character: str) -> bool:
    """Stress, length, tone, ties and diacritics: everything that is not a letter, and superscript letters."""
    return unicodedata.category(character) not in {"Lu", "Ll", "Lo"}


def _sound(letter: str) -> Sound:
    if letter in _TRANSPARENT:
        return Sound("kk", 0.6, transparent=True)
    viseme = _SYMBOLS.get(letter)
    if viseme is None:
        viseme = _nearest(letter)
    return Sound(viseme, _STRENGTH.get(letter, 1.0))


def _nearest(letter: str) -> Viseme:
    """The class of the Latin letter that `letter` is a variant of, by its Unicode name ("… LETTER B WITH …")."""
    words = unicodedata.name(letter, "").split()
    for base in (word.lower() for word in words if len(word) == 1):
        if base in _SYMBOLS:
            return _SYMBOLS[base]
    return "E"


def _shared_out(found: list[Sound]) -> tuple[Sound, ...]:
    """Share a symbol's time: in a diphthong the first vowel takes the larger part, the glide the rest."""
    vowels = [sound.viseme in VOWELS for sound in found]
    if len(found) < 2 or not all(vowels):
        return tuple(found)
    return (found[0]._replace(weight=1.4), *found[1:])
