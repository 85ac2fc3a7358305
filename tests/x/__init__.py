"""Tests of the seam to X."""
