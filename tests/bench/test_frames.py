"""Stacks as py-spy writes them, outermost frame first."""

import pytest

from local.stack.layout import ROOT
from tests.bench import frames

PACKAGES = "/home/shop/.venv/lib/python3.11/site-packages"
STDLIB = "/usr/lib/python3.11"
THREAD = [
    f"Thread._bootstrap ({STDLIB}/threading.py:988)",
    f"_worker ({STDLIB}/concurrent/futures/thread.py:69)",
    f"build_tracer.<locals>.trace_task ({PACKAGES}/celery/app/trace.py:454)",
    f"enviar_sms ({ROOT}/workers/tasks.py:40)",
]
LOOP = [
    f"Thread._bootstrap ({STDLIB}/threading.py:988)",
    f"SendLoop._run ({ROOT}/workers/engine/message/loop.py:140)",
    f"BaseEventLoop.run_forever ({STDLIB}/asyncio/base_events.py:608)",
    f"Handle._run ({STDLIB}/asyncio/events.py:84)",
]
SEND = [*LOOP, f"SendLoop._send ({ROOT}/workers/engine/message/loop.py:200)"]
POST = [
    *SEND,
    f"TwilioGateway.post ({ROOT}/workers/gateway/twilio.py:30)",
    f"MessageList.create_async ({PACKAGES}/twilio/rest/api/v2010/account/message/__init__.py:1085)",
    f"Connection._write ({ROOT}/workers/gateway/wire.py:110)",
    f"_SelectorSocketTransport.write ({STDLIB}/asyncio/selector_events.py:1014)",
]
CLAIM = [
    f"Batches._run ({ROOT}/workers/engine/batches.py:80)",
    f"claim_many ({ROOT}/workers/engine/ledger.py:100)",
    f"CursorWrapper._execute ({PACKAGES}/django/db/backends/utils.py:94)",
]
FETCH = [
    f"Hub.create_loop ({PACKAGES}/kombu/asynchronous/hub.py:372)",
    f"JSONDecoder.decode ({STDLIB}/json/decoder.py:332)",
]
PUBLISH = [
    *THREAD[:3],
    f"publish ({ROOT}/workers/engine/chords.py:21)",
    f"Celery.send_task ({PACKAGES}/celery/app/base.py:1100)",
    f"Producer.publish ({PACKAGES}/kombu/messaging.py:180)",
    f"SocketIO.write ({STDLIB}/socket.py:720)",
]


@pytest.mark.parametrize(
    ("stack", "part"),
    [
        (POST, frames.HTTP),
        (CLAIM, frames.DATABASE),
        (FETCH, frames.CONSUME),  # the standard library works for its caller
        (PUBLISH, frames.PUBLISH),
        (SEND, frames.ENGINE),
        (THREAD[:3], frames.CONSUME),
        (
            [f"count ({ROOT}/workers/broker/results.py:80)", f"pack ({PACKAGES}/redis/connection.py:152)"],
            frames.CONSUME,
        ),
        # A task sent from a chord's callback is publishing, whatever the broker's client does below it.
        ([*FETCH, f"Task.apply_async ({PACKAGES}/celery/app/task.py:600)"], frames.PUBLISH),
        # … and handing a task to a thread, which Celery calls by the same name, is not.
        ([*FETCH, f"BasePool.apply_async ({PACKAGES}/celery/concurrency/base.py:140)"], frames.CONSUME),
        # Django's own `core` is not ours.
        ([f"Signer.sign ({PACKAGES}/django/core/signing.py:180)"], frames.OTHER),
        ([f"<module> ({STDLIB}/runpy.py:88)"], frames.OTHER),
    ],
)
def test_a_stack_belongs_to_the_innermost_that_says_whose_it_is(stack: list[str], part: str) -> None:
    assert frames.classify(stack) == part


def test_it_reads_what_the_profiler_writes() -> None:
    lines = [f"{';'.join(POST)} 12", f"{';'.join(FETCH)} 3", "", "garbage"]
    assert frames.read(lines) == [(POST, 12), (FETCH, 3)]


def test_shares_are_of_samples_and_add_up() -> None:
    found = frames.shares([(POST, 6), (CLAIM, 3), (FETCH, 1)])
    assert found == {**dict.fromkeys(frames.PARTS, 0.0), frames.HTTP: 0.6, frames.DATABASE: 0.3, frames.CONSUME: 0.1}


def test_it_rejects_a_profile_without_samples() -> None:
    with pytest.raises(ValueError, match="no samples"):
        frames.shares([])


def test_the_hottest_are_the_innermost_functions() -> None:
    assert frames.hottest([(POST, 6), (FETCH, 3), ([*SEND, POST[-1]], 1)], 1) == [(POST[-1], 0.7)]
