"""How many cores this process may use, and whether they multiply bytes quickly."""

import os
import re
import sys
from pathlib import Path

BYTE_PRODUCTS = {"avx512_vnni", "avx_vnni", "amx_int8"}
"""As the Linux kernel names them. On x86 without one of them, ONNX Runtime adds products of bytes
in 16 bits, where they overflow."""


def count_cores() -> int:
    """Count the cores that the process may run on; where that is not known, all there are."""
    if sys.platform == "linux":  # a container or `taskset` may allow fewer than there are
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def multiplies_bytes(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Tell whether the processor is known to add products of bytes in 32 bits, at once.

    Args:
        cpuinfo: what Linux says of the processors; elsewhere there is no such file, and no answer.
    """
    try:
        content = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    flags = re.search(r"^flags\s*:(.*)$", content, re.MULTILINE)
    return flags is not None and not BYTE_PRODUCTS.isdisjoint(flags[1].split())
