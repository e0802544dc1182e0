"""Any HTML becomes a pack that prep check accepts; formulas, code and gaps come through."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prep_app.content.library import load_library
from prep_app.content.model import Library
from prep_app.interop.anki.card import Unfit, card_of
from prep_app.interop.anki.html import markdown, plain, with_gaps
from prep_app.interop.anki.pack import write_pack
from prep_app.interop.anki.reader import AnkiCard


@pytest.mark.parametrize(
    ("html", "prompt", "answer"),
    [
        ("a<br>b", "a\nb", "a\\\nb"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb", "a\n\nb"),
        ("<b>bold</b> snake_case 2*3*4", "bold snake_case 2*3*4", "**bold** snake\\_case 2\\*3\\*4"),
        ("# no heading", "# no heading", "\\# no heading"),
        ("&lt;pad&gt; &amp; x &lt; y", "<pad> & x < y", "\\<pad\\> \\& x \\< y"),
        ("<pre>def f():<br>    return __x__</pre>", *["```\ndef f():\n    return __x__\n```"] * 2),
        (r"\(\alpha_i\) and \[x^2\]", *[r"$\alpha_i$ and $x^2$"] * 2),
        (r"[$]x_1[/$]st \(5\)", "$$x_1$$st 5", "$$x_1$$st 5"),
        (r"\(a &lt; b_{<b>1</b>}\)", *["$a < b_{ 1 }$"] * 2),
        ("<a href='https://x.org/a_b'>x</a>", "x", "[x](https://x.org/a_b)"),
        ("<a href='file:///etc/passwd'>x</a>", "x", "x"),
        ("<img src='https://tracker.example/p.gif'>", *["[picture: not in the deck]"] * 2),
        ("[anki:tts lang=en_US]hello[/anki:tts]", "hello", "hello"),
        ("a&nbsp;b\u200bc\u202ed", "a b\u200bcd", "a b\u200bcd"),
    ],
)
def test_html_as_a_prompt_and_as_an_answer(html: str, prompt: str, answer: str) -> None:
    assert (plain(html).text, markdown(html).text) == (prompt, answer)


def test_a_gap_is_three_underscores_and_nothing_else_is() -> None:
    cloze = '<span class="cloze" data-cloze="x&#x5F;1" data-ordinal="1">[hint]</span>'
    turned = with_gaps(f"____ {cloze} <pre>__init__ ___</pre> {cloze}")
    assert turned.text.count("___") == 2
    assert turned.gaps == ("x_1", "x_1")
    assert "___ (hint)" in turned.text


TAGS = ["<b>", "</b>", "<ul><li>", "</li>", "<br>", "<table><tr><td>", "<pre>", "<script>", "<img src=", ">"]
MARKS = [
    "```",
    "~~~",
    "___",
    "$x_1$",
    r"\(",
    r"\)",
    "[latex]",
    "- ",
    "# ",
    ": ",
    "'",
    '"',
    "{{",
    "}}",
    "!!python/x",
    "%",
]
CODES = ["&#0;", "&#x1b;", "&#xe000;", "&rlm;", "\x1b[2J", "\u2028", "\ufeff", "\ue000", "\n\n"]
CLOZE = ['<span class="cloze" data-cloze="', '" data-ordinal="1">[...]</span>']
PIECES = st.sampled_from([*TAGS, *MARKS, *CODES, *CLOZE])
HTML = st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=14).map("".join)


@settings(max_examples=40, deadline=None)
@given(cards=st.lists(st.tuples(HTML, HTML, st.booleans(), HTML, HTML), min_size=1, max_size=6))
def test_whatever_a_deck_holds_its_pack_is_sound(cards: list[tuple[str, str, bool, str, str]]) -> None:
    decks: dict[str, list] = {}
    with TemporaryDirectory() as name:
        for number, (front, back, cloze, deck, tag) in enumerate(cards):
            card = AnkiCard(str(number), 0, 1, deck, (tag,), False, cloze, "", (), front, back)
            try:
                decks.setdefault(deck, []).append(card_of(card))
            except Unfit:
                continue
        packs = Path(name) / "packs"
        written = write_pack(cards[0][3], decks, Path(name), packs, Library(()))
        made = sum(map(len, decks.values()))
        assert (written.cards, written.refused) == (made, ())
        if made:
            library = load_library([written.folder])
            assert not library.problems
            assert len(library.cards) == made
        assert [path.name for path in packs.iterdir()] == ([written.folder.name] if made else [])
