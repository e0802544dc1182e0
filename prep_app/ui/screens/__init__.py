"""One folder a screen, its styles beside it."""
