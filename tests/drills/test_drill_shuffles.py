"""The shuffles of the drill, a few of them."""

from pathlib import Path

import pytest
from shuffles import drawn, drill


@pytest.mark.timeout(300)
def test_a_reading_is_a_function_of_bytes_alone(tmp_path: Path) -> None:
    paths = [path for path in drawn(tmp_path, 60) if "100000" not in path.name]
    found = drill(paths, 2, (1, 2))
    assert found["readings"] == 4 * len(paths)
    assert found["different"] == []
    assert found["stopped_by_the_clock"] == []
