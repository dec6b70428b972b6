# SPDX-License-Identifier: Apache-2.0
"""Measures a camera that OpenCV opens, while it runs: `python capture_loop.py 0`, or a video file in place of 0."""

import sys

import cv2

import capillaryx


def main() -> None:
    """A frame that finds the session full is left out: a camera does not wait."""
    camera = cv2.VideoCapture(int(sys.argv[1]) if sys.argv[1].isdigit() else sys.argv[1])
    with capillaryx.Session() as session:
        while True:
            there, bgr = camera.read()
            if not there:
                break
            session.try_submit(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
            while (result := session.try_next()) is not None:
                print(result.index, result.status, len(result.capillaries), result.density)
        session.finish()
        for result in session:
            print(result.index, result.status, len(result.capillaries), result.density)


if __name__ == "__main__":
    main()
