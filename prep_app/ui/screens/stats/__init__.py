"""Stats: how ready, how it got there, what gives trouble."""
