"""What the benchmarks conclude, and what they ask: not how fast anything is."""
