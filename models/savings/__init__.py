"""Savings after the fact: what a plant would have needed without control, and how certain that is; arrays only."""
