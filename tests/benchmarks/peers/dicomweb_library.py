"""dicomweb-client: the series in one request at each reading, decoded by pydicom."""

from __future__ import annotations

from time import perf_counter

from dicomweb_client.api import DICOMwebClient

from benchmarks.measuring import Taken, digest_of


def read(dicomweb_url: str, study: str, series: str) -> Taken:
    """The arrays of a series, in slice order."""
    started = perf_counter()
    instances = DICOMwebClient(dicomweb_url).retrieve_series(study, series)
    instances.sort(key=lambda instance: instance.InstanceNumber)
    arrays = [instance.pixel_array for instance in instances]
    return Taken(perf_counter() - started, digest_of(arrays))
