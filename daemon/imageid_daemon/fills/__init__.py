"""What is on its way: one fill a key, followed by any number of callers while it grows."""

from imageid_daemon.fills.abandonment import Patience
from imageid_daemon.fills.body import Blob, Body, Unreadable
from imageid_daemon.fills.fill import Fill
from imageid_daemon.fills.fills import Fills
from imageid_daemon.fills.gathered_pieces import gathered_pieces
from imageid_daemon.fills.spool import Spool

__all__ = ["Blob", "Body", "Fill", "Fills", "Patience", "Spool", "Unreadable", "gathered_pieces"]
