"""Everything that can be broken, by kind."""

from tests.faults import clocks
from tests.faults.injectors import (
    account,
    clock,
    crash_points,
    lost_commits,
    people,
    postgres_server,
    process,
    redis_server,
    twilio,
)
from tests.faults.injectors.scene import Fault

MODULES = (process, account, redis_server, postgres_server, lost_commits, crash_points, people, clock, twilio)
ALL = {fault.kind: fault for module in MODULES for fault in module.FAULTS}
# Why a kind cannot be done on this machine.
LEFT_OUT: dict[str, str] = {} if clocks.library() else {fault.kind: clocks.MISSING for fault in clock.OF_POSTGRES}
FAULTS: dict[str, Fault] = {kind: fault for kind, fault in ALL.items() if kind not in LEFT_OUT}
