"""What any service would need: settings, database, ids, clock, secrets. No feature."""
