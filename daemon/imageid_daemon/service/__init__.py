"""The doors: gRPC for programs, HTTP for Prometheus and people. Decides nothing."""

from imageid_daemon.service.grpc_server import Door, GrpcServer
from imageid_daemon.service.http_server import HttpServer
from imageid_daemon.service.locality import Locality

__all__ = ["Door", "GrpcServer", "HttpServer", "Locality"]
