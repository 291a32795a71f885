"""The one policy: which stored copy, running fill, fetch or derivation answers an imageId."""

from imageid_daemon.resolver.answer import Answer, CacheStatus, Output, Timing
from imageid_daemon.resolver.catalogue import Catalogue, Evicted, Listed
from imageid_daemon.resolver.derivations import Derivations, description_of
from imageid_daemon.resolver.grounds import Grounds
from imageid_daemon.resolver.metadata_batch import Described
from imageid_daemon.resolver.prefetch import Prefetched
from imageid_daemon.resolver.resolver import Keep, Resolver
from imageid_daemon.resolver.sources import Sources
from imageid_daemon.resolver.stat import Stat

__all__ = [
    "Answer",
    "CacheStatus",
    "Catalogue",
    "Derivations",
    "Described",
    "Evicted",
    "Grounds",
    "Keep",
    "Listed",
    "Output",
    "Prefetched",
    "Resolver",
    "Sources",
    "Stat",
    "Timing",
    "description_of",
]
