"""What imageid is to reach: each bar once, under the name that a benchmark says it by.

Ratios are of medians, of ways that take turns in one run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["PASS", "SHORT", "-"]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bound from above or from below.

    Args:
        measure: what is measured, for people.
        unit: with the space before it; a ratio has none.
        at_most: 0 means that there is no such bound.
    """

    measure: str
    unit: str = ""
    at_most: float = 0
    at_least: float = 0

    def verdict(self, value: float) -> Verdict:
        """Whether a value keeps to it; "-" where there is nothing to keep to."""
        if not self.at_most and not self.at_least:
            return "-"
        kept = value >= self.at_least and (not self.at_most or value <= self.at_most)
        return "PASS" if kept else "SHORT"

    def __str__(self) -> str:
        if self.at_most:
            return f"≤ {self.at_most:g}{self.unit}"
        return f"≥ {self.at_least:g}{self.unit}" if self.at_least else ""


REACH: dict[str, Bar] = {
    "mapped/diskcache": Bar("500 warm slices as arrays: diskcache / imageid", at_least=8),
    "summed/floor": Bar("the same, summed: imageid / mapping the files", at_most=1.25),
    "summed/diskcache": Bar("the same, summed: diskcache / imageid", at_least=2),
    "jpeg_2000/pydicom": Bar("the same as JPEG 2000: pydicom / imageid", at_least=50),
    "one_image/empty_call": Bar("one warm 512 KiB image: imageid / an empty call", at_most=1.4),
    "stream/bare_grpc": Bar("64 MiB streamed: bare gRPC / imageid", at_least=0.9),
    "stream/bazel_remote": Bar("64 MiB streamed: bazel-remote / imageid", at_least=1.0),
    "first_byte/origin": Bar("first byte of a cold image: imageid - httpx", " ms", at_most=5),
    "series/frame_by_frame": Bar("cold series of 200: imageid / httpx frame by frame", at_most=0.6),
    "series/one_request": Bar("cold series of 200: imageid / httpx in one request", at_most=1.3),
    "multi_frame/frame_by_frame": Bar(
        "120 cold frames of an instance: imageid / httpx frame by frame", at_most=0.3
    ),
    "one_by_one/httpx": Bar("cold frames one after the other: imageid / httpx", at_most=1.25),
    "eight_processes/one": Bar("the cold series in 8 processes / in one", at_most=1.5),
    "cold_pixels/imagecodecs": Bar(
        "pixels of 200 cold JPEG 2000 slices: imagecodecs / imageid", at_least=0.9
    ),
    "beside/ready_before": Bar("prefetched slices ready before one that is looked at", at_most=4),
    "hits/empty_calls": Bar("warm hits, 16 callers: imageid / empty calls", at_least=0.85),
    "hits/load_images": Bar("the same by LoadImages, per image", at_least=8),
    "warm/dicomweb_client": Bar("200 warm slices: dicomweb-client, Orthanc / imageid", at_least=1),
    "warm/hishel": Bar("200 warm slices: httpx, hishel, pydicom / imageid", at_least=1),
    "warm/nginx": Bar("200 warm slices: httpx, nginx, pydicom / imageid", at_least=1),
    "memory/idle": Bar("memory of an idle daemon", " MiB", at_most=120),
    "memory/streamed": Bar("and more after 2 GiB to 4 readers", " MiB", at_most=64),
    "growth/10000": Bar("a hit among 10 000 entries / among 1 000", at_most=1.2),
    "growth/200000": Bar("a hit among 200 000 entries / among 1 000", at_most=1.2),
}
