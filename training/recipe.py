# SPDX-License-Identifier: Apache-2.0
"""What the shipped network is trained on: groups of synthetic frames, each a set of `capillaryx phantom` options."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Group:
    """Frames drawn with the same options. `share` is the group's part of all frames."""

    name: str
    share: float
    options: dict[str, float] = field(default_factory=dict)


GROUPS = (
    Group("ordinary", 0.22),
    Group("pale", 0.06, {"contrast": 0.7}),
    Group("strong", 0.04, {"contrast": 1.4}),
    Group("sharp", 0.05, {"blur": 0.6}),
    Group("soft", 0.05, {"blur": 1.6}),
    Group("noisy", 0.04, {"noise": 2.5}),
    Group("blocky", 0.03, {"compression": 2}),
    Group("cameras", 0.07, {"camera": 4, "tint": 1.5}),
    Group("disturbed", 0.06, {"folds": 3, "hairs": 4, "glare": 3, "bubbles": 3, "deep-vessels": 2, "specks": 4}),
    Group("defocused", 0.04, {"blur": 4}),
    Group("beyond focus", 0.03, {"blur": 9}),
    Group("bare", 0.13, {"capillaries": 0}),
    Group(
        "empty",
        0.18,
        {"capillaries": 0, "folds": 2, "hairs": 4, "glare": 2, "bubbles": 2, "deep-vessels": 2, "specks": 3},
    ),
)
FRAMES = 4000
HELD_OUT_FRAMES = 80  # drawn like the others, from another seed: what the card's figures are measured on
EPOCHS = 14
BATCH = 128
SEED = 2026
