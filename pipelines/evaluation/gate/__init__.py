"""The gate between challenger and champion: judged on the time since it was trained, then promoted, kept or refused."""

from pipelines.evaluation.gate.gate import Verdict, challengers, compare, judge

__all__ = ["Verdict", "challengers", "compare", "judge"]
