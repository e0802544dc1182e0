"""prep: interview practice in the terminal, with answers that prove themselves."""

__version__ = "0.1.0"
