"""A run that is stopped by a signal ends like one that fails: everything is cleaned up, once."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

from voltward.core.errors import ExitCode, VoltwardError

Handler = Callable[[int, FrameType | None], None]


class StoppedError(VoltwardError):
    """A signal ended what was running; everything that it had started is gone.

    Args:
        number: SIGTERM or SIGINT.
        why: What became of what was running.
        hint: How to go on.
    """

    def __init__(
        self,
        number: signal.Signals,
        why: str = "everything that was started has been ended; no file is half-written",
        hint: str = "",
    ) -> None:
        super().__init__(f"stopped by {number.name}", why=why, hint=hint)
        self.number = number
        stopped = number == signal.SIGTERM
        self.exit_code = ExitCode.TERMINATED if stopped else ExitCode.INTERRUPTED


# Until the signal is sent again.
_AGAIN_S = 0.01


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGINT raise in the block, and protect the cleaning up from further ones.

    Only the first signal raises. Signals that the caller ignores or handles stay as they are, and
    so do all of them outside the main thread, which alone may set handlers.

    Raises:
        StoppedError: SIGTERM arrived.
        KeyboardInterrupt: SIGINT arrived.
    """
    ours = {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
    if threading.current_thread() is not threading.main_thread():
        ours = {}
    before = {
        number: handler for number, handler in ours.items() if signal.getsignal(number) == handler
    }

    def end(number: int, _frame: FrameType | None) -> None:
        for other in before:
            signal.signal(other, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise StoppedError(signal.SIGTERM)

    try:
        with _sent_again(before, end):
            for number in before:
                signal.signal(number, end)
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _sent_again(numbers: Iterable[signal.Signals], end: Handler) -> Iterator[None]:
    """Send a signal again that came where no exception is passed on, as while garbage is collected.

    Libraries run functions at such times; what a handler raises in one is shown and forgotten.
    """
    shown = sys.unraisablehook

    def hook(lost: "sys.UnraisableHookArgs") -> None:
        error = lost.exc_value
        if not isinstance(error, StoppedError | KeyboardInterrupt):
            shown(lost)
            return
        for number in numbers:
            signal.signal(number, end)
        sent = error.number if isinstance(error, StoppedError) else signal.SIGINT
        threading.Timer(_AGAIN_S, os.kill, (os.getpid(), sent)).start()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = shown
