"""What watches over daemons: grpc.health.v1 and the HTTP door."""

from __future__ import annotations

import grpc.aio
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from daemon_process import DaemonProcess

SERVING = health_pb2.HealthCheckResponse.SERVING
SERVICES = ["", "imageid.v1.ImageService", "imageid.v1.CacheService"]


@pytest.mark.parametrize("service", SERVICES)
async def test_whoever_watches_is_told_that_the_daemon_serves(
    daemon: DaemonProcess, service: str
) -> None:
    async with grpc.aio.insecure_channel(daemon.address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        watch = health.Watch(health_pb2.HealthCheckRequest(service=service), timeout=10)
        first = await anext(aiter(watch))
        watch.cancel()

    assert first.status == SERVING


async def test_whoever_asks_by_tcp_needs_no_token(daemon: DaemonProcess) -> None:
    async with grpc.aio.insecure_channel(daemon.tcp_address) as channel:
        answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())

    assert answer.status == SERVING


async def test_the_http_door_says_that_it_is_ready(daemon: DaemonProcess) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"http://{daemon.http_address}/health")

    assert answer.status_code == httpx.codes.OK
