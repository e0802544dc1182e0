"""What the learner did (the journal) and what follows from it: card memory, queue, statistics."""
