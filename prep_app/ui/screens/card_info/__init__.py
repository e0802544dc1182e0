"""Card info: what prep knows of one card."""
