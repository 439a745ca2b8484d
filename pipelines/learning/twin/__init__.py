"""A site's twin: the simulator's plant fitted to its telemetry, judged, registered and used."""
