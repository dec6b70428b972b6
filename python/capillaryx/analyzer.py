# SPDX-License-Identifier: Apache-2.0
"""Your own algorithm in Python, run by the same driver and workers as the one that is shipped."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path

from capillaryx import _core
from capillaryx.errors import UsageError
from capillaryx.results import FrameResult

PREFIX = "python:"


class Analyzer:
    """The one thing to replace in order to run another algorithm on every core.

    Subclass it, set `name` and `version` (they go into every result) and write `analyze`. Each worker process makes one
    instance, without arguments, and gives it one frame at a time. The same frame must give the same result on any
    worker: keep no memory of earlier frames that changes a result. What `analyze` raises becomes that frame's `failed`.
    """

    name: str = ""
    """Default: the class's name."""
    version: str = "1"

    def analyze(self, frame: _core.Frame) -> FrameResult | Mapping[str, float]:
        """Analyses `frame.pixels`: uint8, (height, width) or (height, width, 3). Numbers by name, or a FrameResult."""
        raise NotImplementedError


class Bound:
    """What the C++ side calls: an analyzer class that is instantiated at the latest with the first frame."""

    def __init__(self, kind: type[Analyzer]) -> None:
        self._kind = kind
        self._analyzer: Analyzer | None = None
        self.name = kind.name or kind.__name__
        self.version = kind.version
        self.model = (self.name, source_hash(kind))

    def begin(self) -> None:
        """Makes the instance."""
        if self._analyzer is None:
            self._analyzer = self._kind()

    def run(self, frame: _core.Frame) -> FrameResult:
        """One frame's result, whichever way the analyzer gives it."""
        self.begin()
        assert self._analyzer is not None
        result = self._analyzer.analyze(frame)
        if isinstance(result, FrameResult):
            return result
        if isinstance(result, Mapping):
            return FrameResult(values=result)
        raise TypeError(f"analyze must return a FrameResult or a dict of numbers, not {type(result).__name__}")


def source_hash(kind: type[Analyzer]) -> str:
    """SHA-256 of the file that the class stands in: results of a changed algorithm are not taken for the same."""
    try:
        return hashlib.sha256(Path(inspect.getfile(kind)).read_bytes()).hexdigest()
    except (OSError, TypeError):
        return hashlib.sha256(kind.__qualname__.encode()).hexdigest()


def name_of(kind: type[Analyzer]) -> str:
    """`python:...`, by which another process finds the class."""
    if "<locals>" in kind.__qualname__:
        raise UsageError(f"{kind.__qualname__} stands inside a function, where no worker process finds it: move it out")
    if kind.__module__ != "__main__":
        return f"{PREFIX}{kind.__module__}.{kind.__qualname__}"
    file = getattr(sys.modules["__main__"], "__file__", None)
    if file is None or not Path(file).is_file():
        raise UsageError(
            f"{kind.__name__} stands in no file, so that no worker process finds it: put it into one, or run with "
            "executor='serial'"
        )
    path = Path(file).resolve()
    # Results keep the name: no more of this machine's folders goes into it than is needed.
    if path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return f"{PREFIX}{path}:{kind.__qualname__}"


def absolute(name: str) -> str:
    """The name of an analyzer by which it is found from any folder."""
    if name.startswith("lib:"):
        return f"lib:{Path(name.removeprefix('lib:')).resolve()}"
    file, colon, qualname = name.removeprefix(PREFIX).rpartition(":")
    if not name.startswith(PREFIX) or not colon or not file.endswith(".py"):
        return name
    return f"{PREFIX}{Path(file).resolve()}:{qualname}"


def find(name: str) -> type[Analyzer]:
    """The class of `python:package.module.Class` or `python:folder/file.py:Class`."""
    target = name.removeprefix(PREFIX)
    if target in local_analyzers:
        return local_analyzers[target]
    if ".py:" in target:
        file, _, qualname = target.rpartition(":")
        spec = importlib.util.spec_from_file_location("capillaryx_analyzer_" + Path(file).stem, file)
        if spec is None or spec.loader is None:
            raise ImportError(f"{file} is no Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[module.__name__] = module
        sys.path.append(str(Path(file).resolve().parent))
        spec.loader.exec_module(module)
    else:
        module_name, _, qualname = target.rpartition(".")
        if not module_name:
            raise ImportError(f"{name} is none of python:package.Class and python:file.py:Class")
        module = importlib.import_module(module_name)
    found: object = module
    for part in qualname.split("."):
        found = getattr(found, part)
    if not (isinstance(found, type) and issubclass(found, Analyzer)):
        raise TypeError(f"{target} is no subclass of capillaryx.Analyzer")
    return found


# Classes that this process alone knows (executor='serial', worker_kind='thread'), by the name given to them.
local_analyzers: dict[str, type[Analyzer]] = {}


def add_local(kind: type[Analyzer]) -> str:
    """A name for a class of this process."""
    target = f"{kind.__module__}.{kind.__qualname__}"
    local_analyzers[target] = kind
    return PREFIX + target


def bind(name: str) -> Bound:
    """Where this process only has to know what the analyzer is called."""
    return Bound(find(name))


def bind_in_worker(name: str) -> Bound:
    """Where frames are to come: what goes wrong in the making shows at once."""
    bound = bind(name)
    bound.begin()
    return bound


def set_worker_command() -> None:
    """Worker processes of Python analyzers get this interpreter and its import path as it is now."""
    # A worker is one of many: the libraries under NumPy must not start a thread a core each.
    code = (
        "import os, sys\n"
        "for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'): os.environ.setdefault(name, '1')\n"
        f"sys.path[:] = {[str(Path(folder).resolve()) for folder in sys.path]!r}\n"
        "from capillaryx.worker import main\n"
        "main()\n"
    )
    _core.set_python_worker_command([sys.executable, "-c", code])


_core.set_python_analyzers(bind)
