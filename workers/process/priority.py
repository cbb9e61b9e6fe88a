"""The priority of workers that share a machine with the web and PostgreSQL."""

import os
from pathlib import Path

# Linux with autogroups weighs whole sessions against each other, and a nice value only inside of one.
AUTOGROUP = Path("/proc/self/autogroup")


def stand_back(nice: int) -> None:
    """Let others on this machine have the processor before this process does; call it before any thread starts.

    A campaign at full speed takes all there is, and the people who watch it wait for each page. Where the others want
    little, this costs the sending nothing.

    Args:
        nice: from 0, as everybody else, to 19, only what nobody else wants.
    """
    if not nice:
        return
    os.nice(nice)
    if os.getsid(0) != os.getpid():
        return  # a session shared with others, as in a terminal
    try:
        AUTOGROUP.write_text(str(nice))
    except OSError:  # not Linux, or without autogroups
        return
