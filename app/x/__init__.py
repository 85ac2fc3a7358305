"""The seam to X: its payloads, tolerant of both spellings, and its signatures."""
