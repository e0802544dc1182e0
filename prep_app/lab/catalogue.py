"""The demos, for those who may not know the demos package: read from source, never imported."""

from demos.catalogue import catalogue, find, source
from demos.kit import Demo, DemoInputError, Parameter

__all__ = ["Demo", "DemoInputError", "Parameter", "catalogue", "find", "source"]
