import jax
import numpy as np
import pytest
from flax import serialization

from models.cascade.cascade import outcome
from models.cascade.saving import from_bytes, to_bytes
from tests.models.cascade.test_learn import plant


def test_saved_cascade_says_the_same(learned):
    again = from_bytes(to_bytes(learned.cascade))
    ours, theirs = outcome(learned.cascade, plant()), outcome(again, plant())
    assert all(
        np.array_equal(a, b) for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True)
    )


@pytest.mark.parametrize("data", [b"", b"not msgpack", serialization.msgpack_serialize({"format": 1})])
def test_damaged_bytes_are_refused(data):
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong, it is one error
        from_bytes(data)


def test_other_format_is_refused_by_number():
    with pytest.raises(ValueError, match="its format is 99"):
        from_bytes(serialization.msgpack_serialize({"format": 99, "cascade": {}}))


def test_values_that_are_not_finite_are_refused(learned):
    broken = learned.cascade.replace(inlet_rise_k=np.float32(np.nan))
    with pytest.raises(ValueError, match="not finite"):
        from_bytes(to_bytes(broken))
