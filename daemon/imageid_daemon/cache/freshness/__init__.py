"""When a stored answer may be used: RFC 9111 for a private cache, as pure functions.

`headers` have lower-case names. Times are Unix seconds, passed in; nothing here does I/O.
"""

from imageid_daemon.cache.freshness.demand import Demand, Mode
from imageid_daemon.cache.freshness.failures import failure_lifetime_seconds
from imageid_daemon.cache.freshness.lifetime import (
    age_seconds,
    fresh_until_seconds,
    lifetime_seconds,
)
from imageid_daemon.cache.freshness.storing import (
    confirms,
    declared_immutable,
    is_public,
    kept,
    renewed,
    storable,
)
from imageid_daemon.cache.freshness.variants import matches, nominated
from imageid_daemon.cache.freshness.verdict import Verdict, bridges_failure, judge

__all__ = [
    "Demand",
    "Mode",
    "Verdict",
    "age_seconds",
    "bridges_failure",
    "confirms",
    "declared_immutable",
    "failure_lifetime_seconds",
    "fresh_until_seconds",
    "is_public",
    "judge",
    "kept",
    "lifetime_seconds",
    "matches",
    "nominated",
    "renewed",
    "storable",
]
