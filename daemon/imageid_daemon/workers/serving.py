"""A worker's life: receive a job, do it, answer, until the daemon hangs up."""

from __future__ import annotations

import errno
import os
import socket
import traceback
from collections.abc import Mapping, Sequence
from itertools import count
from typing import NamedTuple

import msgspec

from imageid_daemon.workers import wire
from imageid_daemon.workers.confinement import grant_cpu
from imageid_daemon.workers.signatures import Signature
from imageid_loaders.errors import DecodeLimit, ImageError


class Ends(NamedTuple):
    """Of what joins a worker and the daemon.

    Args:
        link: answers go out here.
        tray: jobs come in here.
        page: what is too long for a packet is written here.
    """

    link: socket.socket
    tray: socket.socket
    page: int


def serve(ends: Ends, signatures: Mapping[str, Signature], cpu_seconds: float) -> None:
    """Do jobs, one after the other."""
    link, tray, page = ends
    jobs = msgspec.msgpack.Decoder(wire.Job)
    places = count()
    while (received := wire.receive_with_files(tray, page)) is not None:
        payload, descriptors = received
        grant_cpu(cpu_seconds)
        job = jobs.decode(payload)
        reply = wire.Reply(job.number, perform(job, descriptors, signatures))
        for descriptor in descriptors:
            os.close(descriptor)
        wire.send(link, page, msgspec.msgpack.encode(reply), place=next(places))


def perform(
    job: wire.Job, descriptors: Sequence[int], signatures: Mapping[str, Signature]
) -> wire.Answer:
    """Do one job; whatever comes of it is an answer."""
    signature = signatures[job.task]
    paths = iter(f"/proc/self/fd/{descriptor}" for descriptor in descriptors)
    source = next(paths) if job.has_source else ""
    target = next(paths) if job.has_target else ""
    try:
        result = signature.task(source, target, *signature.arguments.decode(job.arguments))
    except ImageError as error:
        return _failed(error)
    except MemoryError:
        return _failed(_too_much("memory"))
    except OSError as error:
        if error.errno == errno.EFBIG:
            return _failed(_too_much("space"))
        return wire.FileRefused(error.errno or errno.EIO)
    except Exception as error:
        # The stack without the message, which may quote the image.
        stack = "".join(traceback.format_tb(error.__traceback__))
        return wire.Broken(type(error).__name__, stack)
    return wire.Done(msgspec.Raw(msgspec.msgpack.encode(result)))


def _failed(error: ImageError) -> wire.Failed:
    return wire.Failed(error.reason, error.message, error.metadata)


def _too_much(what: str) -> DecodeLimit:
    return DecodeLimit(
        f"the image was not decoded because that takes more {what} than a worker may have; "
        "ask for ENCODED, or raise [decode] memory"
    )
