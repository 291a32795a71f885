"""Speed, measured and asserted nowhere: `make bench` runs every module that is named here."""

MODULES: dict[str, tuple[str, ...]] = {
    "warm_series": ("mapped/diskcache", "summed/floor", "summed/diskcache", "jpeg_2000/pydicom"),
    "warm_image": (
        "one_image/empty_call",
        "stream/bare_grpc",
        "stream/bazel_remote",
        "hits/empty_calls",
        "hits/load_images",
    ),
    "warm_stacks": ("warm/dicomweb_client", "warm/hishel", "warm/nginx"),
    "cold_first_byte": ("first_byte/origin",),
    "cold_series": (
        "series/frame_by_frame",
        "series/one_request",
        "multi_frame/frame_by_frame",
        "one_by_one/httpx",
        "eight_processes/one",
    ),
    "cold_pixels": ("cold_pixels/imagecodecs",),
    "prefetch_beside": ("beside/ready_before",),
    "memory": ("memory/idle", "memory/streamed"),
    "growth": ("growth/10000", "growth/200000"),
    "start": (),
    "stat": (),
    "eviction": (),
    "decode": (),
}
"""Each benchmark, and the bars of `reach.REACH` that it measures."""
