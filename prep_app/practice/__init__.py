"""A study session as a plain object: no screen needed."""
