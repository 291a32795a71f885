"""Three minutes of everything at once: every answer is right, and nothing grows (`make soak`)."""

from __future__ import annotations

import pytest

from soak.soaking import Soak

SHIFTS, SHIFT_SECONDS = 6, 27
SEED = 4


@pytest.mark.timeout(900)
async def test_minutes_of_everything_at_once_leave_nothing_behind(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    soak = Soak(tmp_path_factory.mktemp("d"), SEED, SHIFT_SECONDS)

    soaked = await soak.run(SHIFTS)

    print(soaked)
    assert soaked.judge() == []
    # Else it would prove little.
    assert soaked.done["load"] > 300
    assert soaked.evicted_blobs > 300
    assert soaked.worker_deaths > 0
    assert soaked.continued > 0
