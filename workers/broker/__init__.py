"""Celery over Redis, as fast as the ledger allows.

The ledger in PostgreSQL knows what was sent, and the sweeper finds every task that got lost. So the broker need not
keep a copy of each message until it is acknowledged, messages are fetched many at a time, and a chord's parts are
counted many at a time: of the four round trips that Celery makes for each part of a chord, a fraction of one is left.
"""
