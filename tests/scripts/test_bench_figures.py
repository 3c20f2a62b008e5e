"""What scripts/bench makes of its measurements: reading wrk, medians, ratios of rounds, runs with errors."""

from __future__ import annotations

import pytest

from tests.bench.figures import Run, pooled, summarise
from tests.bench.wrk import parse

WRK = """\
Running 2s test @ http://127.0.0.1:8080
  1 threads and 16 connections
Requests/sec:    951.00
{"requests": 1902, "duration_us": 2000000, "p50_us": 16580, "p99_us": 17830, "errors": ERRORS}
"""
NONE = '{"connect": 0, "read": 0, "write": 0, "status": 0, "timeout": 0}'


def run(candidate: str, number: int, rate: int, cpu_us: int = 1000, *, p99: float = 8, errors: int = 0) -> Run:
    """A run of one second at 16 connections."""
    return Run(candidate, "200b", 16, number, rate, 1.0, 4.0, p99, rate * cpu_us / 1e6, errors)


def test_the_line_behind_the_report_of_wrk_is_read_in_milliseconds_and_seconds() -> None:
    report = parse(WRK.replace("ERRORS", NONE))
    assert report == (1902, 2.0, 16.58, 17.83, 0)


def test_errors_of_every_kind_count() -> None:
    kinds = '{"connect": 1, "read": 2, "write": 4, "status": 8, "timeout": 16}'
    assert parse(WRK.replace("ERRORS", kinds)).errors == 31


def test_a_load_generator_that_fails_is_an_error_with_what_it_said() -> None:
    with pytest.raises(ValueError, match="unable to connect to 127"):
        parse("", "unable to connect to 127.0.0.1:8080 Connection refused\n")


def test_a_ratio_is_the_median_of_the_rounds_ratios_and_not_the_ratio_of_the_medians() -> None:
    runs = [run("bare", 0, 100), run("bare", 1, 200), run("bare", 2, 400)]
    runs += [run("fast", 0, 500), run("fast", 1, 400), run("fast", 2, 600)]
    summary = summarise(runs, "fast", "bare", "200b", 16)
    assert summary.rate == 500
    assert summary.rate_ratio == 2  # of 5, 2 and 1.5


def test_a_run_with_an_error_is_counted_and_left_out() -> None:
    runs = [run("bare", 0, 100), run("bare", 1, 100), run("fast", 0, 300), run("fast", 1, 900, errors=7)]
    summary = summarise(runs, "fast", "bare", "200b", 16)
    assert (summary.runs, summary.excluded, summary.errors) == (2, 1, 7)
    assert (summary.rate, summary.rate_ratio) == (300, 3)


def test_a_round_whose_reference_had_an_error_gives_no_ratio() -> None:
    runs = [run("bare", 0, 100, errors=1), run("bare", 1, 100), run("fast", 0, 900), run("fast", 1, 300)]
    assert summarise(runs, "fast", "bare", "200b", 16).rate_ratio == 3


def test_where_nothing_was_answered_there_are_no_figures() -> None:
    summary = summarise([run("bare", 0, 100), run("fast", 0, 0)], "fast", "bare", "200b", 16)
    assert (summary.excluded, summary.rate, summary.rate_ratio, summary.cpu_us) == (1, None, None, None)


def test_processor_time_is_told_for_each_request() -> None:
    summary = summarise([run("bare", 0, 100, 1000), run("fast", 0, 500, 250)], "fast", "bare", "200b", 16)
    assert summary.cpu_us == pytest.approx(250)
    assert summary.cpu_ratio == pytest.approx(0.25)


def test_pooled_ratios_pair_runs_of_the_same_load_and_round() -> None:
    runs = [run("bare", 0, 100), run("bare", 1, 100), run("fast", 0, 200), run("fast", 1, 400)]
    few = [one._replace(connections=1, requests=one.requests * 10) for one in runs if one.candidate == "fast"]
    assert pooled([*runs, *few], lambda one: one.rate, "fast", "bare", (1, 16)) == 3  # of 2 and 4
    assert pooled(runs, lambda one: one.rate, "fast", "gone", (16,)) is None
