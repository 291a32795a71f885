"""The way to origins: which may be asked, with what credentials, how many at a time.

`Origins` gives loaders their transport. Everything that decides is a pure module of its
own; `connections` alone speaks HTTP.
"""

from imageid_daemon.origins.transport import OriginMetrics, Origins

__all__ = ["OriginMetrics", "Origins"]
