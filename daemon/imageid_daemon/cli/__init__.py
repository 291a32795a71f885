"""The command line `imageid`: one module for each group of verbs.

Its verbs are a client of the running daemon like any other program. What is slow to import
(gRPC, numpy, rich) is imported by the verb that needs it, so that `imageid --help` is quick.
"""

from imageid_daemon.cli.command_line import main

__all__ = ["main"]
