"""Where a dial stops: at both ends, at the default, in order, and nowhere outside the range."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from demos.kit import Choice, Flag, Integer, Real
from prep_app.lab.catalogue import Parameter, catalogue
from prep_app.ui.widgets.demo_pane.stops import at_share, share, stepped, stops


@st.composite
def numbers(draw: st.DrawFn) -> Parameter:
    if draw(st.booleans()):
        low, default, high = sorted(draw(st.lists(st.integers(-1000, 10**6), min_size=3, max_size=3, unique=True)))
        return Integer("n", default, low, high, "a count")
    finite = st.floats(-1e3, 1e6, allow_nan=False).map(lambda value: float(f"{value:.4g}"))
    low, default, high = sorted(draw(st.lists(finite, min_size=3, max_size=3, unique=True)))
    return Real("x", default, low, high, "a share")


@given(numbers())
def test_stops_rise_from_end_to_end_by_way_of_the_default(parameter: Parameter) -> None:
    held = stops(parameter)
    assert held == sorted(set(held))
    assert (held[0], held[-1]) == (parameter.min, parameter.max)
    assert parameter.default in held
    assert all(parameter.coerce(value) == value for value in held)


@given(numbers(), st.data())
def test_a_step_always_moves_until_the_end(parameter: Parameter, data: st.DataObject) -> None:
    kind = st.integers if parameter.type == "int" else st.floats
    value = data.draw(kind(parameter.min, parameter.max))  # type: ignore[arg-type, type-var]
    assert 0 <= share(parameter, value) <= 1
    up, down = stepped(parameter, value, 1), stepped(parameter, value, -1)
    assert up > value or value == parameter.max  # type: ignore[operator]
    assert down < value or value == parameter.min  # type: ignore[operator]


@given(numbers())
def test_a_place_on_the_track_leads_back_to_its_stop(parameter: Parameter) -> None:
    for value in stops(parameter):
        assert at_share(parameter, share(parameter, value)) == value


def test_switches_and_choices_stop_at_what_they_offer() -> None:
    assert stops(Flag("on", True, "")) == [False, True]
    assert stops(Choice("kind", "b", ["a", "b"], "")) == ["a", "b"]


def test_every_dial_of_every_demo_is_walked_in_a_few_dozen_steps() -> None:
    for demo in catalogue().values():
        for parameter in demo.parameters:
            assert 2 <= len(stops(parameter)) <= 40
