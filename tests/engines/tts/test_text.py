"""What reaches a voice can be said, whatever was written."""

from __future__ import annotations

import pytest

from visavis.engines.tts.languages import language_code
from visavis.engines.tts.text import LONGEST_CLAUSE, clauses, speakable


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Hello there.", "Hello there."),
        ("  Two\n lines\t here ", "Two lines here"),
        ("Nul\0 and bell\a.", "Nul and bell."),
        ("Soft\u00adhyphen, zero\u200bwidth", "Softhyphen, zerowidth"),
        ("\udcff broken", "broken"),
        ("Great 😀👍🏽 news 👩‍👩‍👧 ☎️!", "Great news!"),
        ("Flag 🇩🇪 keycap 3️⃣", "Flag keycap 3"),
        ('<speak>Hi <break time="1s"/> <b>you</b></speak>', "Hi you"),
        ('<emotion value="happy"/>Sure', "Sure"),
        ("if 3 < 4 > 2", "if 3 4 2"),
        ("**Bold**, *it*, __u__ and `code`", "Bold, it, u and code"),
        ("snake_case stays", "snake_case stays"),
        ("# Title", "Title"),
        ("- one\n- two", "one two"),
        ("See [our page](https://example.com/a) now", "See our page now"),
        ("```python\nx\n```", "x"),
        ("“Curly” ‘quotes’ it’s", "\"Curly\" 'quotes' it's"),
        ("Wait — what", "Wait, what"),
        ("pages 3–5", "pages 3-5"),
        ("Well…", "Well..."),
        ("20 °C, 5 €, 50 %, R&D", "20 °C, 5 €, 50 %, R&D"),
        ("Grüße aus Zürich, cafe\u0301", "Grüße aus Zürich, café"),
        ("हिन्दी और 日本語。", "हिन्दी और 日本語。"),
        ("", ""),
        ("😀 …!?", ""),
        ("---", ""),
    ],
)
def test_only_what_can_be_said_is_left(written, said):
    assert speakable(written) == said


def test_nothing_dangerous_survives_any_character():
    everything = "".join(chr(code) for code in range(0x3000))
    said = speakable(everything)
    assert "\0" not in said
    assert not set("<>\n\r\t\x1b\u200b\u202e") & set(said)


def test_sentences_come_one_by_one():
    assert list(clauses('Hello. How are you? "Fine!" he said.')) == ["Hello.", "How are you?", '"Fine!"', "he said."]


@pytest.mark.parametrize("text", ["Dr. Smith and Mr. J. Doe came.", "It costs 3.50 dollars.", "Use e.g. this one."])
def test_a_full_stop_inside_a_sentence_does_not_end_it(text):
    assert list(clauses(text)) == [text]


def test_a_long_sentence_is_cut_at_its_commas():
    text = "and so on we go with the words, " * 12
    pieces = list(clauses(text.strip()))
    assert max(map(len, pieces)) <= LONGEST_CLAUSE
    assert " ".join(pieces) == text.strip()
    assert all(piece.endswith(",") for piece in pieces)


@pytest.mark.parametrize("text", ["word " * 300, "x" * 1000, "あ" * 1000])
def test_text_without_punctuation_is_cut_too(text):
    pieces = list(clauses(text.strip()))
    assert max(map(len, pieces)) <= LONGEST_CLAUSE
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


def test_nothing_to_say_is_no_clause():
    assert list(clauses("")) == []
    assert list(clauses("...")) == []
    assert list(clauses("Yes. !")) == ["Yes."]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("en", "en"),
        ("English", "en"),
        ("en_GB", "en-gb"),
        ("spanish", "es"),
        ("zh-Hans", "zh-hans"),
        ("multilingual", "en"),
        ("", "en"),
        ("../../etc", "en"),
    ],
)
def test_languages_have_codes(name, code):
    assert language_code(name) == code
