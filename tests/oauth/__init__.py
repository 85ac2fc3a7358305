"""Tests of apps, installations and tokens."""
