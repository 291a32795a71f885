"""What a request asks for, and what of it is refused."""

import pytest
from google.protobuf.duration_pb2 import Duration

from imageid.v1.types_pb2 import CacheControl
from imageid_daemon.cache import Demand, Mode
from imageid_daemon.callers import ANYONE
from imageid_daemon.service.requests import demand_of
from imageid_loaders.errors import InvalidOption


def test_a_request_without_demands_makes_none():
    assert demand_of(CacheControl(), ANYONE) == Demand()


def test_each_demand_arrives_as_what_it_is():
    control = CacheControl(
        mode=CacheControl.MODE_NO_CACHE,
        max_age=Duration(seconds=1),
        max_stale=Duration(seconds=2),
        min_fresh=Duration(seconds=3),
    )

    assert demand_of(control, ANYONE) == Demand(Mode.NO_CACHE, 1.0, 2.0, 3.0)


@pytest.mark.parametrize("field", ["max_age", "max_stale", "min_fresh"])
def test_a_time_below_zero_is_refused(field):
    with pytest.raises(InvalidOption, match=field):
        demand_of(CacheControl(**{field: Duration(seconds=-1)}), ANYONE)


def test_a_mode_of_a_later_contract_is_refused():
    with pytest.raises(InvalidOption, match="mode"):
        demand_of(CacheControl(mode=99), ANYONE)
