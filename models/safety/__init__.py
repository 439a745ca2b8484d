"""The safety layer: pure checks without learned parts that run last on every decision.

`layer.final` is what a controller calls; every other module is one of the mechanisms that DeepMind reported
("Safety-first AI for autonomous data centre cooling", 2018): `monitor` watches constraints, `backup` is the neutral
state and the site's own rule, `transfer` moves without bumps, `confidence` is the gate, `declared` holds what an
engineer declared; overrides win in `layer`. Verification by the receiver and the heartbeat are in
`pipelines.operations`, code of their own.
"""
