"""What all tests share: compiled functions are kept between runs, workers and the commands that tests start."""

import os
from pathlib import Path

# Set before JAX is imported. Without its fusion emitters XLA compiles the simulator in half the time (11 s to 5 s for
# a day's rollout on one core) and the same figures come out within rounding; `XLA_FLAGS= make test` compiles as in use.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_use_fusion_emitters=false")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".jax_cache"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
