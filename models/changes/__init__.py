"""Models of the change of the figure since the last reading: boosting, and networks that start from simulated sites."""
