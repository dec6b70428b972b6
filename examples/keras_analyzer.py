# SPDX-License-Identifier: Apache-2.0
"""A Keras network on every core.    python keras_analyzer.py FRAMES    (pip install 'capillaryx[keras]')

The network here only shows where yours goes: its weights are drawn from a seed. keras.saving.load_model loads your own.
KERAS_BACKEND=openvino runs it without TensorFlow (pip install keras scipy).
"""

import sys

import numpy as np

import capillaryx


class Network(capillaryx.Analyzer):
    """Gives the network's number for each frame."""

    name = "keras_example"
    version = "1"

    def __init__(self) -> None:
        """Once in each worker. Imported here, as the driver needs no TensorFlow."""
        import keras

        keras.utils.set_random_seed(1)
        layers = [keras.layers.Conv2D(8, 3, activation="relu"), keras.layers.GlobalAveragePooling2D()]
        self.network = keras.Sequential([keras.Input((64, 64, 3)), *layers, keras.layers.Dense(1, "sigmoid")])

    def analyze(self, frame: capillaryx.Frame) -> dict[str, float]:
        """The frame's middle, 64 x 64 px, in colour."""
        top, left = frame.height // 2 - 32, frame.width // 2 - 32
        middle = np.atleast_3d(frame.pixels[top : top + 64, left : left + 64])
        batch = np.broadcast_to(middle, (64, 64, 3))[None].astype(np.float32) / 255
        return {"score": float(self.network(batch, training=False)[0, 0])}


if __name__ == "__main__":
    for result in capillaryx.analyze(sys.argv[1], analyzer=Network):
        print(result.source, result.status, result.error or dict(result.values))
