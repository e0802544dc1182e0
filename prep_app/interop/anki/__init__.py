"""Anki decks, in and out, read and written by Anki's own package."""
