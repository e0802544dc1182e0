"""The demos, for those who may not know the demos package: read from source, never imported."""

from demos.catalogue import catalogue, find, source
from demos.kit import Demo, DemoInputError, Mistake, Parameter, Prediction

__all__ = ["Demo", "DemoInputError", "Mistake", "Parameter", "Prediction", "catalogue", "find", "source"]
