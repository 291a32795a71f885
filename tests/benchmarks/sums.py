"""The one reading of every pixel that all ways share."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def sum_all(arrays: Iterable[NDArray]) -> int:
    return sum(int(array.sum(dtype=np.int64)) for array in arrays)
