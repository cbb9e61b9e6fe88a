"""The command line of a run."""

import argparse
import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.conditions import FINAL_WITHIN_S, FINALIZE_WITHIN_S
from tests.faults.injectors import ALL, FAULTS, LEFT_OUT
from tests.faults.mutants import MUTANTS
from tests.faults.outages import OUTAGES
from tests.faults.worlds import WORLDS

MUTANT_FINAL_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a run.

    Args:
        seed: of every random choice of the harness.
        seconds: the run begins no new round after so long …
        recipients: … unless it has had fewer recipients than this.
        round: recipients of one round.
        kinds: the faults.
        each: end once every kind took effect this often; None to go on until the time is up.
        pace: stretches (above 1) or shortens the time between two faults.
        shops, clients: how many tenants, and clients of each.
        mutant: a fault put into the product on purpose.
        worlds: instead of rounds, stays in these, each for `recipients` …
        lost: … with this share of the answers lost, 0–1.
        outages: instead of rounds, sits out these.
        final_within_s: the bound on the end of a round's campaigns after its last fault.
        finalize_within_s: the bound on a campaign's end after its last row, in seconds of the stack's life.
        report: where to write the report as well; JSON when the name ends so.
        keep: leave the run's folder also when nothing was violated.
    """

    seed: int
    seconds: float = 300.0
    recipients: int = 0
    round: int = 4000
    kinds: tuple[str, ...] = tuple(FAULTS)
    each: int | None = None
    pace: float = 1.0
    shops: int = 4
    clients: int = 1500
    mutant: str = ""
    worlds: tuple[str, ...] = ()
    outages: tuple[str, ...] = ()
    lost: float = 0.15
    final_within_s: float = FINAL_WITHIN_S
    finalize_within_s: float = FINALIZE_WITHIN_S
    report: Path | None = None
    keep: bool = False


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/faults",
        description="Break the running product on purpose and see that no message is lost, doubled or stuck.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(epilog()),
    )
    add = parser.add_argument
    add("--seed", type=int, help="repeats the same choices (default: a new one, which is printed)")
    add("--minutes", type=float, default=5.0, help="how long (default: 5)")
    add("--hours", type=float, help="how long, instead of minutes")
    add("--recipients", type=int, default=0, help="go on beyond the time until so many were sent to")
    add("--round", type=int, default=4000, help="recipients of one round, which ends with a rest and a judgement")
    add("--only", type=kinds, help="kinds or families of faults, separated by commas (default: all)")
    add("--each", type=int, help="end as soon as every kind took effect so often")
    add("--pace", type=float, default=1.0, help="stretch or shorten the time between two faults (default: 1)")
    add("--report", type=Path, metavar="FILE", help="write the report there too; as JSON when it ends in .json")
    add("--keep", action="store_true", help="keep the run's logs and ledger also when nothing was violated")
    add("--mutant", choices=MUTANTS, default="", help="break the product's code: succeeds when the oracle says so")
    add("--world", type=worlds, help="stays in these worlds instead, separated by commas, or all: see below")
    add("--lost", type=float, default=0.15, help="share of the answers that are lost in a world (default: 0.15)")
    add("--outage", type=outages, help="sits out twenty minutes without Twilio instead, in compressed time: see below")
    given = parser.parse_args(arguments)
    mutant = MUTANTS.get(given.mutant)
    return Options(
        seed=secrets.randbelow(1_000_000) if given.seed is None else given.seed,
        seconds=60.0 * (given.minutes if given.hours is None else 60.0 * given.hours),
        recipients=given.recipients,
        round=given.round,
        kinds=given.only or (mutant.faults if mutant else tuple(FAULTS)),
        each=given.each,
        pace=given.pace,
        mutant=given.mutant,
        worlds=given.world or (),
        outages=given.outage or (mutant.outages if mutant else ()),
        lost=given.lost,
        final_within_s=MUTANT_FINAL_WITHIN_S if mutant else FINAL_WITHIN_S,
        report=given.report,
        keep=given.keep,
    )


def epilog() -> Iterator[str]:
    yield f"kinds: {', '.join(FAULTS)}"
    yield f"families: {', '.join(families())}"
    yield "worlds, what Twilio does to an account all the while; --recipients is for each of them:"
    yield from (f"  {name:<16} {world.what}" for name, world in WORLDS.items())
    yield "outages, each as twenty minutes of production:"
    yield from (f"  {name:<16} {outage.what}" for name, outage in OUTAGES.items())


def families() -> list[str]:
    return list(dict.fromkeys(fault.family for fault in FAULTS.values()))


def kinds(text: str) -> tuple[str, ...]:
    """Kinds from a list of kinds and families.

    Raises:
        argparse.ArgumentTypeError: one is neither.
    """
    found: list[str] = []
    for word in filter(None, (word.strip() for word in text.split(","))):
        members = [kind for kind, fault in FAULTS.items() if word in (kind, fault.family)]
        if missing := [LEFT_OUT[kind] for kind in LEFT_OUT if word in (kind, ALL[kind].family)]:
            raise argparse.ArgumentTypeError(f"{word} cannot be done here: {missing[0]}")
        if not members:
            raise argparse.ArgumentTypeError(f"no fault is called {word!r}; see --help")
        found += members
    return unique(found)


def worlds(text: str) -> tuple[str, ...]:
    """Worlds from a list of their names.

    Raises:
        argparse.ArgumentTypeError: there is no such world.
    """
    return named(text, WORLDS, "world")


def outages(text: str) -> tuple[str, ...]:
    """Outages from a list of their names.

    Raises:
        argparse.ArgumentTypeError: there is no such outage.
    """
    return named(text, OUTAGES, "outage")


def named(text: str, known: Collection[str], what: str) -> tuple[str, ...]:
    """Names from a list, or all that are known.

    Raises:
        argparse.ArgumentTypeError: one is not known.
    """
    names = [word.strip() for word in text.split(",") if word.strip()]
    for name in names:
        if name not in known and name != "all":
            raise argparse.ArgumentTypeError(f"no {what} is called {name!r}; see --help")
    return tuple(known) if "all" in names else unique(names)


def unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
