"""Become the process to supervise: drop root if asked, tie our life to the supervisor's, exec the program.

Run as a file with `python -I`, never imported, so that it costs a few milliseconds: it imports no package.

    launch.py --parent PID --signal N [--as reader|override|namespace] -- PROGRAM ARGS...

PostgreSQL refuses to run as root, yet a clone below a private home (0700) can be entered by root alone.
`--as` gives it a body that is not root and still reaches its files, without loosening any folder:

    reader     the user nobody, holding CAP_DAC_READ_SEARCH (enter and read any folder, write none)
    override   the same with CAP_DAC_OVERRIDE, which plain Docker grants where it withholds the first
    namespace  a user namespace in which our own user is called nobody; needs no capability
"""

import ctypes
import os
import pwd
import sys
from collections.abc import Sequence

# linux/prctl.h, linux/securebits.h, linux/capability.h, linux/sched.h
PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
SECBIT_NO_SETUID_FIXUP = 4
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
CLONE_NEWUSER = 0x10000000


class CapHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class CapData(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


def call(name: str, *args: object) -> None:
    """Call a libc function that answers 0 when it worked.

    Raises:
        OSError: with the name of the call.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    # prctl(2) is variadic and reads unsigned longs: a plain ctypes int would leave the upper half undefined.
    words = [ctypes.c_ulong(arg) if isinstance(arg, int) else arg for arg in args]
    if getattr(libc, name)(*words) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def become_nobody(capability: int) -> None:
    """Turn root into nobody, keeping one capability across exec (an ambient one, see capabilities(7))."""
    nobody = pwd.getpwnam("nobody")
    # Without it the change of user drops the capability, and so does, for its answer, access(2), by which
    # PostgreSQL looks for its own files.
    call("prctl", PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setresgid(nobody.pw_gid, nobody.pw_gid, nobody.pw_gid)
    os.setresuid(nobody.pw_uid, nobody.pw_uid, nobody.pw_uid)
    bit = 1 << capability
    # All else is given up: permitted = ambient also keeps the kernel from treating the exec as privileged.
    data = (CapData * 2)(CapData(bit, bit, bit), CapData(0, 0, 0))
    call("capset", ctypes.byref(CapHeader(CAPABILITY_VERSION_3, 0)), data)
    call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def enter_namespace() -> None:
    """Be called nobody while staying, for every file, the user we are."""
    nobody, uid, gid = pwd.getpwnam("nobody"), os.geteuid(), os.getegid()
    call("unshare", CLONE_NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{nobody.pw_uid} {uid} 1"),
        ("gid_map", f"{nobody.pw_gid} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def die_with(parent: int, signal_number: int) -> None:
    """Be sent a signal by the kernel when the supervisor ends, however it ends (Linux only)."""
    if not sys.platform.startswith("linux"):
        return
    call("prctl", PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the line above
        raise SystemExit(1)


def main(args: Sequence[str]) -> None:
    separator = args.index("--")
    command = list(args[separator + 1 :])
    options = dict(zip(args[0:separator:2], args[1:separator:2], strict=True))
    match options.get("--as"):
        case "reader":
            become_nobody(CAP_DAC_READ_SEARCH)
        case "override":
            become_nobody(CAP_DAC_OVERRIDE)
        case "namespace":
            enter_namespace()
    # After the change of user, which clears it.
    die_with(int(options["--parent"]), int(options["--signal"]))
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is the point
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        raise SystemExit(127) from None  # as a shell would


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as error:
        sys.exit(f"launch: {error}")
