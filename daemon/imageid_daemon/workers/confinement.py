"""What a worker may take of the machine, set by itself before it reads anything."""

from __future__ import annotations

import ctypes
import math
import os
import resource
import signal

import msgspec

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_OPEN_FILES = 64


class Limits(msgspec.Struct, frozen=True):
    """Of one worker.

    Args:
        memory_bytes: that it may have to itself, and the largest file that it may write.
        cpu_seconds: of processor time for one job, rounded up.
        wall_seconds: on the clock for one job.
    """

    memory_bytes: int
    cpu_seconds: float
    wall_seconds: float


def confine(limits: Limits, parent: int) -> None:
    """Take the rights away that decoding does not need, for good.

    Args:
        parent: the process without which this one must not live.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for option, value in (
        (_PR_SET_PDEATHSIG, signal.SIGKILL),
        (_PR_SET_NO_NEW_PRIVS, 1),
        # Workers of one user could otherwise read each other's memory.
        (_PR_SET_DUMPABLE, 0),
    ):
        if prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"prctl {option} is refused")
    if os.getppid() != parent:
        os._exit(1)  # it died before this process had asked to hear of it
    # DATA, not AS: what is mapped from files, as the source may be, costs no memory.
    for number, value in (
        (resource.RLIMIT_DATA, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.memory_bytes),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _lower(number, value)


def grant_cpu(seconds: float) -> None:
    """Allow that much processor time from now on; SIGXCPU ends the process after it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = math.ceil(used.ru_utime + used.ru_stime + seconds)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _lower(number: int, value: int) -> None:
    hard = resource.getrlimit(number)[1]
    lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(number, (lowest, lowest))
