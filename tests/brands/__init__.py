"""Tests of brands."""
