"""The embedded stack: PostgreSQL, Valkey and the product's own processes, started by one command.

`python -m local.stack up | demo | run`; see `local/stack/__main__.py`. Nothing here imports Django's settings:
the stack decides the environment, and the processes it starts read it.
"""
