"""What is on its way: one fill a key, followed by any number of callers while it grows."""

from imageid_daemon.fills.body import Blob, Body
from imageid_daemon.fills.fill import Fill
from imageid_daemon.fills.fills import Fills
from imageid_daemon.fills.spool import Spool
from imageid_daemon.fills.to_its_end import job_to_its_end, to_its_end

__all__ = ["Blob", "Body", "Fill", "Fills", "Spool", "job_to_its_end", "to_its_end"]
