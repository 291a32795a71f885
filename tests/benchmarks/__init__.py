"""Speed, measured and asserted nowhere: `make bench` runs every module that is named here."""

MODULES = (
    "warm_series",
    "warm_image",
    "cold_first_byte",
    "cold_series",
    "cold_pixels",
    "warm_stacks",
    "memory",
    "growth",
    "start",
    "stat",
    "eviction",
    "decode",
)
