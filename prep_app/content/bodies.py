"""From a card's file to its body, with what a schema cannot see: formulas, numbers in texts, functions of demos."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from prep_app.content import card_schema as written
from prep_app.content.body import (
    Body,
    Choice,
    Cloze,
    Code,
    Compare,
    DemoFigure,
    Gap,
    KeyPoint,
    Numeric,
    Option,
    Order,
    Recall,
    Row,
    Slip,
    Step,
    Variable,
    WrongForm,
)
from prep_app.content.faults import did_you_mean, shown
from prep_app.content.formula import FormulaError, check_formula, evaluate
from prep_app.content.variant import Variant, draw, is_style, names_in, whole
from prep_app.content.variant import shown as shown_number
from prep_app.content.yaml_file import YamlFile
from prep_app.content.yaml_text import Path

if TYPE_CHECKING:
    from prep_app.content.loader import Declaration

DRAWS = 25  # of a numeric card, tried when it is read
LONGEST_NUMBER = 20  # characters of a number in a text; longer ones help nobody

Starter = Callable[[str, str, str], str]
"""(demo, function, mistake) to the text a learner starts from. Raises ValueError saying what there is instead."""


def body_of(
    card: written.AnyCardFile, file: YamlFile, at: Path, demo: Declaration | None, starter: Starter
) -> Body | None:
    """Return what the card asks; None, with every fault reported, when it cannot be asked."""
    match card:
        case written.RecallFile():
            return Recall(tuple(KeyPoint(point.text, tuple(point.words)) for point in card.key_points))
        case written.ChoiceFile():
            return Choice(tuple(Option(option.text, option.correct, option.why) for option in card.options))
        case written.ClozeFile():
            return Cloze(tuple(map(_gap, card.gaps)))
        case written.OrderFile():
            return Order(tuple(Step(step.text, step.why) for step in card.steps))
        case written.CompareFile():
            rows = (Row(row.aspect, tuple(cell.given or _gap(cell) for cell in row.cells)) for row in card.rows)
            return Compare(tuple(card.columns), tuple(rows))
        case written.CodeFile():
            return _code(card, file, at, demo, starter)
        case written.NumericFile():
            return _numeric(card, file, at, demo)


def _gap(gap: written.GapFile | written.CellFile) -> Gap:
    return Gap(tuple(gap.accept), tuple(gap.words), tuple(WrongForm(form.text, form.why) for form in gap.wrong))


def _code(card: written.CodeFile, file: YamlFile, at: Path, demo: Declaration | None, starter: Starter) -> Code | None:
    if demo is None:
        return None  # reported with the link
    sound = True
    for index, check in enumerate(card.checks):
        if check not in demo.checks:
            near = did_you_mean(check, demo.checks)
            file.at((*at, "checks", index), f"demo {card.demo.name} has no check {shown(check)}{near}")
            sound = False
    try:
        starter(card.demo.name, card.function, card.mistake)
    except ValueError as error:
        file.at((*at, "mistake" if card.mistake and "mistake" in str(error) else "function"), str(error))
        sound = False
    return Code(card.function, tuple(card.checks), card.mistake) if sound else None


def _numeric(card: written.NumericFile, file: YamlFile, at: Path, demo: Declaration | None) -> Numeric | None:
    body = Numeric(
        variables=tuple(_variable(name, variable) for name, variable in card.variables.items()),
        formula=card.formula,
        unit=card.unit,
        worked=card.worked,
        define=tuple(card.define.items()),
        where=card.where,
        tolerance=card.margin[0],
        relative=card.margin[1],
        slips=tuple(Slip(slip.formula, slip.why) for slip in card.slips),
        proof=DemoFigure(card.proof.figure, dict(card.proof.parameters)) if card.proof else None,
    )
    faults = [*_formula_faults(card), *_template_faults(card)]
    if card.proof and demo is not None:
        knobs = {parameter.name for parameter in demo.parameters}
        for name in card.proof.parameters:
            if name not in knobs:
                fault = f"the card's demo has no parameter {shown(name)}{did_you_mean(name, knobs)}"
                faults.append((("proof", "parameters", name), fault))
    elif card.proof and card.demo is None:
        faults.append((("proof",), "needs the card's demo; write demo: {name: …}"))
    if not faults:
        faults = list(_draw_faults(body, card, demo))
    for path, message in faults:
        file.at((*at, *path), message)
    return None if faults else body


def _variable(name: str, variable: written.VariableFile) -> Variable:
    return Variable(
        name,
        tuple(variable.values),
        variable.low or 0.0,
        variable.high or 0.0,
        variable.step or 0.0,
        variable.digits or 0,
    )


def _formula_faults(card: written.NumericFile) -> Iterator[tuple[Path, str]]:
    known = list(card.variables)
    formulas: list[tuple[Path, str, Sequence[str]]] = []
    for name, formula in card.define.items():
        if name in card.variables:
            yield ("define", name), f"{shown(name)} is already a variable"
        formulas.append((("define", name), formula, list(known)))
        known.append(name)
    if "result" in known:
        yield ("variables",), '"result" is the answer\'s own name; choose another'
    formulas += [(("formula",), card.formula, known)]
    formulas += [(("where",), card.where, known)] if card.where else []
    formulas += [(("slips", index, "formula"), slip.formula, known) for index, slip in enumerate(card.slips)]
    if card.proof:
        formulas += [(("proof", "parameters", name), text, known) for name, text in card.proof.parameters.items()]
    for path, formula, names in formulas:
        try:
            check_formula(formula, names)
        except FormulaError as error:
            yield path, str(error)


def _template_faults(card: written.NumericFile) -> Iterator[tuple[Path, str]]:
    named = {*card.variables, *card.define}
    shown_in = {"prompt": card.prompt, "hint": card.hint, "worked": card.worked, "answer": card.answer}
    for key, text in shown_in.items():
        known = named if key in ("prompt", "hint") else {*named, "result"}
        for name, style in names_in(text):
            if name not in known:
                near = did_you_mean(name, known)
                yield (key,), f"{{{name}}} is no variable of this card{near}"
            elif not is_style(style):
                yield (key,), f"{{{name}:{style}}}: write :count, :bytes, :pct or a number of digits"
    if not any(name in card.variables for name, _ in names_in(card.prompt)):
        yield ("prompt",), "names none of the variables; write {name} where its number goes"


def _draw_faults(body: Numeric, card: written.NumericFile, demo: Declaration | None) -> Iterator[tuple[Path, str]]:
    """Try the card with numbers: each draw must have an answer that can be shown, and a demo that takes it."""
    told: set[Path] = set()
    for seed in range(DRAWS):
        try:
            variant = draw(body, f"trial:{seed}")
        except FormulaError as error:
            yield ("where",) if "holds for none" in str(error) else ("formula",), str(error)
            return
        for path, message in _variant_faults(variant, body, card, demo):
            if path not in told:
                told.add(path)
                yield path, message


def _variant_faults(
    variant: Variant, body: Numeric, card: written.NumericFile, demo: Declaration | None
) -> Iterator[tuple[Path, str]]:
    drawn = ", ".join(f"{one.name} = {shown_number(variant.values[one.name])}" for one in body.variables)
    for index, slip in enumerate(body.slips):
        try:
            evaluate(slip.formula, variant.values)
        except FormulaError as error:
            yield ("slips", index, "formula"), f"{error}, with {drawn}"
    for key, text in {"prompt": card.prompt, "worked": card.worked}.items():
        for name, style in names_in(text):
            number = shown_number(variant.values[name], style)
            if len(number) > LONGEST_NUMBER:
                yield (key,), f"{{{name}}} becomes {number}, with {drawn}; write {{{name}:count}} or another style"
    knobs: Mapping[str, object] = {parameter.name: parameter for parameter in demo.parameters} if demo else {}
    for name, formula in body.proof.parameters.items() if body.proof and demo else ():
        try:
            knobs[name].coerce(whole(evaluate(formula, variant.values)))  # type: ignore[attr-defined]
        except (FormulaError, ValueError) as error:
            yield ("proof", "parameters", name), f"{error}, with {drawn}"
