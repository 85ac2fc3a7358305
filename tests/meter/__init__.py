"""What operations cost, and that no installation gets more than its bucket."""
