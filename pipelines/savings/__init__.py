"""Measurement and verification: what was saved, how certain that is, and what may not be claimed."""
