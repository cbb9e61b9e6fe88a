"""The figures against the goals."""

import argparse
from collections import Counter
from dataclasses import replace

import pytest
from rich.console import Console

from tests.bench import callbacks, cierre, comparison, ganchos, latency, lote, many, preview, scaling, tableros, years
from tests.bench.callbacks import TakenIn
from tests.bench.cierre import Closed
from tests.bench.ganchos import Hooked
from tests.bench.latency import Latency
from tests.bench.many import Many, Spell
from tests.bench.options import count, read_options
from tests.bench.report import show
from tests.bench.run import Run
from tests.bench.scaling import Size
from tests.bench.stretches import Stretch
from tests.bench.tableros import Watched
from tests.bench.tabs import Answers


def run(rate: float, cpu_ms: float = 2.0) -> Run:
    return Run(1000, 1000 / rate, {"workers": cpu_ms})


def runs(ours: list[float], textbook: list[float]) -> dict[str, list[Run]]:
    return {comparison.OURS: [run(rate) for rate in ours], comparison.TEXTBOOK: [run(rate, 5.0) for rate in textbook]}


def size(recipients: int, cpu_ms: float, worker_mib: float = 100.0) -> Size:
    memory = {"web": 200.0, "worker-1": 90.0, "worker-2": worker_mib, "beat": 90.0}
    return Size(recipients, [Run(recipients, 1.0, {"workers": cpu_ms * recipients / 1000})], memory, 1.0, 0.2, 1.0)


@pytest.mark.parametrize(
    ("ours", "reached"),
    [([300.0, 300.0, 300.0], [False, False]), ([400.0, 500.0, 100.0], [True, False]), ([600.0] * 3, [True, True])],
)
def test_the_textbook_is_beaten_or_not(ours: list[float], reached: list[bool]) -> None:
    section = comparison.report(runs(ours, [400.0] * 3), rounds=3)
    assert [goal.reached for goal in section.goals] == reached
    assert section.data["cpu_ratio"] == pytest.approx(0.4)


def test_the_comparison_says_how_many_lotes_their_chords_closed() -> None:
    ours = [replace(run(400.0), lotes=3, by_chord=3), replace(run(400.0), lotes=197, by_chord=195)]
    section = comparison.report(runs([], [400.0, 400.0]) | {comparison.OURS: ours}, rounds=2)
    assert section.notes[-1] == "The callbacks of their chords closed 198 of our 200 Lotes (99.0%)."


def test_who_ran_once_is_compared_with_the_round_it_ran_in() -> None:
    found = runs([400.0, 400.0], [400.0, 100.0]) | {comparison.LOOP: [run(10.0)]}
    assert comparison.ratios(found, comparison.LOOP)[0] == pytest.approx(0.025)


def test_the_cost_of_a_hundred_thousand_is_judged_by_cpu() -> None:
    first = size(1_000, 2.0)
    assert [goal.reached for goal in scaling.goals(first, size(100_000, 2.19))] == [True]
    assert [goal.reached for goal in scaling.goals(first, size(100_000, 2.21))] == [False]
    assert scaling.goals(first, size(10_000, 9.0)) == []


def test_the_memory_of_a_million_is_that_of_the_largest_worker() -> None:
    first = size(1_000, 2.0)
    assert [goal.reached for goal in scaling.goals(first, size(1_000_000, 2.0, worker_mib=119.0))] == [True]
    assert [goal.reached for goal in scaling.goals(first, size(1_000_000, 2.0, worker_mib=121.0))] == [False]


def test_creating_is_judged_only_over_as_many_clients_as_the_goal_names() -> None:
    slow, fast = [0.25] * 20, [0.001] * 20
    large = latency.report(Latency(100_000, slow, [0.3], 0.4, fast, 500.0, 0.0))
    small = latency.report(Latency(10_000, slow, [0.3], 0.4, fast, 500.0, 0.0))
    assert [goal.reached for goal in large.goals] == [False, True]
    assert [goal.reached for goal in small.goals] == [True]


