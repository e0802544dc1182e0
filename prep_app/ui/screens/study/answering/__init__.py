"""Where an answer is given: one widget a kind of card, all with the same few methods."""
