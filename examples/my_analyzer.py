# SPDX-License-Identifier: Apache-2.0
"""Another algorithm on every core: how bright each frame is.    python my_analyzer.py FRAMES

or, with a table and a report:    capillaryx analyze FRAMES -o RESULTS --analyzer python:my_analyzer.py:Brightness
"""

import sys

import capillaryx


class Brightness(capillaryx.Analyzer):
    """Mean and largest value of a frame's pixels."""

    name = "brightness"
    version = "1"

    def analyze(self, frame: capillaryx.Frame) -> dict[str, float]:
        """Works on `frame.pixels`: uint8, (height, width) or (height, width, 3)."""
        if frame.pixels.max() == 0:
            raise ValueError("the frame is black")
        return {"mean": float(frame.pixels.mean()), "max": float(frame.pixels.max())}


if __name__ == "__main__":
    for result in capillaryx.analyze(sys.argv[1], analyzer=Brightness):
        print(result.source, result.status, result.error or dict(result.values))
