"""Benchmarks, run by hand: `make bench [ONLY=name]`. Each module has `run() -> list[dict]`, a row per case."""
