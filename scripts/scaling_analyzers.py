# SPDX-License-Identifier: Apache-2.0
"""Analyzers that scripts/scaling.py measures with."""

import capillaryx


class Busy(capillaryx.Analyzer):
    """Computes in pure Python, 100 ms or so."""

    def analyze(self, frame: capillaryx.Frame) -> dict[str, float]:
        """The same for every frame."""
        total = 0
        for number in range(1_500_000):
            total += number & 7
        return {"total": float(total)}


class Nothing(capillaryx.Analyzer):
    """Looks at nothing: what is left is the cost of everything around it."""

    def analyze(self, frame: capillaryx.Frame) -> dict[str, float]:
        """One number."""
        return {"one": 1.0}
