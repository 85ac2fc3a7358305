"""Tests of shoppable tweets."""
