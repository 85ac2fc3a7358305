"""Hashcart: replies on a brand's posts become carts. The map is in README.md beside this file."""
