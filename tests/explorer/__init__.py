"""The first page and the explorer: what is served, and what it was built from."""
