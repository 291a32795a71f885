"""What is kept: immutable blobs on disk, and the entries that say which blob answers which key."""

from imageid_daemon.cache.entry import Entry
from imageid_daemon.cache.failures import Failures
from imageid_daemon.cache.freshness import Demand, Mode, Verdict
from imageid_daemon.cache.ledger import Ledger
from imageid_daemon.cache.store import Reservation, Store

__all__ = [
    "Demand",
    "Entry",
    "Failures",
    "Ledger",
    "Mode",
    "Reservation",
    "Store",
    "Verdict",
]
