"""Tests of the door and the desk."""
