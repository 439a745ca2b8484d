"""Sizes of a site's parts from its IT power: every part follows from the same design conditions."""
