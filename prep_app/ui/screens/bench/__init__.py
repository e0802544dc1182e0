"""The bench: one demo with its dials, its source, predictions, and slips to make."""
