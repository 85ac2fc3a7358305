"""Hashcart's tests. How to run them is in README.md beside this file."""
