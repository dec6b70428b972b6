# SPDX-License-Identifier: Apache-2.0
"""capillaryx.Session: arrays in, results out."""

import asyncio
import gc
import os
import sys
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest
from analyzers import Mean, Raises
from conftest import run

import capillaryx


class Lent(np.ndarray):
    """An array that a weak reference may watch."""


def picture(value: int, size: int = 64) -> np.ndarray:
    return np.full((size, size), value, np.uint8)


def test_results_come_in_the_order_of_submission() -> None:
    with capillaryx.Session(analyzer=Mean, workers=2) as session:
        thread = threading.Thread(target=lambda: [session.submit(picture(i % 200)) for i in range(300)])
        thread.start()
        results = [next(session) for _ in range(300)]
        thread.join()
        assert [result.index for result in results] == list(range(300))
        assert [result.values["mean"] for result in results] == [float(i % 200) for i in range(300)]
        assert session.status.frames_done == 300


def test_a_session_gives_what_analyze_gives(tmp_path: Path) -> None:
    frame = next(iter(capillaryx.analyze("phantom:1")))
    capillaryx.analyze_to("phantom:1", tmp_path)
    del frame
    rng = np.random.default_rng(1)
    image = rng.integers(90, 160, (240, 320, 3), np.uint8)
    with capillaryx.Session(workers=1) as session:
        session.submit(image, source="mine")
        result = next(session)
    alone = capillaryx.analyze_frame(image, source="mine")
    assert result.source == "mine"
    assert (result.density, len(result.capillaries), result.valid_px) == (
        alone.density,
        len(alone.capillaries),
        alone.valid_px,
    )


def test_iterating_ends_after_finish() -> None:
    with capillaryx.Session(analyzer=Mean, workers=1) as session:
        for value in range(5):
            session.submit(picture(value))
        session.finish()
        assert [result.values["mean"] for result in session] == [0, 1, 2, 3, 4]
        with pytest.raises(capillaryx.UsageError, match="takes no frames any more"):
            session.submit(picture(1))


def test_async_iteration_leaves_other_tasks_running() -> None:
    async def main() -> list[float]:
        with capillaryx.Session(analyzer=Mean, workers=1) as session:
            for value in range(5):
                session.submit(picture(value))
            session.finish()
            return [result.values["mean"] async for result in session]

    assert asyncio.run(main()) == [0, 1, 2, 3, 4]


def test_a_session_is_bounded() -> None:
    with capillaryx.Session(analyzer=Mean, workers=1, capacity=3) as session:
        assert session.capacity == 3
        assert [session.try_submit(picture(i)) for i in range(4)] == [0, 1, 2, None]
        assert session.wait(60)
        assert session.try_next() is not None
        assert session.try_submit(picture(9)) == 3


def test_a_frame_that_fails_is_a_result() -> None:
    with capillaryx.Session(analyzer=Raises, workers=1) as session:
        for value in range(3):
            session.submit(picture(value))
        session.finish()
        assert [result.status for result in session] == ["ok", "failed", "ok"]


def test_cancel_ends_a_wait_in_another_thread() -> None:
    session = capillaryx.Session(analyzer=Mean, workers=1)
    got: list[object] = []
    thread = threading.Thread(target=lambda: got.append(next(session, "end")))
    thread.start()
    session.cancel()
    thread.join(10)
    assert got == ["end"]
    session.close()
    session.close()


def test_arrays_are_given_back() -> None:
    array = picture(3).view(Lent)
    watched = weakref.ref(array)
    with capillaryx.Session(analyzer=Mean, workers=1) as session:
        session.submit(array)
        next(session)
        session.submit(picture(4))  # what the executor held last
        next(session)
        session.cancel()
    del array
    gc.collect()
    assert watched() is None


def test_what_is_no_picture_is_refused() -> None:
    with capillaryx.Session(analyzer=Mean, workers=1) as session, pytest.raises(ValueError, match="float64"):
        session.submit(np.zeros((64, 64)))


def test_a_wrong_option_is_told_at_the_start() -> None:
    with pytest.raises(capillaryx.Error, match="no such file"):
        capillaryx.Session(model=os.devnull + ".onnx")


@pytest.mark.parametrize("name", ["segmentation.xml", "detection.xml", "frame_classes.xml"])
def test_a_network_over_frames_gives_the_same_alone_and_in_workers(name: str) -> None:
    model = Path(__file__).resolve().parents[2] / "tests/networks" / name
    image = np.random.default_rng(2).integers(0, 255, (240, 320, 3), np.uint8)
    with capillaryx.Session(model=str(model), workers=2) as session:
        session.submit(image)
        result = next(session)
    alone = capillaryx.analyze_frame(image, model=str(model))
    assert result.status == "ok"
    assert result.values == alone.values
    assert [(each.bbox, each.score) for each in result.capillaries] == [
        (each.bbox, each.score) for each in alone.capillaries
    ]


CAMERA = """
import numpy as np

COLOR_BGR2RGB = 0


def cvtColor(image, code):
    return np.ascontiguousarray(image[:, :, ::-1])


class VideoCapture:
    def __init__(self, source):
        self.left = 5

    def read(self):
        self.left -= 1
        return self.left >= 0, np.full((120, 160, 3), 120, np.uint8)
"""


def test_the_capture_loop_of_the_examples_is_short_and_runs(tmp_path: Path) -> None:
    """With OpenCV's own names over a camera that is none, as the package does not need OpenCV."""
    example = Path(__file__).resolve().parents[2] / "examples/capture_loop.py"
    assert len(example.read_text().splitlines()) < 60
    (tmp_path / "cv2.py").write_text(CAMERA)
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    said = run("/usr/bin/env", f"PYTHONPATH={paths}", sys.executable, example, "0")
    assert [line.split()[:2] for line in said.splitlines()] == [[str(i), "ok"] for i in range(5)]
