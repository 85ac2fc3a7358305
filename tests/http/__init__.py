"""The server as seen through HTTP."""
