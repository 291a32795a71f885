"""Processes that read bytes from outside, so that the daemon need not: a pool of them.

What they say is believed no more than what they read: answers are typed, bounded and never
pickled, and results are files whose length the daemon checks.
"""

from imageid_daemon.workers import tasks
from imageid_daemon.workers.confinement import Limits
from imageid_daemon.workers.outcome import Crashed, Interrupted
from imageid_daemon.workers.pool import Pool

__all__ = ["Crashed", "Interrupted", "Limits", "Pool", "tasks"]
