"""Marking: from what the learner said to a mark and a suggested grade."""
