import numpy as np
import pytest

from models.buckets import bucket, padded


@pytest.mark.parametrize(("size", "held"), [(1, 1), (2, 2), (3, 4), (64, 64), (65, 128), (8_193, 16_384)])
def test_a_bucket_is_the_next_power_of_two(size, held):
    assert bucket(size) == held


def test_the_last_entry_fills_an_array_up():
    values = np.arange(2 * 9 * 2).reshape(2, 9, 2)
    filled = padded(values, axis=1)
    assert filled.shape == (2, bucket(9), 2)
    np.testing.assert_array_equal(filled[:, :9], values)
    assert (filled[:, 9:] == values[:, -1:]).all()
