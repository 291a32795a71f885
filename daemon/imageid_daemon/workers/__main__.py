"""Where the daemon starts its fork server: CONTROL-DESCRIPTOR TASKS-MODULE LIMITS-JSON."""

from __future__ import annotations

import gc
import socket
import sys
from importlib import import_module

import msgspec

from imageid_daemon.workers import signatures
from imageid_daemon.workers.confinement import Limits
from imageid_daemon.workers.fork_server import ForkServer

if __name__ == "__main__":
    control = socket.socket(fileno=int(sys.argv[1]))
    limits = msgspec.json.decode(sys.argv[3], type=Limits)
    found = signatures.of_module(sys.argv[2])
    import_module(sys.argv[2]).prepare()
    # What is there now is never garbage: leaving it alone keeps its pages shared.
    gc.collect()
    gc.freeze()
    ForkServer(control, found, limits).run()
