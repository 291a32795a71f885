"""Speed, measured and asserted nowhere: `make bench` runs every module that is named here."""

MODULES = ("warm_series", "decode")
