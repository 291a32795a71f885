"""One table from reasons to codes, and it is the contract's."""

import inspect
import re
from pathlib import Path

import grpc

from imageid_daemon.service.errors import CODES, status_of
from imageid_loaders import errors
from imageid_loaders.errors import RateLimited

CONTRACT = Path(__file__).parents[2] / "proto" / "imageid" / "v1" / "image_service.proto"


def test_the_table_in_the_contract_is_the_codes():
    rows = re.findall(r"^//   ([A-Z_]+) +([A-Z_]+) {2,}\S", CONTRACT.read_text(), re.MULTILINE)

    assert dict(rows) == {reason: code.name for reason, code in CODES.items()}


def test_every_kind_of_error_has_a_code():
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    reasons = {kind.reason for kind in kinds if issubclass(kind, errors.ImageError)}

    assert len(reasons) > 15
    assert reasons <= CODES.keys()


def test_an_origin_that_says_when_to_come_back_is_quoted():
    status = status_of(RateLimited("Too many.", retry_after_seconds=1.5))

    assert status.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
    assert [detail.TypeName() for detail in status.details] == [
        "google.rpc.ErrorInfo",
        "google.rpc.RetryInfo",
    ]
