"""A card of a pack as a note for Anki: the same question, answer and proof, laid out for a card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

from prep_app.answers.asked import ask
from prep_app.answers.numeric import answer_in_unit
from prep_app.content.body import GAP, Choice, Cloze, Code, Compare, Gap, Numeric, Order, Recall
from prep_app.content.model import Card, DemoLink, Question, Source
from prep_app.content.variant import shown
from prep_app.interop.anki.markup import Markup
from prep_app.interop.anki.reader import ID_FIELD
from prep_app.lab.catalogue import blank, find, function_source

FIELDS = ("Prompt", "Hint", "Answer", "Key points", "Proof", "Whole answer", "Sources", "About", ID_FIELD)
_GAP_MARK = "\ue001"


@dataclass(frozen=True, slots=True)
class Note:
    fields: tuple[str, ...]  # HTML, as FIELDS
    cloze: bool
    tags: tuple[str, ...]


def note_of(card: Card, question: Question, markup: Markup, picture: Callable[[DemoLink], str]) -> Note:
    """`picture` gives the name of the picture of a demo's run; "" where there is none."""
    prompt, answer, points = _LAYOUTS[card.body.kind](card, markup)
    fields = {
        "Prompt": prompt,
        "Hint": markup.letters(card.hint) if isinstance(card.body, Numeric) else markup.block(card.hint),
        "Answer": answer,
        "Key points": points,
        "Proof": _proof(card, question, markup, picture),
        "Whole answer": _whole(question, markup),
        "Sources": _sources((*card.sources, *question.sources)),
        "About": escape(f"{question.id} · {question.title} · {card.topic}"),
        ID_FIELD: str(card.id),
    }
    return Note(tuple(fields[name] for name in FIELDS), isinstance(card.body, Cloze), ("prep", *card.tags))


# The seven kinds: what is asked, what is right, and the key points.


def _recall(card: Card, markup: Markup) -> tuple[str, str, str]:
    assert isinstance(card.body, Recall)
    points = "".join(f"<li>{markup.line(point.text)}</li>" for point in card.body.key_points)
    return markup.block(card.prompt), markup.block(card.answer), f"<ul>{points}</ul>"


def _choice(card: Card, markup: Markup) -> tuple[str, str, str]:
    assert isinstance(card.body, Choice)
    options = ask(card, 0).options
    asked = "".join(f"<li>{markup.line(option.text)}</li>" for option in options)
    told = "".join(
        f'<li class="{"right" if option.correct else "wrong"}">{"✓" if option.correct else "✗"} '
        f"{markup.line(option.text)}<br><small>{markup.line(option.why)}</small></li>"
        for option in options
    )
    prompt = f'{markup.block(card.prompt)}<ol class="options">{asked}</ol>'
    return prompt, f'<ol class="options">{told}</ol>{markup.block(card.answer)}', ""


def _cloze(card: Card, markup: Markup) -> tuple[str, str, str]:
    """All gaps have one number, since prep asks them together as one card."""
    assert isinstance(card.body, Cloze)
    text = markup.block(card.prompt.replace(_GAP_MARK, "").replace(GAP, _GAP_MARK)).replace("{{", "{&#123;")
    for gap in card.body.gaps:
        text = text.replace(_GAP_MARK, f"{{{{c1::{_in_cloze(gap, markup)}}}}}", 1)
    return text, markup.block(card.answer) + _also(card.body.gaps, markup), ""


def _in_cloze(gap: Gap, markup: Markup) -> str:
    """The right word, with what means something in a cloze written otherwise."""
    return markup.line(gap.accept[0]).replace(":", "&#58;").replace("}", "&#125;").replace("{", "&#123;")


def _also(gaps: tuple[Gap, ...], markup: Markup) -> str:
    items = [
        f"<li>{markup.line(gap.accept[0])}: {', '.join(map(markup.line, gap.accept[1:]))}</li>"
        for gap in gaps
        if len(gap.accept) > 1
    ]
    return f"<p>Right as well:</p><ul>{''.join(items)}</ul>" if items else ""


def _numeric(card: Card, markup: Markup) -> tuple[str, str, str]:
    """prep draws fresh numbers each time; Anki cannot, so that the numbers are letters, and one draw is an example."""
    assert isinstance(card.body, Numeric)
    asked = ask(card, 0)
    assert asked.variant is not None
    drawn = ", ".join(
        f"<var>{escape(one.name)}</var> = {escape(shown(asked.variant.values[one.name]))}"
        for one in card.body.variables
    )
    result = escape(answer_in_unit(card.body, asked.variant))
    answer = f"{markup.letters(card.body.worked)}<p>With {drawn}: <b>{result}</b>.</p>{markup.letters(card.answer)}"
    return markup.letters(card.prompt), answer, ""


