"""Confirm link: a pack's link opens only when the learner says so."""
