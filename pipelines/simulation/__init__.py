"""Simulated plants in place of a real one: exports for ingestion, trials, closed loops, what-if studies."""
