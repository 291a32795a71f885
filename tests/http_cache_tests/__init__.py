"""Not tests: the public suite of HTTP caches against the daemon, for `make http-cache-tests`."""
