"""Study: the question, its answer below, the demo beside it, the grade."""
