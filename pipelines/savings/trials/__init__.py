"""Randomised trials of a site: their plan, whether it was obeyed, and what it says."""
