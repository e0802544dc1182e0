"""Browse: every card, found by its words and by how it stands, read, practised and changed."""
