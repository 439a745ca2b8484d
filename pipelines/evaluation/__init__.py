"""Controls driven in closed loop against plants that they know through sensors and setpoints only."""
