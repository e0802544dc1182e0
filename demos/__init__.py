"""Mini-demos: one file, one idea, and checks that prove an answer's claims."""
