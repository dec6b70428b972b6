# SPDX-License-Identifier: Apache-2.0
"""NumPy arrays as pictures."""

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

EXPECTED = "expected a uint8 or uint16 array of shape (height, width) or (height, width, 3)"


def as_picture(image: npt.ArrayLike) -> npt.NDArray[Any]:
    """`image` as an array whose pixels are packed and whose rows go forward; copied only where it is not so already.

    Raises ValueError where it is no picture.
    """
    array = np.asarray(image)
    if array.dtype.kind != "u" or array.dtype.itemsize > 2:
        raise ValueError(f"{EXPECTED}, not dtype {array.dtype}")
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)):
        raise ValueError(f"{EXPECTED}, not shape {array.shape}")
    if array.size == 0 or max(array.shape) > 2**31 - 1:
        raise ValueError(f"{EXPECTED} with at least one pixel, not shape {array.shape}")
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    size = array.itemsize
    packed = array.strides[1:] == ((size,) if array.ndim == 2 else (3 * size, size))
    forward = array.strides[0] >= size * prod(array.shape[1:])
    return array if packed and forward else np.ascontiguousarray(array)
