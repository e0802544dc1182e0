"""What each key of a pack's files is for, as an editor shows it when one points at the key."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from prep_app.content import card_schema, schema

Told = Mapping[str, str]

_PHRASES = "Phrases of 1-3 telling words: an answer that holds all words of any one of them counts, in any inflection."
_WRONG = "Likely wrong answers, each with why it is wrong."
_FORMULA = (
    "Of: + - * / // % **, and or not, a if c else b, sqrt exp log log2 log10 floor ceil round abs min max nearest."
)

TITLES: Mapping[type[BaseModel], str] = {
    schema.PackFile: "A pack's pack.yaml",
    schema.QuestionFile: "A question of a pack: its answer, and the cards that teach it",
    schema.AnswerFile: "The answer in layers",
    schema.FollowUpFile: "A follow-up question",
    schema.ClaimFile: "A sentence that a demo's check proves",
    schema.DemoLinkFile: "A demo to run beside the answer",
    schema.SourceFile: "Where a fact comes from",
    card_schema.RecallFile: "recall: said or typed freely, marked by key points",
    card_schema.ChoiceFile: "choice: one or several options are right",
    card_schema.ClozeFile: "cloze: blanks in a sentence",
    card_schema.NumericFile: "numeric: one number, with fresh numbers each time",
    card_schema.OrderFile: "order: steps to be put in order",
    card_schema.CodeFile: "code: a function of a demo to mend or to write",
    card_schema.CompareFile: "compare: a table with blanks",
    card_schema.KeyPointFile: "A key point",
    card_schema.OptionFile: "An option",
    card_schema.GapFile: "A blank",
    card_schema.WrongFormFile: "A likely wrong answer",
    card_schema.VariableFile: "A number drawn anew each time",
    card_schema.SlipFile: "A likely mistake in the sum",
    card_schema.DemoFigureFile: "The figure of the demo that equals the answer",
    card_schema.StepFile: "A step",
    card_schema.RowFile: "A row of the table",
    card_schema.CellFile: "A cell: given, or a blank",
}

KEYS: Mapping[type[BaseModel], Told] = {
    schema.PackFile: {
        "id": "A short name of its own for the pack; no other pack may have it.",
        "title": "What Home shows above the pack's questions.",
        "description": "What the pack is about, in a sentence.",
    },
    schema.QuestionFile: {
        "id": "A short name for the question, such as Q4; no other question of any pack may have it.",
        "title": "What Home shows: a few words.",
        "ask": "The question as an interviewer would ask it.",
        "answer": "The answer to the question, in layers.",
        "claims": "Sentences of the answer that a check of a demo proves. Only for what a demo of prep measures.",
        "demos": "Demos of prep that belong to the question. See them with: prep demo",
        "sources": "Where the answer comes from.",
        "cards": "What is asked and scheduled. A faulty card is left out; the others work.",
    },
    schema.AnswerFile: {
        "short": "The answer in one sentence, to begin with.",
        "full": "The whole answer, in Markdown: headings, lists, tables, code, $formulas$.",
        "key_points": "What a good answer must say, point by point.",
        "mistakes": "What people often get wrong.",
        "follow_ups": "What an interviewer would ask next.",
    },
    schema.FollowUpFile: {"ask": "The next question.", "answer": "Its answer, in Markdown."},
    schema.ClaimFile: {
        "id": "A short name; cards lean on the claim by it.",
        "text": "The claim, as a sentence.",
        "demo": "The demo that proves it.",
        "check": "The check of that demo that proves it. See them with: prep demo --json",
    },
    schema.DemoLinkFile: {
        "name": "The demo's name. See them with: prep demo",
        "parameters": "Its dials, turned for this question: {r: 8}. See them with: prep demo NAME --help",
    },
    schema.SourceFile: {
        "title": "The paper's, book's or page's title.",
        "authors": "Who wrote it: Hu et al.",
        "year": "When, such as 2021.",
        "where": "The place in it: §4.1, table 2, p. 17.",
        "url": "Its address; begins with https://",
    },
    card_schema.CardFile: {
        "id": "Names the card for good: its history hangs on it, so keep it when you edit the card.",
        "kind": "recall, choice, cloze, numeric, order, code or compare.",
        "revision": "Raise it when an edit changes what must be known: the card is then learned again.",
        "topic": "A word or two, shown above the card.",
        "difficulty": "1 easy to 3 hard; easier cards come first.",
        "prompt": "What is asked. Plain text; code may stand in a ```python block.",
        "hint": "Helps without giving the answer away; asking for it lowers the grade suggested.",
        "answer": "Why it is so, in Markdown; shown once the card is answered.",
        "demo": "A demo that proves the answer, opened beside it.",
        "claims": "Ids of this question's claims that the card leans on.",
        "sources": "Where this card's answer comes from, if elsewhere than the question's.",
        "needs": "Ids of cards in this pack that should be learned before.",
        "tags": "Short names, such as trap, number, debugging, follow-up.",
    },
    card_schema.RecallFile: {"key_points": "What the answer must say: a text, or {text: …, words: […]}."},
    card_schema.KeyPointFile: {"text": "The point, as it is shown.", "words": _PHRASES},
    card_schema.ChoiceFile: {"options": "2 to 9, shuffled each time. Mark every right one with correct: true."},
    card_schema.OptionFile: {
        "text": "The option.",
        "why": "Why it is right or wrong; shown once the card is answered.",
        "correct": "true for a right option.",
    },
    card_schema.ClozeFile: {
        "prompt": "A sentence with ___ (three underscores) for each blank.",
        "gaps": "One for each ___ of the prompt, in order.",
    },
    card_schema.GapFile: {
        "accept": "Right answers; the first is the one shown. Case, hyphens and small typos are forgiven.",
        "words": _PHRASES,
        "wrong": _WRONG,
    },
    card_schema.WrongFormFile: {"text": "The wrong answer.", "why": "Why it is wrong."},
    card_schema.NumericFile: {
        "prompt": "Asks for one number and names its unit. {name} becomes that variable's number.",
        "variables": "Numbers drawn anew each time, by name: {d: {values: [64, 128]}, r: {from: 4, to: 64, step: 4}}.",
        "define": "Values worked out on the way, usable in the formulas below: {s: alpha / r}.",
        "where": "Which draws are allowed: r < d",
        "formula": f"The right answer, in the unit. {_FORMULA}",
        "unit": "Shown after the box. GB, MB, bits, % and × are understood in what is typed.",
        "tolerance": "0 for exactly; a number in the unit; or a share such as 1% (which is what stands when left out).",
        "worked": "The sum step by step, in Markdown; {names} and {result} become numbers.",
        "slips": "What one gets by a likely mistake, and why it is one.",
        "proof": "The figure of the card's demo that equals the answer.",
    },
    card_schema.VariableFile: {
        "values": "One of these numbers.",
        "from": "The least number drawn.",
        "to": "The greatest number drawn.",
        "step": "Drawn evenly: from, from + step, from + 2 step …",
        "digits": "Drawn over powers of ten, rounded to so many significant digits.",
    },
    card_schema.SlipFile: {"formula": "What the mistake gives.", "why": "Why it is a mistake."},
    card_schema.DemoFigureFile: {
        "figure": "The figure's name. See them in the last line of: prep demo NAME --json",
        "parameters": "The demo's dials as formulas of the variables: {r: r}.",
    },
    card_schema.OrderFile: {
        "steps": "In the right order; shuffled on the screen. A text, or {text: …, why: …}.",
    },
    card_schema.StepFile: {"text": "The step, in a few words.", "why": "Why it comes here."},
    card_schema.CodeFile: {
        "demo": "The demo whose program it is.",
        "function": "The function to mend or write: step, or LoRALinear.merge.",
        "mistake": "The demo's mistake that the learner is to find; left out, the function's body is to be written.",
        "checks": "Which of the demo's checks judge it.",
    },
    card_schema.CompareFile: {"columns": "What is compared: 1 to 4.", "rows": "Each has a cell for every column."},
    card_schema.RowFile: {
        "aspect": "What the row is about.",
        "cells": "A text is given; {accept: […]} is a blank.",
    },
    card_schema.CellFile: {
        "given": "What stands in the cell; a text alone says the same.",
        "accept": "Right answers; the first is the one shown.",
        "words": _PHRASES,
        "wrong": _WRONG,
    },
}


def description(kind: type[BaseModel], key: str) -> str:
    """What `key` is for in a `kind`. Raises LookupError where nobody has said."""
    return next(KEYS[owner][key] for owner in kind.__mro__ if key in KEYS.get(owner, {}))
