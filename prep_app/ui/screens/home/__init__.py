"""Home: what is due, how each question stands, one key to start."""
