"""Tests of people and their pseudonyms."""
