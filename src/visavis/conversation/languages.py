"""The languages of the contract: full English names and ISO codes (conversations.md)."""

from __future__ import annotations

_NAMES = """english french german spanish portuguese chinese japanese hindi italian korean dutch polish russian
swedish turkish tagalog bulgarian romanian arabic czech greek finnish croatian malay slovak danish tamil ukrainian
hungarian norwegian vietnamese bengali thai hebrew georgian indonesian telugu gujarati kannada malayalam marathi
punjabi""".split()
_CODES = """en fr de es pt zh ja hi it ko nl pl ru sv tr tl bg ro ar cs el fi hr ms sk da ta uk hu no vi bn th he ka id
te gu kn ml mr pa""".split()

LANGUAGES: dict[str, str] = dict(zip(_NAMES, _CODES, strict=True))
"""English name, lower case → ISO 639-1 code."""

MULTILINGUAL = "multilingual"


def language_code(language: str | None) -> str:
    """The code of a language given by name or code (region ignored); English for none, unknown or `multilingual`."""
    wanted = (language or "").strip().lower()
    if wanted in LANGUAGES:
        return LANGUAGES[wanted]
    code = wanted.split("-")[0].split("_")[0]
    return code if code in LANGUAGES.values() else "en"
