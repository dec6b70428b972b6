# SPDX-License-Identifier: Apache-2.0
"""Trains the network on regions, and measures it."""

import os
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import network
import numpy as np
import tensorflow as tf
from regions import Regions

PART_WEIGHT = 0.4
THREADS = 2  # fixed: the order of sums, and with it every bit of the weights, depends on it


def fix_random_numbers(seed: int) -> None:
    """From here on the same seed gives the same weights, bit for bit, on one machine."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def weights(regions: Regions) -> Any:
    """How much each region counts. A part of a capillary looks much like a capillary: it counts less."""
    return np.where(regions.parts, PART_WEIGHT, 1.0).astype(np.float32)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Shuffled, augmented batches: flips, quarter turns, shifts, and the tone as another camera would show it."""

    def __init__(self, regions: Regions, batch: int, seed: int) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self.regions = regions
        self.batch = batch
        self.seed = seed
        self.epoch = 0
        self.weights = weights(regions)
        self.order = self._shuffled()

    def _shuffled(self) -> Any:
        return np.random.default_rng((self.seed, self.epoch)).permutation(len(self.regions))

    def start(self, epoch: int) -> None:
        """Shuffles for that epoch."""
        self.epoch = epoch
        self.order = self._shuffled()

    def on_epoch_end(self) -> None:
        self.start(self.epoch + 1)

    def __len__(self) -> int:
        return len(self.regions) // self.batch

    def __getitem__(self, index: int) -> tuple[Any, Any, Any]:
        random = np.random.default_rng((self.seed, self.epoch, index))
        chosen = self.order[index * self.batch : (index + 1) * self.batch]
        return augmented(self.regions.inputs[chosen], random), self.regions.labels[chosen], self.weights[chosen]


def augmented(inputs: Any, random: np.random.Generator) -> Any:
    """Copies of inputs [n, INPUT_PX, INPUT_PX, INPUT_PLANES] as they might as well have been."""
    inputs = inputs.copy()
    n = len(inputs)
    for axis in (1, 2):
        flip = random.random(n) < 0.5
        inputs[flip] = np.flip(inputs[flip], axis)
    turn = random.random(n) < 0.5
    inputs[turn] = inputs[turn].transpose(0, 2, 1, 3)
    shift = random.integers(-2, 3, (n, 2))
    for i in range(n):
        if shift[i].any():
            padded = np.pad(inputs[i], ((2, 2), (2, 2), (0, 0)), mode="edge")
            y, x = 2 + shift[i]
            inputs[i] = padded[y : y + inputs.shape[1], x : x + inputs.shape[2]]
    # All planes together: the frame's spread is a rough measure. Colours apart: cameras differ in their matrix.
    # What belongs to the region, and how dark it is by itself, stays.
    inputs[..., :3] *= np.exp(random.normal(0, 0.15, (n, 1, 1, 1))).astype(np.float32)
    inputs[..., 1:3] *= np.exp(random.normal(0, 0.2, (n, 1, 1, 2))).astype(np.float32)
    inputs[..., 1:3] += inputs[..., :1] * random.normal(0, 0.15, (n, 1, 1, 2)).astype(np.float32)
    inputs[..., :3] += random.normal(0, 1, (n, 1, 1, 1)).astype(np.float32) * 0.1
    return inputs


def train(regions: Regions, epochs: int, batch: int, seed: int) -> keras.Sequential:
    """A network trained on the regions; its outputs are logits."""
    fix_random_numbers(seed)
    model = network.build()
    batches = Batches(regions, batch, seed)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, epochs * len(batches), alpha=0.01, warmup_target=1.5e-3, warmup_steps=len(batches) // 2
    )
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-4, use_ema=True, ema_momentum=0.998),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=["accuracy"],
    )
    model.fit(batches, epochs=epochs, shuffle=False, verbose=2)
    model.optimizer.finalize_variable_values(model.trainable_variables)
    return model


def logits(model: keras.Model, inputs: Any) -> Any:
    """[n, 2] numbers before softmax."""
    return model.predict(inputs, batch_size=512, verbose=0).astype(np.float64)


def margins(numbers: Any) -> Any:
    """By how much a capillary is ahead in logits [n, 2]."""
    return numbers[:, 1] - numbers[:, 0]


@dataclass(frozen=True)
class Calibration:
    """Turns the logits of a network into probabilities: log odds = margin / temperature + shift (Platt scaling)."""

    temperature: float = 1.0
    shift: float = 0.0

    def probabilities(self, numbers: Any) -> Any:
        """Probability of a capillary from logits [n, 2]."""
        return 1 / (1 + np.exp(-(margins(numbers) / self.temperature + self.shift)))


def calibrate(numbers: Any, labels: Any) -> Calibration:
    """The calibration under which the labels are most likely: Newton's method on the two numbers of a logistic fit."""
    inputs = np.stack([margins(numbers), np.ones(len(labels))], axis=1)
    scale = np.array([1.0, 0.0])  # of the margin, and the shift
    for _ in range(50):
        found = 1 / (1 + np.exp(-inputs @ scale))
        curvature = inputs.T @ (inputs * (found * (1 - found) + 1e-9)[:, None])
        step = np.linalg.solve(curvature, inputs.T @ (labels - found))
        scale = scale + step
        if np.abs(step).max() < 1e-10:
            break
    return Calibration(float(1 / scale[0]), float(scale[1]))
