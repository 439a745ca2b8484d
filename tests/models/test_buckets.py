import numpy as np
import pytest

from models.buckets import below, bucket, padded


@pytest.mark.parametrize("size", [1, 7, 8, 9, 63, 64, 65, 1_000, 8_191, 8_193])
def test_a_bucket_holds_its_size_with_an_eighth_to_spare(size):
    assert size <= bucket(size) <= max(1.13 * size, 8)
    assert below(size) <= size <= bucket(size)
    assert bucket(below(size)) == below(size)


def test_there_are_few_buckets():
    assert len({bucket(size) for size in range(1, 10_001)}) < 100


def test_the_last_entry_fills_an_array_up():
    values = np.arange(2 * 9 * 2).reshape(2, 9, 2)
    filled = padded(values, axis=1)
    assert filled.shape == (2, bucket(9), 2)
    np.testing.assert_array_equal(filled[:, :9], values)
    assert (filled[:, 9:] == values[:, -1:]).all()
