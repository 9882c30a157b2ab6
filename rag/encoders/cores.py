"""How many cores this process may use."""

import os
import sys


def count_cores() -> int:
    """Count the cores that the process may run on; where that is not known, all there are."""
    if sys.platform == "linux":  # a container or `taskset` may allow fewer than there are
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
