"""Loaders: each knows one family of imageId schemes, and none knows the daemon.

`base` is the contract, `errors` the vocabulary of failure, `testing` the conformance
suite; the other modules are the built-in loaders.
"""
