"""The measured answers by SQL and Python written by hand, one form of them or several."""
