# SPDX-License-Identifier: Apache-2.0
"""A scikit-learn model on every core: parts each frame into tissue of three colours.

python scikit_learn_analyzer.py FRAMES    (pip install 'capillaryx[scikit-learn]')
"""

import sys

import numpy as np
from sklearn.cluster import KMeans

import capillaryx


class Tissue(capillaryx.Analyzer):
    """Share of the frame that each of three clusters of colour takes, darkest first."""

    name = "tissue"
    version = "1"

    def analyze(self, frame: capillaryx.Frame) -> dict[str, float]:
        """Every 16th pixel each way is enough; the fixed seed gives the same result on any worker."""
        pixels = np.atleast_3d(frame.pixels[::16, ::16])
        colours = pixels.reshape(-1, pixels.shape[2]).astype(np.float64)
        model = KMeans(n_clusters=3, n_init=1, random_state=0).fit(colours)
        shares = np.bincount(model.labels_, minlength=3) / len(colours)
        order = np.argsort(model.cluster_centers_.sum(axis=1))
        return {name: float(shares[place]) for name, place in zip(("dark", "middle", "bright"), order, strict=True)}


if __name__ == "__main__":
    for result in capillaryx.analyze(sys.argv[1], analyzer=Tissue):
        print(result.source, result.status, result.error or dict(result.values))