def _order(card: Card, markup: Markup) -> tuple[str, str, str]:
    assert isinstance(card.body, Order)
    mixed = "".join(f"<li>{markup.line(step.text)}</li>" for step in ask(card, 0).steps)
    right = "".join(
        f"<li>{markup.line(step.text)}" + (f"<br><small>{markup.line(step.why)}</small>" if step.why else "") + "</li>"
        for step in card.body.steps
    )
    prompt = f"{markup.block(card.prompt)}<p>Put in order:</p><ul>{mixed}</ul>"
    return prompt, f"<ol>{right}</ol>{markup.block(card.answer)}", ""


def _compare(card: Card, markup: Markup) -> tuple[str, str, str]:
    assert isinstance(card.body, Compare)
    body = card.body

    def table(filled: bool) -> str:
        head = "".join(f"<th>{markup.line(column)}</th>" for column in ("", *body.columns))
        rows = "".join(
            f"<tr><th>{markup.line(row.aspect)}</th>"
            + "".join(
                f'<td class="gap">{markup.line(cell.accept[0]) if filled else "?"}</td>'
                if isinstance(cell, Gap)
                else f"<td>{markup.line(cell)}</td>"
                for cell in row.cells
            )
            + "</tr>"
            for row in body.rows
        )
        return f"<table><tr>{head}</tr>{rows}</table>"

    answer = f"{table(filled=True)}{markup.block(card.answer)}{_also(body.gaps, markup)}"
    return f"{markup.block(card.prompt)}{table(filled=False)}", answer, ""


def _code(card: Card, markup: Markup) -> tuple[str, str, str]:
    assert isinstance(card.body, Code)
    assert card.demo is not None
    demo, function, mistake = card.demo.name, card.body.function, card.body.mistake
    start = function_source(demo, function, mistake) if mistake else blank(demo, function)
    right = function_source(demo, function)
    claims = find(demo).checks
    checks = "".join(f"<li>{escape(claims[check])}</li>" for check in card.body.checks)
    prompt = f"{markup.block(card.prompt)}{_listing(start)}"
    return prompt, f"{_listing(right)}{markup.block(card.answer)}<p>It passes:</p><ul>{checks}</ul>", ""


def _listing(code: str) -> str:
    return f"<pre><code>{escape(code)}</code></pre>"


_LAYOUTS: Mapping[str, Callable[[Card, Markup], tuple[str, str, str]]] = {
    "recall": _recall,
    "choice": _choice,
    "cloze": _cloze,
    "numeric": _numeric,
    "order": _order,
    "compare": _compare,
    "code": _code,
}


# What belongs to the question


def _whole(question: Question, markup: Markup) -> str:
    """The question's answer, layer by layer."""
    parts = [f"<h2>{markup.line(question.ask)}</h2>", f'<p class="short">{markup.line(question.short)}</p>']
    parts += [markup.block(question.full)]
    for title, items in (("Key points", question.key_points), ("Mistakes", question.mistakes)):
        parts += (
            [f"<h3>{title}</h3><ul>{''.join(f'<li>{markup.line(item)}</li>' for item in items)}</ul>"] if items else []
        )
    parts += [f"<h3>{markup.line(more.ask)}</h3>{markup.block(more.answer)}" for more in question.follow_ups]
    return "".join(parts)


def _proof(card: Card, question: Question, markup: Markup, picture: Callable[[DemoLink], str]) -> str:
    """The claims that a demo checks, and the picture of its run."""
    claims = [claim for claim in question.claims if claim.id in card.claims]
    items = "".join(f"<li>{markup.line(claim.text)}</li>" for claim in claims)
    name = picture(card.demo) if card.demo else ""
    return (f"<ul>{items}</ul>" if items else "") + (f'<img src="{escape(name)}">' if name else "")


def _sources(sources: tuple[Source, ...]) -> str:
    items = []
    for source in dict.fromkeys(sources):
        title = escape(source.title)
        title = f'<a href="{escape(source.url)}">{title}</a>' if source.url else title
        rest = ", ".join(str(part) for part in (source.authors, source.year, source.where) if part)
        items.append(f"<li>{title}{f', {escape(rest)}' if rest else ''}</li>")
    return f"<ul>{''.join(items)}</ul>" if items else ""
