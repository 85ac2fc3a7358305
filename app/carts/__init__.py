"""Cart intents: what became of each reply that asked for a cart."""
