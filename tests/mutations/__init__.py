"""Mutations: what is done once, what is refused, what is told, over a real server."""
