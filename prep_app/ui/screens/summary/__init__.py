"""Summary: the session's score, what slipped, what comes when."""
