"""A timer of the kernel that ends the process where it stands too long between looking at the time and writing.

No code can tell the time and write in one step. A process that is stopped between the two (SIGSTOP, a frozen container,
a machine out of memory) would write on waking, to somebody who has had the message from another process meanwhile. The
kernel goes on counting while a process stands still, and SIGKILL ends a stopped one before it runs another instruction:
man 2 timer_create, man 7 signal.
"""

import ctypes
import logging
import math
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from core.clock import BOOTTIME

logger = logging.getLogger(__name__)

# From the headers of Linux, the same for all its architectures.
SIGEV_SIGNAL = 0
TIMER_ABSTIME = 1


class _Sigevent(ctypes.Structure):
    """`struct sigevent` of <signal.h>: 64 bytes, of which the kernel reads these."""

    _fields_ = (
        ("sigev_value", ctypes.c_void_p),
        ("sigev_signo", ctypes.c_int),
        ("sigev_notify", ctypes.c_int),
        ("rest", ctypes.c_char * (64 - ctypes.sizeof(ctypes.c_void_p) - 2 * ctypes.sizeof(ctypes.c_int))),
    )


class _Itimerspec(ctypes.Structure):
    """`struct itimerspec` of <time.h>."""

    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


_NEVER = _Itimerspec(0, 0, 0, 0)


class _Timer:
    """One timer of this process that sends it SIGKILL; for one thread.

    Raises:
        OSError: the kernel gives none, or does not take its time.
    """

    def __init__(self) -> None:
        libc = _libc()
        if libc is None:
            raise OSError("this system has no timer_create")
        self._libc, self._id = libc, ctypes.c_void_p()
        event = _Sigevent(sigev_signo=signal.SIGKILL, sigev_notify=SIGEV_SIGNAL)
        _check(libc.timer_create(BOOTTIME, ctypes.byref(event), ctypes.byref(self._id)))
        # Last: one that was not made has the number of another thread's, 0, and must not delete it.
        self.pid = os.getpid()

    def set(self, at: float) -> None:
        whole = int(at)
        self._settime(_Itimerspec(0, 0, whole, int((at - whole) * 1e9)))

    def unset(self) -> None:
        self._settime(_NEVER)

    def _settime(self, spec: _Itimerspec) -> None:
        _check(self._libc.timer_settime(self._id, TIMER_ABSTIME, ctypes.byref(spec), None))

    def __del__(self) -> None:
        # A child has its parent's objects, and none of its timers.
        if hasattr(self, "pid") and self.pid == os.getpid():
            self._libc.timer_delete(self._id)


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


_own = threading.local()


@contextmanager
def ends_process(at: float) -> Iterator[None]:
    """End this process by SIGKILL if the block is not over by then. Where the system has no such timer, only the block
    runs.

    Args:
        at: by `core.clock.elapsed()`; infinity is never.
    """
    timer = None if math.isinf(at) else _timer(at)
    if timer is None:
        yield
        return
    try:
        yield
    finally:
        try:
            timer.unset()
        except OSError as error:
            # One that cannot be stopped must not live on: it would end a process that did nothing wrong.
            _own.timer = None
            _say_once(str(error))


def _timer(at: float) -> _Timer | None:
    """This thread's timer, set; None where there is none to be had."""
    try:
        timer = _made()
        timer.set(at)
    except OSError as error:
        _own.timer = None
        _say_once(str(error))
        return None
    return timer


def _made() -> _Timer:
    """This thread's timer, made on first use.

    Raises:
        OSError: there is none to be had.
    """
    timer: _Timer | None = getattr(_own, "timer", None)
    if timer is None or timer.pid != os.getpid():
        if os.getpid() == 1:
            # The kernel sends its own init no signal that it does not ask for: man 7 pid_namespaces.
            _say_once("it is process 1 of its container; start it with an init (docker run --init)")
        timer = _own.timer = _Timer()
    return timer


@cache
def _say_once(reason: str) -> None:
    logger.warning("A process that is stopped while it writes to Twilio will not be ended: %s", reason)


@cache
def _libc() -> ctypes.PyDLL | None:
    if BOOTTIME is None:
        return None
    # PyDLL keeps the GIL: the calls take a microsecond, and giving it away would be the longest part of them.
    libc = ctypes.PyDLL(None, use_errno=True)
    names: tuple[str, ...] = ("timer_create", "timer_settime", "timer_delete")
    return libc if all(hasattr(libc, name) for name in names) else None
