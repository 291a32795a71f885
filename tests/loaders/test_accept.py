import pytest

from imageid_loaders.accept import (
    ANY,
    FRAME,
    INSTANCE,
    METADATA,
    WHOLE_INSTANCE,
    AcceptMemory,
    Place,
    is_failure_of_frame,
    is_refusal,
)

HERE = Place("https://h", "https://h/studies/1/series/2")
SAME_SERVER = Place("https://h", "https://h/studies/1/series/3")
ELSEWHERE = Place("https://other", "https://other/studies/1/series/2")


@pytest.fixture
def memory():
    return AcceptMemory(keep_seconds=600, entries=2)


@pytest.mark.parametrize("status", [400, 406, 415, 500])
def test_these_statuses_may_be_about_the_accept_field(status):
    assert is_refusal(status)


@pytest.mark.parametrize("status", [200, 304, 401, 403, 404, 410, 429, 503])
def test_these_statuses_are_final(status):
    assert not is_refusal(status)


@pytest.mark.parametrize("status", [500, 501])
def test_a_frame_that_a_server_fails_on_is_taken_from_the_whole_instance(status):
    assert is_failure_of_frame(FRAME, status)
    assert not is_failure_of_frame(INSTANCE, status)
    assert not is_failure_of_frame(FRAME, 406)


def test_a_frame_is_asked_for_as_stored_then_in_any_form_then_within_its_instance(memory):
    assert memory.order(FRAME, HERE, 0) == (FRAME, ANY, WHOLE_INSTANCE)


@pytest.mark.parametrize("accept", [INSTANCE, METADATA])
def test_any_form_comes_last(memory, accept):
    order = memory.order(accept, HERE, 0)

    assert order[0] == accept
    assert order[-1] == ANY


def test_nothing_is_learned_where_the_first_form_works(memory):
    memory.learn(FRAME, FRAME, [], HERE, 0)

    assert memory.order(FRAME, HERE, 1) == (FRAME, ANY, WHOLE_INSTANCE)


@pytest.mark.parametrize("status", [406, 415])
def test_a_refused_accept_is_remembered_for_the_server(memory, status):
    memory.learn(FRAME, ANY, [status], HERE, 0)

    assert memory.order(FRAME, SAME_SERVER, 1) == (ANY, FRAME, WHOLE_INSTANCE)
    assert memory.order(FRAME, ELSEWHERE, 1) == (FRAME, ANY, WHOLE_INSTANCE)


@pytest.mark.parametrize("status", [400, 500])
def test_a_failure_that_may_be_the_image_s_is_remembered_for_its_series_alone(memory, status):
    memory.learn(FRAME, ANY, [status], HERE, 0)

    assert memory.order(FRAME, HERE, 1) == (ANY, FRAME, WHOLE_INSTANCE)
    assert memory.order(FRAME, SAME_SERVER, 1) == (FRAME, ANY, WHOLE_INSTANCE)


def test_what_works_for_frames_says_nothing_of_instances(memory):
    memory.learn(FRAME, ANY, [406], HERE, 0)

    assert memory.order(INSTANCE, HERE, 1)[0] == INSTANCE


def test_memory_ends_after_its_time(memory):
    memory.learn(FRAME, ANY, [406], HERE, 0)

    assert memory.order(FRAME, HERE, 599)[0] == ANY
    assert memory.order(FRAME, HERE, 600)[0] == FRAME


def test_memory_is_bounded(memory):
    for number in range(3):
        memory.learn(FRAME, ANY, [406], Place(f"https://{number}", ""), 0)

    assert memory.order(FRAME, Place("https://0", "x"), 1)[0] == FRAME
    assert memory.order(FRAME, Place("https://2", "x"), 1)[0] == ANY
