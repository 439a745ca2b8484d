"""Controls driven in closed loop against plants that they see only through sensors and setpoints."""
