"""Search: find a card by any word and practise it."""
