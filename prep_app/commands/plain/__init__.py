"""prep study --plain: the whole of studying as lines of text in and out, without a screen."""
