"""Publishing a Lote's chord: what `celery.chord(header, callback)` publishes, at a quarter of its cost.

Canvas clones and freezes a signature for each part and writes each to Redis on its own: 0.45 ms of CPU a part.
Here the parts are sent with the group's id, their index and the callback, as canvas would, through one producer
whose batch is one Redis pipeline: 0.1 ms. Workers cannot tell the difference.
"""

from collections.abc import Sequence

from celery import current_app, signature, uuid

ENVIAR = "workers.enviar_sms"
CERRAR = "workers.cerrar_lote"


def publish(*, lote_id: int, log_ids: Sequence[int]) -> None:
    """Send one task per row, and the task that closes the Lote when all of them have ended.

    Raises:
        kombu.exceptions.KombuError, redis.exceptions.RedisError: some, all or none may have been published.
    """
    callback = signature(CERRAR, args=[lote_id], immutable=True)
    # Header tasks never raise; if Celery itself fails one, the errback closes the Lote all the same.
    callback.on_error(callback.clone())
    callback.freeze(uuid())
    group_id = uuid()
    with current_app.producer_pool.acquire(block=True) as producer:
        # Before the parts: one that ends before the size is known would not count as the last.
        current_app.backend.set_chord_size(group_id, len(log_ids))
        with producer.batch():  # type: ignore[attr-defined]  # newer than the stubs
            for index, log_id in enumerate(log_ids):
                current_app.send_task(
                    ENVIAR,
                    args=[log_id],
                    producer=producer,
                    group_id=group_id,
                    group_index=index,
                    root_id=group_id,
                    chord=callback,  # type: ignore[arg-type]  # a signature, as canvas passes
                    ignore_result=True,
                    declare=[],  # a Redis queue needs none, and asking costs a third of the publish
                )


def close_later(lote_id: int) -> None:
    """Ask for the Lote to be closed, when it has nothing to send."""
    current_app.send_task(CERRAR, args=[lote_id])
