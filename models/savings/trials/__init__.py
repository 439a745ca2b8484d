"""Randomised trials: when control is on and off, how long it takes, and what the difference says."""
