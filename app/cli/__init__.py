"""The command line: everything an operator does, and the demo."""
