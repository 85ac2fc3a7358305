"""Measurements of the product against what its parts could do at best. Start with README.md."""
