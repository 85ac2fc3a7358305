"""The log: what happened to a brand, numbered 1, 2, 3, and its readers."""
