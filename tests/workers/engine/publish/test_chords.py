"""A Lote's messages are what Celery itself would publish."""

import json
from base64 import b64decode
from typing import Any

import pytest
import redis
from celery import current_app, signature, uuid
from django.conf import settings

from workers.broker.results import backend
from workers.engine.publish import chords

QUEUE = "pruebas"


def published() -> list[dict[str, Any]]:
    """What stands in the queue, in the order of consumption; the queue is emptied."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        raw = [json.loads(item) for item in reversed(client.lrange(QUEUE, 0, -1))]
        client.delete(QUEUE)
    for message in raw:
        message["body"] = json.loads(b64decode(message["body"]))
    return raw


def test_it_publishes_one_message_for_each_row_in_order() -> None:
    chords.publish(lote_id=7, log_ids=[11, 22, 33], queue=QUEUE)
    messages = published()
    assert [message["body"][0] for message in messages] == [[11], [22], [33]]
    assert [message["headers"]["group_index"] for message in messages] == [0, 1, 2]
    assert len({message["headers"]["group"] for message in messages}) == 1
    assert len({message["headers"]["id"] for message in messages}) == 3
    assert len({message["properties"]["delivery_tag"] for message in messages}) == 3
    callback = messages[0]["body"][2]["chord"]
    assert (callback["task"], callback["args"], callback["immutable"]) == ("workers.cerrar_lote", [7], True)


def test_its_messages_have_all_that_celerys_own_have() -> None:
    chords.publish(lote_id=7, log_ids=[11], queue=QUEUE)
    (ours,) = published()
    callback = signature(chords.CERRAR, args=[7], immutable=True)
    callback.freeze(uuid())
    group = uuid()
    current_app.send_task(
        chords.ENVIAR,
        args=[11],
        group_id=group,
        group_index=0,
        root_id=group,
        chord=callback,  # type: ignore[arg-type]  # a signature, as canvas passes
        ignore_result=True,
        queue=QUEUE,
    )
    (theirs,) = published()
    assert ours["headers"].keys() == theirs["headers"].keys()
    assert ours["properties"].keys() == theirs["properties"].keys()
    changing = {"id", "group", "root_id"}
    assert {k: v for k, v in ours["headers"].items() if k not in changing} == {
        k: v for k, v in theirs["headers"].items() if k not in changing
    }
    assert ours["body"][:2] == theirs["body"][:2]
    assert ours["body"][2].keys() == theirs["body"][2].keys()
    assert {k: ours[k] for k in ("content-type", "content-encoding")} == {
        k: theirs[k] for k in ("content-type", "content-encoding")
    }


def test_it_gives_up_at_once_on_a_broker_that_stalls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each attempt may take as long as the socket's timeout, and a sweep waits for it."""
    attempts: list[object] = []

    def stall(*args: object) -> None:
        attempts.append(args)
        raise redis.TimeoutError

    monkeypatch.setattr(backend().client, "delete", stall)  # the first command of a chord
    with pytest.raises(redis.TimeoutError):
        chords.publish(lote_id=7, log_ids=[11], queue=QUEUE)
    assert len(attempts) == 2
    assert published() == []
