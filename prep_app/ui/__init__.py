"""The terminal interface. It decides nothing: it asks practice, memory and the lab, and shows what they say."""
