"""The fault harness: the whole product under load while things are broken on purpose, and an oracle that compares.

`scripts/faults` runs it; `tests/faults/test_short.py` is its short version. Where to look:

conditions  the environment of a run (short leases and intervals) and the bounds that are checked
stack       the product as `scripts/up` runs it; `host` starts it, with `worker` and `wsgi` in place of the
            product's own entry points, so that crash points (`points`, `crash`) need no branch in the product
shops       tenants and their clients: shared phones, invalid ones, numbers that Twilio refuses
load        campaigns made through the API, pauses, and the operator who resumes
injectors   one module per thing that is broken; each returns what it did, or nothing when it took no effect
run         rounds: load and faults, then rest, then judgement
timeline    every change of a row's estado, noted by a trigger in the run's own database; times come from it
oracle      the simulator's durable ledger against the rows: lost, duplicated, wrong state, stuck
losses      what PostgreSQL has lost on purpose (`standby`), and what is demanded then; `posts` notes each message
clocks      PostgreSQL's clock, set forwards and back; `own_clocks`: the workers', and a machine that slept
outages     Twilio away altogether, which `sitting` sits out in `compressed` time
mutants     a product with a known fault, which the oracle has to report
"""
