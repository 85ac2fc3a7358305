"""The engine: compiled reads against golden files, the reference and strangers' tokens."""
