"""IPA symbols and the mouths they ask for."""

import pytest

from visavis.replica.visemes import VISEMES, sounds

ESPEAK_ENGLISH = """
p b t d k ɡ f v θ ð s z ʃ ʒ tʃ dʒ m n ŋ l ɹ j w h ʔ ɾ x ɬ n̩ m̩ əl
iː i ɪ eɪ ɛ æ a aː ɑː ɒ ʌ ɐ ə ɚ ɜː ɝ ɔː ɔ oː oʊ əʊ ʊ uː u ᵻ aɪ aʊ ɔɪ iə eə ʊə ɛɹ ɑːɹ ɔːɹ oːɹ ʊɹ ɪɹ aɪə aɪɚ aʊə iəl
""".split()


def names(symbol: str) -> list[str]:
    return [sound.viseme for sound in sounds(symbol)]


@pytest.mark.parametrize(
    ("viseme", "symbols"),
    [
        ("PP", "p b m ɓ"),
        ("FF", "f v ʋ ɱ"),
        ("TH", "θ ð"),
        ("DD", "t d n l ɾ ɫ ɖ"),
        ("kk", "k ɡ g ŋ x ʁ ç"),
        ("CH", "ʃ ʒ tʃ dʒ t͡ʃ ʧ tɕ"),
        ("SS", "s z ts d͡z"),
        ("RR", "ɹ r ɚ ɜː ɝ"),
        ("aa", "a ɑː ʌ æ ɐ ɒ ã"),
        ("E", "ɛ e ə œ ø"),
        ("ih", "i iː ɪ j ᵻ"),
        ("oh", "o ɔː ɔ̃"),
        ("ou", "u uː ʊ w y ɯ"),
    ],
)
def test_every_class_is_reached_by_its_symbols(viseme, symbols):
    assert {symbol: names(symbol) for symbol in symbols.split()} == {symbol: [viseme] for symbol in symbols.split()}


def test_every_sound_of_espeak_english_has_a_mouth():
    assert [symbol for symbol in ESPEAK_ENGLISH if not names(symbol)] == []


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("aɪ", ["aa", "ih"]),
        ("oʊ", ["oh", "ou"]),
        ("aɪə", ["aa", "ih", "E"]),
        ("ɑːɹ", ["aa", "RR"]),
        ("əl", ["E", "DD"]),
    ],
)
def test_diphthongs_and_clusters_are_split(symbol, expected):
    assert names(symbol) == expected


def test_the_first_vowel_of_a_diphthong_takes_the_larger_part():
    first, glide = sounds("aʊ")
    assert first.weight > glide.weight


def test_stress_length_tone_and_ties_do_not_matter():
    assert names("ˈɑːː") == names("ˌɑ") == names("ɑ") == names("ɑ˥˩") == names("ɑ5")
    assert names("t͡s") == names("ts") == names("tˈs")


@pytest.mark.parametrize("pause", ["", "_", "_:", "ˈ", "(en)", "pau", " "])
def test_pauses_and_bare_marks_have_no_mouth(pause):
    assert names(pause) == []


def test_a_letter_outside_the_chart_gets_the_nearest_class():
    assert names("ḇ") == ["PP"]
    assert names("ᶂ") == ["FF"], "the letter it derives from, by its Unicode name"
    assert all(name in VISEMES for name in names("жあ字"))


def test_h_and_the_glottal_stop_are_transparent():
    assert sounds("h")[0].transparent
    assert sounds("ʔ")[0].transparent
    assert not sounds("k")[0].transparent
