"""Tests of what any service would need."""
