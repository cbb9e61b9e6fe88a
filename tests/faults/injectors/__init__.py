"""Everything that can be broken, by kind."""

from tests import pgbouncer
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
ALL |= {fault.kind: fault for fault in postgres_server.OF_A_POOLER}
# Why a kind cannot be done on this machine.
LEFT_OUT: dict[str, str] = {} if clocks.library() else {fault.kind: clocks.MISSING for fault in clock.OF_POSTGRES}
if pgbouncer.program() is None:
    LEFT_OUT |= {fault.kind: pgbouncer.MISSING for fault in postgres_server.OF_A_POOLER}
FAULTS: dict[str, Fault] = {kind: fault for kind, fault in ALL.items() if kind not in LEFT_OUT}
