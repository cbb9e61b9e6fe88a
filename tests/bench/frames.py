"""Where a sampled stack spends its time, told from the modules it passes through."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from local.stack.layout import ROOT

PUBLISH, CONSUME, HTTP, DATABASE, ENGINE, OTHER = "publish", "consume", "HTTP", "database", "engine", "other"
PARTS = (PUBLISH, CONSUME, HTTP, DATABASE, ENGINE, OTHER)

# Whatever runs below one of these is publishing, the broker's client and the serializer included.
PUBLISHING = re.compile(
    r"(publish\w*|send_task|apply_async|delay) \(.*/(kombu/messaging|celery/app/base|celery/app/task|celery/canvas)\.py"
    rf"|\({re.escape(str(ROOT))}/workers/engine/chords\.py"
)
# The innermost frame that says whose work it is decides. The standard library's json, socket or threading say nothing:
# they work for whoever called them.
OWNERS = (
    (HTTP, rf"site-packages/(urllib3|twilio|requests)/|/http/client\.py|{re.escape(str(ROOT))}/workers/gateway/"),
    (DATABASE, r"site-packages/(psycopg2|django/db)/"),
    (CONSUME, r"site-packages/(celery|kombu|redis|billiard|vine|amqp|django_celery_results)/|/concurrent/futures/"),
    (CONSUME, rf"{re.escape(str(ROOT))}/(workers/broker/|core/celery\.py)"),
    (ENGINE, rf"\({re.escape(str(ROOT))}/(workers|campaigns|clientes|core)/"),
)
COMPILED = [(part, re.compile(pattern)) for part, pattern in OWNERS]


def classify(stack: Sequence[str]) -> str:
    """The part of the work that a stack belongs to.

    Args:
        stack: frames as py-spy writes them, `function (path:line)`, outermost first.
    """
    if any(PUBLISHING.search(frame) for frame in stack):
        return PUBLISH
    for frame in reversed(stack):
        for part, owner in COMPILED:
            if owner.search(frame):
                return part
    return OTHER


def read(lines: Iterable[str]) -> list[tuple[list[str], int]]:
    """Stacks and how often each was seen, from py-spy's raw format: `frame;frame;frame COUNT`."""
    found = []
    for line in lines:
        stack, _, count = line.rstrip().rpartition(" ")
        if stack and count.isdigit():
            found.append((stack.split(";"), int(count)))
    return found


def shares(samples: Iterable[tuple[Sequence[str], int]]) -> dict[str, float]:
    """The share (0–1) of the samples that each part has.

    Raises:
        ValueError: there are no samples.
    """
    counts: Counter[str] = Counter()
    for stack, count in samples:
        counts[classify(stack)] += count
    if not counts.total():
        raise ValueError("no samples")
    return {part: counts[part] / counts.total() for part in PARTS}


def hottest(samples: Iterable[tuple[Sequence[str], int]], most: int) -> list[tuple[str, float]]:
    """The functions in which most samples ended, each with its share (0–1)."""
    counts: Counter[str] = Counter()
    for stack, count in samples:
        counts[stack[-1]] += count
    return [(frame, count / counts.total()) for frame, count in counts.most_common(most)]
