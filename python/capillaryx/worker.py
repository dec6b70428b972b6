# SPDX-License-Identifier: Apache-2.0
"""The life of a worker process whose analyzer is Python's. A driver starts it; see analyzer.set_worker_command."""

import os
import sys

from capillaryx import _core
from capillaryx.analyzer import bind_in_worker


def main() -> None:
    """Does frames until the driver says otherwise."""
    _core.set_python_analyzers(bind_in_worker)
    code = _core.run_worker()
    sys.stdout.flush()
    sys.stderr.flush()
    if code < 0:
        sys.exit("capillaryx.worker is started by capillaryx itself")
    # Nothing is left to be written, and an analyzer's threads need not be waited for.
    os._exit(code)
