"""Keep freed memory from piling up.

A call allocates pictures of a few hundred kilobytes in several threads, all day. glibc then raises its own threshold
for mapping such blocks, keeps them in one heap per thread, and the process grows by some 8 MB a call although nothing
is held (docs/decisions/0004).
"""

from __future__ import annotations

import ctypes
import sys

# Names and numbers from glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_BLOCK = 4 * 1024 * 1024


def settle_allocator() -> bool:
    """Fix glibc's thresholds; False where the C library is another one. Call it before threads start."""
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    wanted = ((_M_ARENA_MAX, 2), (_M_TRIM_THRESHOLD, _BLOCK), (_M_MMAP_THRESHOLD, _BLOCK))
    return all(mallopt(name, value) == 1 for name, value in wanted)
