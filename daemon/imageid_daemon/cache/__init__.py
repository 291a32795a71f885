"""What is kept: immutable blobs on disk, and the entries that say which blob answers which key."""

from imageid_daemon.cache.disk_state import DiskState
from imageid_daemon.cache.entry import Entry
from imageid_daemon.cache.failures import Failures
from imageid_daemon.cache.freshness import Demand, Mode, Verdict
from imageid_daemon.cache.held_file import HeldFile
from imageid_daemon.cache.ledger import Ledger
from imageid_daemon.cache.partial_files import Partial
from imageid_daemon.cache.partials import Growth, Keeping, Kept, Partials
from imageid_daemon.cache.room import Reservation
from imageid_daemon.cache.rows import Pin
from imageid_daemon.cache.store import Store
from imageid_daemon.cache.trust import Verify, VerifyProgress

__all__ = [
    "Demand",
    "DiskState",
    "Entry",
    "Failures",
    "Growth",
    "HeldFile",
    "Keeping",
    "Kept",
    "Ledger",
    "Mode",
    "Partial",
    "Partials",
    "Pin",
    "Reservation",
    "Store",
    "Verdict",
    "Verify",
    "VerifyProgress",
]
