import random

import pytest

from visavis.conversation.brain.sentences import LONGEST_CLAUSE, ClauseSplitter


def split(text: str, size: int = 4) -> list[str]:
    splitter = ClauseSplitter()
    clauses = [clause for at in range(0, len(text), size) for clause in splitter.push(text[at : at + size])]
    return clauses + splitter.flush()


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Hello there, I'm Sam. How are you?", ["Hello there,", " I'm Sam.", " How are you?"]),
        ("Yes. That is, in short, right.", ["Yes.", " That is, in short, right."]),
        ("Well, no, I think so.", ["Well, no, I think so."]),
        (
            "Dr. Smith met Mrs. Jones, e.g. on Monday. Good.",
            ["Dr. Smith met Mrs. Jones,", " e.g. on Monday.", " Good."],
        ),
        ("The U.S. team paid $1,000.50 at 3:30 p.m. Then it left.", None),
        ("Pi is 3.14159, roughly. Version 2.0.1 is out.", ["Pi is 3.14159,", " roughly.", " Version 2.0.1 is out."]),
        ("See https://a.b/c.d?e=f,g;h for more. Bye.", ["See https://a.b/c.d?e=f,g;h for more.", " Bye."]),
        ("Hmm... let me think... Maybe.", ["Hmm... let me think...", " Maybe."]),
        ("No. 5 is alive. No. It isn't.", ["No. 5 is alive.", " No.", " It isn't."]),
        ('"Stop!" he said. "Go."', ['"Stop!"', " he said.", ' "Go."']),
        ("Really?! Yes!!! Fine.", ["Really?!", " Yes!!!", " Fine."]),
        ("So do I. But J. Smith does not.", ["So do I.", " But J. Smith does not."]),
        ("First line\nsecond line\n\nthird", ["First line", " second line", " third"]),
        ("你好。我是小明，很高兴认识你！", ["你好。", "我是小明，很高兴认识你！"]),
        ("From 1939–1945, it was war.", ["From 1939–1945,", " it was war."]),
        ("It was well known—and loved.", ["It was well known—", "and loved."]),
        ("   \n ", []),
        ("...", []),
        ("", []),
    ],
)
def test_clauses_are_cut_where_a_speaker_would_pause(text, clauses):
    expected = clauses or (["The U.S. team paid $1,000.50 at 3:30 p.m.", " Then it left."] if clauses is None else [])
    assert split(text) == expected


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("**Great!** I *really* like `this` one.", "Great! I really like this one."),
        ("# Title\n- one\n- two\n1. three\n* four\n> five", "Title one two three four five"),
        ("See [our page](https://x.y/a_(b)) and ![a cat](c.png) now.", "See our page and a cat now."),
        ("It works [1], mostly [^2].", "It works, mostly."),
        ("*smiles warmly* Hello. (laughs) Well [sighs] okay.", "Hello. Well okay."),
        ('<emotion value="excited"/> Wow, <speed level="0.8">slowly</speed> now.', "Wow, slowly now."),
        ("Nice 😀👍🏽 work ❤️!", "Nice work!"),
        ("Use this:\n```python\nprint('x.y')\n```\nDone.", "Use this: Done."),
        ("```\nJust prose.\n```", "Just prose."),
        ("3 * 4 is 12 and 3*4 too, 2 < 3, a_b stays.", "3 * 4 is 12 and 3*4 too, 2 < 3, a_b stays."),
        ("He said (in short) no.", "He said (in short) no."),
        ("---\nAfter the line.", "After the line."),
        ("An **unclosed bold and *star", "An unclosed bold and star"),
        ("<not a tag and no end", "<not a tag and no end"),
        ("5. That is my number", "5. That is my number"),
        ("__init__ and ***both***.", "init and both."),
    ],
)
def test_nobody_hears_markup(text, heard):
    assert "".join(split(text)) == heard


def test_the_first_clause_comes_as_soon_as_it_is_complete():
    splitter = ClauseSplitter()
    assert splitter.push("Of course I can,") == []
    assert splitter.push(" ") == ["Of course I can,"]
    assert splitter.push("and I will. ") == []
    assert splitter.push("N") == [" and I will."]


def test_a_run_on_is_cut_before_it_is_too_long_and_never_inside_a_word():
    text = "and then we walked " * 60
    clauses = split(text)
    assert max(map(len, clauses)) <= LONGEST_CLAUSE + 1
    assert " ".join("".join(clauses).split()) == text.strip()
    assert all(word in {"and", "then", "we", "walked"} for clause in clauses for word in clause.split())


def test_a_run_on_is_cut_at_its_last_comma():
    clauses = split("Yes. " + "word " * 25 + "here, " + "more " * 40)
    assert clauses[1].endswith("here,")


def test_a_long_url_stays_whole():
    url = "https://example.com/" + "a.b-c/" * 60
    assert split(f"Look at {url} please.")[-2:] == [" " + url, " please."] or any(
        url in c for c in split(f"Look at {url} please.")
    )


PIECES = [
    "Hello there, ",
    "Dr. Who ",
    "costs $3.50, ",
    "*smiles* ",
    "**bold, and. more** ",
    "[a, link. here](http://x.y/z.a?b=c,d) ",
    "<emotion value='sad, very'/> ",
    "e.g. this; ",
    "At 3:30 p.m. We ",
    "\n- item one\n- item two\n",
    "```py\nx = 1. \n``` ",
    "wait... what? ",
    "U.S. ",
    "“Quoted.” ",
    "2 * 3 ",
    "(laughs) ",
    "(aside, really) ",
    "😀 ",
    "No. 7 ",
    "No. Thanks! ",
    "\n\n1. First. 2) second ",
    "x" * 90 + " ",
    "word " * 30,
    "你好。再见，",
    "`code. here` ",
    "| a | b |\n",
    "<3 ",
    "\n## Head\n",
]


@pytest.mark.parametrize("seed", range(60))
def test_clauses_do_not_depend_on_how_the_text_was_cut_into_deltas(seed):
    rng = random.Random(seed)
    text = "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 14)))
    whole = split(text, size=len(text))
    assert split(text, size=1) == whole
    splitter, clauses, at = ClauseSplitter(), [], 0
    while at < len(text):
        step = rng.randint(1, 9)
        clauses += splitter.push(text[at : at + step])
        at += step
    assert clauses + splitter.flush() == whole


@pytest.mark.parametrize("seed", range(30))
def test_plain_prose_comes_out_as_it_went_in(seed):
    rng = random.Random(seed)
    words = [
        "yes",
        "3.14",
        "Dr.",
        "well,",
        "end.",
        "what?",
        "e.g.",
        "U.S.",
        "http://a.b/c,d",
        "so;",
        "1,000",
        "—",
        "I.",
    ]
    text = " ".join(rng.choice(words) for _ in range(rng.randint(1, 80))) + " end."
    clauses = split(text, size=rng.randint(1, 20))
    assert "".join(clauses) == text
    assert not any(clause != clause.rstrip() or not clause.strip() for clause in clauses)


@pytest.mark.parametrize("seed", range(20))
def test_noise_neither_raises_nor_blocks(seed):
    rng = random.Random(seed)
    text = "".join(rng.choice("ab *_`[]()<>#-.!?,;:\n\t1😀\u200d\"'|~\\…。") for _ in range(3000))
    clauses = split(text, size=7)
    assert all(len(clause) <= LONGEST_CLAUSE * 11 for clause in clauses)
