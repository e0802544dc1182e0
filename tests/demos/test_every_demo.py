"""What holds for every demo: its checks, everywhere in its ranges; and each check can fail."""

from __future__ import annotations

import inspect
import json
import os
import random

import pytest
from runs import checks_of, events_of, failed, notices, random_setting

from demos.catalogue import catalogue, program
from demos.kit import DemoInputError, settle

NAMES = sorted(catalogue())
SETTINGS = int(os.environ.get("PREP_SETTINGS", "1"))  # of each demo; `make thorough` takes 20
MISTAKES = [(name, mistake.name) for name in NAMES for mistake in catalogue()[name].mistakes]


@pytest.mark.parametrize("name", NAMES)
def test_every_check_holds_at_the_defaults_and_a_figure_settles_each_prediction(name: str) -> None:
    events = events_of(name)
    assert failed(events) == {}
    assert set(checks_of(events)) == set(catalogue()[name].checks)
    json.dumps(events, allow_nan=False)
    figures = events[-1]["figures"]
    assert catalogue()[name].predictions
    for prediction in catalogue()[name].predictions:
        settled = figures[prediction.figure]
        if prediction.choices:
            assert settled in prediction.choices
        else:
            assert isinstance(settled, int | float)


@pytest.mark.parametrize("name", NAMES)
def test_every_check_holds_anywhere_in_the_ranges_and_the_same_seed_gives_the_same_figures(name: str) -> None:
    draw = random.Random(name)
    for number in range(SETTINGS):
        values = random_setting(name, draw)
        first = events_of(name, values, seed=number)
        assert failed(first) == {}, (values, number)
    assert events_of(name, values, seed=number)[-1]["figures"] == first[-1]["figures"]


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
def test_the_check_that_a_mistake_breaks_notices_it(name: str, mistake: str) -> None:
    slip = next(slip for slip in catalogue()[name].mistakes if slip.name == mistake)
    assert notices(name, mistake, slip.fails)
    assert program(name, mistake) != program(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_check_has_a_mistake_that_it_notices(name: str) -> None:
    demo = catalogue()[name]
    assert {slip.fails for slip in demo.mistakes} == set(demo.checks)
    assert len({slip.name for slip in demo.mistakes}) == len(demo.mistakes)


@pytest.mark.parametrize("name", NAMES)
def test_outside_its_range_a_value_is_refused_in_one_line_that_names_the_range(name: str) -> None:
    demo = catalogue()[name]
    for parameter in demo.parameters:
        beyond = "nothing like it" if parameter.min is None else (parameter.max or 0) + 1
        with pytest.raises(DemoInputError) as refused:
            settle(demo, {parameter.name: beyond})
        assert parameter.name in str(refused.value)
        assert parameter.takes in str(refused.value)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_demo_reads_top_to_bottom(name: str) -> None:
    """A paragraph first, then the declaration, the mathematics, and `run` last; about 120 lines of code."""
    text = program(name)
    assert text.startswith('"""')
    assert text.index("DEMO = Demo(") < text.index("\ndef run(lab: Lab")
    declaration = text[text.index("DEMO = Demo(") : text.index("\n)\n", text.index("DEMO = Demo("))]
    code = [line for line in text.replace(declaration, "").split("\n") if line.strip() and line.strip()[0] != "#"]
    assert len(code) <= 150, f"{len(code)} lines beside the declaration"
    assert inspect.cleandoc(text.split('"""')[1]).count("\n\n") == 1
