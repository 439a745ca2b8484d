"""The control loop as a service: it reads the store, records decisions and writes verified setpoints.

Two processes: `coldaisle serve` decides and sends heartbeats; `coldaisle watchdog` receives them and, when they stop,
moves the plant to the site's own rule. The gateway checks every value with `verify`, which shares no code with the
rest.
"""
