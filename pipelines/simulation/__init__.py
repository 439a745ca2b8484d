"""The simulator in the place of a plant: exports for ingestion, trials, closed loops, second opinions."""
