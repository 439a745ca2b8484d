"""Columns of text with few distinct values: the values, and the place of each row's among them."""

import numpy as np
import pyarrow as pa


def encoded(column: pa.ChunkedArray) -> tuple[pa.Array, np.ndarray]:
    """Distinct texts, and the place [rows] of each row's among them; past the last where it is NULL."""
    # Chunk by chunk with one dictionary: put together first, texts would be copied, at three times the cost.
    chunks = column.dictionary_encode().chunks
    if not chunks:
        return pa.array([], column.type), np.empty(0, np.int32)
    distinct = chunks[-1].dictionary
    return distinct, np.concatenate(
        [chunk.indices.fill_null(len(distinct)).to_numpy(zero_copy_only=False) for chunk in chunks]
    )
