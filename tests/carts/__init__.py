"""Tests of cart intents."""
