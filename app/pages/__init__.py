"""The shopper's own page: what she saved, what became of it, and what she lets us do."""
