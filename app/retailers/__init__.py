"""Where carts live: the seam to retailers, and the adapters behind it."""
