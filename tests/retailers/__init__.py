"""Tests of the retailers' seam."""
