"""The one policy: which stored copy, running fill, fetch or derivation answers an imageId."""

from imageid_daemon.resolver.answer import Answer, CacheStatus, Output, Timing
from imageid_daemon.resolver.derivations import Derivations, description_of
from imageid_daemon.resolver.metadata_batch import Described
from imageid_daemon.resolver.resolver import Resolver, Stat
from imageid_daemon.resolver.sources import Sources

__all__ = [
    "Answer",
    "CacheStatus",
    "Derivations",
    "Described",
    "Output",
    "Resolver",
    "Sources",
    "Stat",
    "Timing",
    "description_of",
]
