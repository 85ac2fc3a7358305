"""Compiled reads: document, plan, statement, bytes. Start with README.md in this folder."""
