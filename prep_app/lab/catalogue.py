"""The demos, for those who may not know the demos package: read from source, never imported."""

from demos.catalogue import catalogue, find, source
from demos.exercise import blank, function_source, function_with, functions, with_function
from demos.kit import Demo, DemoInputError, Mistake, Parameter, Prediction

__all__ = [
    "Demo",
    "DemoInputError",
    "Mistake",
    "Parameter",
    "Prediction",
    "blank",
    "catalogue",
    "find",
    "function_source",
    "function_with",
    "functions",
    "source",
    "with_function",
]
