"""What the engineer's monitoring reads: `GET /metrics`, in Prometheus's text format.

Gauges are read from PostgreSQL and Redis when it is asked, so every process of the web gives the same answer. What only
the workers see (the calls to Twilio, what came of them) they count and add up in PostgreSQL: see `core.ops.series`.
"""
