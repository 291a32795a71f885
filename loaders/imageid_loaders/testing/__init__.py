"""The conformance suite for loaders, for pytest.

Subclass `LoaderTests`, give its fixtures, and the tests that every loader has to pass are
inherited; `ListerTests` likewise for a loader that can list. They are plain functions, no
plug-in of pytest is needed. For readable failures, a conftest.py has
`pytest.register_assert_rewrite("imageid_loaders.testing")`.
"""

from imageid_loaders.testing.lister_tests import ListerTests
from imageid_loaders.testing.loader_tests import LoaderTests
from imageid_loaders.testing.loading import Loaded, list_images, load, run
from imageid_loaders.testing.transports import BrokenTransport, DeadTransport, HttpTransport

__all__ = [
    "BrokenTransport",
    "DeadTransport",
    "HttpTransport",
    "ListerTests",
    "Loaded",
    "LoaderTests",
    "list_images",
    "load",
    "run",
]
