"""Clients that others wrote, against a server in a process of its own."""
