"""Everything that can be broken, by kind."""

from tests.faults.injectors import (
    account,
    crash_points,
    lost_commits,
    people,
    postgres_server,
    process,
    redis_server,
    twilio,
)
from tests.faults.injectors.scene import Fault

FAULTS: dict[str, Fault] = {
    fault.kind: fault
    for module in (process, account, redis_server, postgres_server, lost_commits, crash_points, people, twilio)
    for fault in module.FAULTS
}
