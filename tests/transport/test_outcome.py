"""What an answer says of the server, apart from the image."""

import pytest

from imageid_daemon.origins.connections import Unreached
from imageid_daemon.origins.gate import Outcome
from imageid_daemon.origins.outcome import of_failure, of_status
from imageid_loaders.errors import OriginTimeout, Unavailable


@pytest.mark.parametrize("status", [200, 206, 304, 401, 403, 404, 410, 500])
def test_what_is_about_one_image_says_nothing_bad_of_the_server(status):
    assert of_status(status, None) == Outcome()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (429, Outcome(slow=True)),
        (502, Outcome(failed=True)),
        (503, Outcome(failed=True, slow=True)),
        (504, Outcome(failed=True, slow=True)),
    ],
)
def test_what_is_about_the_server(status, outcome):
    assert of_status(status, None) == outcome


def test_who_says_when_to_come_again_is_not_down():
    assert of_status(503, 120.0) == Outcome(slow=True)


def test_too_many_requests_holds_for_all_of_them_for_as_long_as_a_caller_can_wait():
    assert of_status(429, 3.0) == Outcome(slow=True, pause_seconds=3.0)
    assert of_status(429, 3600.0) == Outcome(slow=True, pause_seconds=10.0)


def test_silence_is_both_and_a_refused_connection_a_failure():
    silent = Unreached(OriginTimeout("silent"), is_temporary=False)
    closed = Unreached(Unavailable("closed"), is_temporary=True)

    assert of_failure(silent) == Outcome(failed=True, slow=True)
    assert of_failure(closed) == Outcome(failed=True)


def test_a_certificate_that_is_not_trusted_keeps_its_own_message():
    untrusted = Unreached(Unavailable("TLS failed"), is_temporary=False)

    assert of_failure(untrusted) is None
