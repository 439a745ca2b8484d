"""The control loop as a service: rows from the store, decisions to the ledger, verified setpoints to a gateway.

Two processes: `coldaisle serve` decides and beats; `coldaisle watchdog` hears the beats and, when they stop, takes the
plant to the site's own rule. Every value passes `verify` at the gateway's side before it leaves, code of its own.
"""
