# SPDX-License-Identifier: Apache-2.0
"""What ends a run. What spoils one frame is never raised: it is that frame's `failed` result."""


class Error(Exception):
    """Ends a run. The message says what happened and what to do about it."""


class UsageError(Error, ValueError):
    """An option or argument is wrong."""


class InputError(Error):
    """An input cannot be found or read at all."""


class OutputError(Error):
    """The output folder cannot be used or written."""


class ModelError(Error):
    """The network is missing, damaged or of the wrong shape."""


class ExecutorError(Error):
    """The workers cannot be kept running."""


class InternalError(Error):
    """A defect of this program."""


# In the order of capillaryx::ErrorKind.
KINDS = (UsageError, InputError, OutputError, ModelError, ExecutorError, InternalError)


def make_error(kind: int, message: str) -> Error:
    """The exception of a C++ Error."""
    return KINDS[kind](message)