@pytest.mark.parametrize(("sent", "reached"), [(5_000, True), (4_600, True), (4_400, False), (6_000, True)])
def test_tabs_are_judged_by_the_rate_before_and_after_them(sent: int, reached: bool) -> None:
    answers = Answers(Counter({200: 60, 204: 40}), 2_000, [0.01] * 100)
    before, after = Stretch(6_000, 10.0, {"web": 0.1}), Stretch(4_000, 10.0, {"web": 0.1})
    section = tableros.report(Watched(before, Stretch(sent, 10.0, {"web": 0.6}), after, answers))
    assert [goal.reached for goal in section.goals] == [reached]
    assert section.data["web_cpu_ms"] == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("messages", "seconds", "sent", "reached"),
    [
        (1_000_000, 1_200.0, 4_760, [True, True]),
        (1_000_000, 1_201.0, 4_740, [False, False]),
        (200_000, 9_999.0, 5_100, [True]),
    ],
)
def test_the_close_is_judged_by_its_time_and_by_the_rate_before_and_after_it(
    messages: int, seconds: float, sent: int, reached: list[bool]
) -> None:
    before, after = Stretch(6_000, 10.0), Stretch(4_000, 10.0)
    cpu = {"close": 30.0, "postgres": 60.0}
    section = cierre.report(Closed(before, Stretch(sent, 10.0), after, messages, seconds, cpu))
    assert [goal.reached for goal in section.goals] == reached


@pytest.mark.parametrize(("sent", "lost", "reached"), [(4_760, 0, True), (4_740, 0, False), (5_100, 1, False)])
def test_a_hook_is_judged_by_the_rate_without_it_and_by_what_is_lost(sent: int, lost: int, reached: bool) -> None:
    before, after = Stretch(6_000, 10.0), Stretch(4_000, 10.0)
    during = {mode: Stretch(sent, 10.0) for mode in ganchos.FAILING}
    section = ganchos.report(Hooked(before, during, after, 9_000, lost, 40))
    assert all(goal.reached for goal in section.goals) == reached


@pytest.mark.parametrize(("postgres", "reached"), [(0.2, True), (0.5, False)])
def test_callbacks_are_judged_by_the_cpu_of_web_and_database(postgres: float, reached: bool) -> None:
    taken = TakenIn(1_000, {"web": 0.5, "postgres": postgres, "simulator": 9.0}, [0.06], 3_000, 2_900, 0.1)
    assert [goal.reached for goal in callbacks.report(taken).goals] == [reached]


@pytest.mark.parametrize(("slow", "reached"), [(0.5, True), (0.4, False)])
def test_many_senders_are_judged_by_the_share_of_their_rates(slow: float, reached: bool) -> None:
    spell = Spell(10.0, {"workers": 1.0}, 100, 100, 8, 0.0)
    section = many.report(Many(16, spell, spell, [slow] * 100 + [1.0] * 900, 1.02))
    assert [goal.reached for goal in section.goals] == [reached]


def test_the_report_names_what_was_missed_and_what_could_not_be_run(capsys: pytest.CaptureFixture[str]) -> None:
    section = comparison.report(runs([300.0], [400.0]), rounds=1)
    show(Console(), {"Python": "3.11"}, [section], {"profile": "py-spy [not permitted]"})
    printed = capsys.readouterr().out
    assert "0.75 (rounds 0.75 to 0.75; CPU 0.40 ×)" in printed
    assert "not reached" in printed
    assert "profile could not be run: py-spy [not permitted]" in printed


def test_the_command_line_asks_for_less_or_more() -> None:
    everything, quick = read_options([]), read_options(["--quick", "--only", "latency", "--only", "comparison"])
    assert everything.sections == (
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
    assert quick.sections == ("comparison", "latency")
    assert quick.recipients < everything.recipients == 4_000
    assert (quick.years, everything.years) == (300_000, 10_000_000)
    assert read_options(["--hundred-million"]).years == 100_000_000
    assert read_options(["--million"]).sizes[-2:] == (100_000, 1_000_000)
    assert everything.creations >= 20


def test_it_rejects_a_count_that_cannot_be() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="must be from 1"):
        count("0")


@pytest.mark.parametrize(("slowest", "reached"), [(2.9, True), (3.1, False)])
def test_many_clients_in_one_call_are_quick_or_not(slowest: float, reached: bool) -> None:
    times = {"mixed": [1.0, slowest], "the same again": [5.0]}
    assert [goal.reached for goal in lote.report(times, 1000, 0.0).goals] == [reached]


@pytest.mark.parametrize(("page", "reached"), [(11.9, True), (12.1, False)])
def test_the_past_may_cost_a_fifth_more(page: float, reached: bool) -> None:
    section = years.report({"claim": 4.0, "its messages": 10.0}, {"claim": 4.1, "its messages": page}, 10, 1.0, 0.0)
    assert [goal.reached for goal in section.goals] == [reached]
    assert "its messages" in section.goals[0].found


def test_a_preview_is_judged_over_a_million_clients() -> None:
    taken = {"the whole shop": [0.1] * 18 + [0.31] * 2}
    assert [goal.reached for goal in preview.report(taken, 1_000_000, 0.0).goals] == [False]
    assert preview.report(taken, 100_000, 0.0).goals == []
