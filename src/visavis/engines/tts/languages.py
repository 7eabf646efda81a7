"""Languages as personas name them (`en`, `en-GB`, `english`), as codes."""

from __future__ import annotations

import re

CODES = {
    "arabic": "ar",
    "bulgarian": "bg",
    "chinese": "zh",
    "croatian": "hr",
    "czech": "cs",
    "danish": "da",
    "dutch": "nl",
    "english": "en",
    "finnish": "fi",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "hindi": "hi",
    "hungarian": "hu",
    "indonesian": "id",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "malay": "ms",
    "norwegian": "nb",
    "polish": "pl",
    "portuguese": "pt",
    "romanian": "ro",
    "russian": "ru",
    "slovak": "sk",
    "spanish": "es",
    "swedish": "sv",
    "tamil": "ta",
    "turkish": "tr",
    "ukrainian": "uk",
    "vietnamese": "vi",
}


def language_code(language: str) -> str:
    """Return a lower-case code such as `en` or `en-gb`. English for nothing, `multilingual` and unknown words."""
    name = language.strip().lower().replace("_", "-")
    if name in CODES:
        return CODES[name]
    return name if re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", name) else "en"
