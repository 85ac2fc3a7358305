"""The log: numbers without gaps, events with their change or not at all."""
