# SPDX-License-Identifier: Apache-2.0
"""Arrays in, results out, while a program runs."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Self, Unpack

import numpy.typing as npt

from capillaryx import _core
from capillaryx.analysis import options_json
from capillaryx.options import OptionKeywords
from capillaryx.results import FrameResult, Progress


class Session(Iterator[FrameResult], AsyncIterator[FrameResult]):
    """Keeps workers ready for a program that has frames as they come.

    with capillaryx.Session(workers=2) as session:
        session.submit(image)
        result = next(session)

    Results come in the order of submission. A session holds at most `capacity` frames whose results have not been
    taken (0: a few per worker): a program of one thread takes a result before it submits beyond that.
    Threads: any.
    """

    def __init__(self, *, capacity: int = 0, **options: Unpack[OptionKeywords]) -> None:
        """Starts the workers. `options` are those of analyze(). Raises Error."""
        self._session = _core.Session(options_json(options), capacity)
        # Threads of the session must be gone before the interpreter is.
        self._close = weakref.finalize(self, self._session.close)

    def submit(self, image: npt.ArrayLike, *, source: str = "array") -> int:
        """Hands over a picture and gives its place in the session; waits while the session is full.

        uint8 or uint16, (height, width) or (height, width, 3) in red, green, blue. A packed uint8 array is not copied
        here: it must not be changed before its result is there. Raises ValueError on any other array, UsageError after
        finish() or cancel().
        """
        return self._session.submit(_core.frame_of_array(image, source, 0))

    def try_submit(self, image: npt.ArrayLike, *, source: str = "array", timeout_s: float = 0) -> int | None:
        """As submit(), but None if the session is still full after `timeout_s`."""
        return self._session.try_submit(_core.frame_of_array(image, source, 0), timeout_s)

    def try_next(self) -> FrameResult | None:
        """The next result; None if it is not ready."""
        return self._session.try_take()

    def finish(self) -> None:
        """There are no more frames: iterating ends once all results have been taken."""
        self._session.finish()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Waits until every frame that was submitted has its result; False if that takes longer than `timeout_s`."""
        return self._session.wait(timeout_s)

    def cancel(self) -> None:
        """Forgets frames and results; whoever waits for the session comes back at once."""
        self._session.cancel()

    def close(self) -> None:
        """Cancels, and waits for the frames that workers are at. Once is enough."""
        self._close()

    @property
    def status(self) -> Progress:
        """Where the session stands."""
        return self._session.status()

    @property
    def capacity(self) -> int:
        """The most frames whose results have not been taken."""
        return self._session.capacity

    def __iter__(self) -> Self:
        """Itself."""
        return self

    def __next__(self) -> FrameResult:
        """The next result; waits for it without holding the GIL. Ends after finish() or cancel()."""
        result = self._session.take()
        if result is None:
            raise StopIteration
        return result

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> FrameResult:
        """The next result, while other tasks go on."""
        result = await asyncio.to_thread(self._session.take)
        if result is None:
            raise StopAsyncIteration
        return result

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Closes it."""
        self.close()
