"""The command line, and how much of each benchmark it asks for."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.phones import MOST

SECTIONS = (
    "comparison",
    "scaling",
    "latency",
    "tableros",
    "cierre",
    "ganchos",
    "callbacks",
    "lote",
    "many",
    "preview",
    "years",
    "profile",
)


@dataclass(frozen=True, slots=True)
class Options:
    """The choice of what to measure.

    Attributes:
        sections: which benchmarks, in order.
        recipients: of one run of the comparison.
        rounds: of the comparison.
        warm_up: of the campaign that processes send after their start, which is not counted.
        sizes: of the campaigns of scaling, growing.
        repeated: campaigns of a small size, of which the median counts.
        clients: of the shop whose campaigns are created to see how long that takes.
        creations: how many are.
        watched_s: seconds for which progress is read.
        watched_by_tabs: recipients of the campaign that open tabs watch.
        tabs_s: seconds of each stretch of it: without tabs, with them, and without them again.
        closed: messages of the day that is closed.
        reported: messages whose status callbacks come.
        previewed: clients of the shop whose campaigns are previewed.
        years: rows of campaigns that have ended, beside which a message and a page are measured.
        years_messages: messages of each of the two measures.
        profiled: recipients of the profiled campaign.
        senders: shops with a long code each that send at the same time.
        processes: worker processes that share them.
        idle_s, paced_s: seconds in which the workers have nothing to send, and in which all of those send.
        json: where to write the figures.
    """

    sections: tuple[str, ...]
    recipients: int
    rounds: int
    warm_up: int
    sizes: tuple[int, ...]
    repeated: int
    clients: int
    creations: int
    watched_s: float
    watched_by_tabs: int
    tabs_s: float
    closed: int
    reported: int
    previewed: int
    years: int
    years_messages: int
    profiled: int
    senders: int
    processes: int
    idle_s: float
    paced_s: float
    json: Path | None


def read_options(arguments: Sequence[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure the product on this machine: against a textbook Celery chord, as it grows, how fast it"
        " answers, what open dashboards, a daily close, hooks, many paced senders and years of the past cost, and where"
        " its CPU goes. About 35 minutes on two quiet processors.",
    )
    add = parser.add_argument
    add("--only", choices=SECTIONS, action="append", help="this benchmark alone; can be repeated")
    add("--quick", action="store_true", help="less of everything, in about nine minutes: for a first look")
    add("--recipients", type=count, metavar="N", help="of each run of the comparison (default 4000)")
    add("--rounds", type=count, metavar="N", help="of the comparison (default 3)")
    add("--senders", type=count, metavar="N", help="shops that send at one segment a second each (default 1000)")
    add("--million", action="store_true", help="scaling goes on to 1,000,000 recipients, and so large a day is closed")
    add("--hundred-million", action="store_true", help="of the past, instead of ten million rows: about 60 GB of disk")
    add("--json", type=Path, metavar="FILE", help="also write the figures to this file")
    given = parser.parse_args(arguments)
    if given.json:
        try:
            given.json.open("a").close()  # rather now than after twelve minutes
        except OSError as error:
            parser.error(f"--json {given.json}: {error.strerror}")
    sizes = (1_000, 2_000) if given.quick else (1_000, 10_000, 100_000)
    return Options(
        sections=tuple(name for name in SECTIONS if not given.only or name in given.only),
        recipients=given.recipients or (600 if given.quick else 4_000),
        rounds=given.rounds or (1 if given.quick else 3),
        warm_up=128 if given.quick else 256,
        sizes=(*sizes, 1_000_000) if given.million else sizes,
        repeated=2 if given.quick else 5,
        clients=10_000 if given.quick else 100_000,
        creations=10 if given.quick else 25,
        watched_s=5.0 if given.quick else 25.0,
        watched_by_tabs=60_000 if given.quick else 200_000,
        tabs_s=8.0 if given.quick else 25.0,
        closed=1_000_000 if given.million else 100_000 if given.quick else 200_000,
        reported=1_000 if given.quick else 4_000,
        previewed=100_000 if given.quick else 1_000_000,
        years=100_000_000 if given.hundred_million else 300_000 if given.quick else 10_000_000,
        years_messages=1_000 if given.quick else 4_000,
        profiled=1_000 if given.quick else 8_000,
        senders=given.senders or (100 if given.quick else 1_000),
        processes=4 if given.quick else 16,
        idle_s=10.0 if given.quick else 30.0,
        paced_s=20.0 if given.quick else 60.0,
        json=given.json,
    )


def count(text: str) -> int:
    """A whole number from 1 on."""
    number = int(text)
    if not 1 <= number <= MOST:
        raise argparse.ArgumentTypeError(f"must be from 1 to {MOST:,}")
    return number
