"""Stages run in order, and whatever goes wrong in one never lets a request pass undecided."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.exchange import Exchange, Forward, Verdict
from sluicegate.pipeline import Stage, decide
from sluicegate.problems import Problem

from .tables import exchange, target

FORWARD = Forward(target("/", "http://h/"), b"/", "h", "hotel.yaml:1")


def passing(asked: Exchange) -> None:
    asked.trail.append(Verdict("passing", "passed", "nothing to say"))


def forwarding(asked: Exchange) -> None:
    asked.forward = FORWARD
    asked.trail.append(Verdict("forwarding", "routed", "here"))


def refusing(asked: Exchange) -> None:
    asked.refuse("refusing", Problem(404, "no-endpoint", "Nothing there."))


def raising(asked: Exchange) -> None:
    raise RuntimeError("the secret of 10.0.0.1")


def stage(run: object, *, deciding: bool = True) -> Stage:
    return Stage(run.__name__, run, deciding)  # type: ignore[attr-defined, arg-type]


def decided(*stages: Stage) -> Exchange:
    asked = exchange()
    decide(asked, stages)
    return asked


def trail(asked: Exchange) -> list[tuple[str, str]]:
    return [(verdict.stage, verdict.outcome) for verdict in asked.trail]


def test_stages_run_in_order_until_the_end() -> None:
    found = decided(stage(passing), stage(forwarding))
    assert (found.forward, found.problem) == (FORWARD, None)
    assert trail(found) == [("passing", "passed"), ("forwarding", "routed")]


def test_no_stage_runs_after_a_refusal() -> None:
    found = decided(stage(refusing), stage(forwarding))
    assert found.forward is None
    assert found.problem is not None
    assert found.problem.status == 404
    assert trail(found) == [("refusing", "refused")]


def test_a_refusal_voids_an_earlier_decision_to_forward() -> None:
    found = decided(stage(forwarding), stage(refusing))
    assert found.forward is None
    assert found.problem is not None


def test_a_problem_that_a_stage_merely_sets_voids_it_too() -> None:
    def setting(asked: Exchange) -> None:
        asked.problem = Problem(404, "no-endpoint", "Nothing there.")

    found = decided(stage(forwarding), stage(setting), stage(forwarding))
    assert found.forward is None
    assert found.problem is not None


@pytest.mark.parametrize("before", [passing, forwarding])
def test_a_deciding_stage_that_raises_is_answered_500_and_logged_once(
    before: object, caplog: pytest.LogCaptureFixture
) -> None:
    found = decided(stage(before), stage(raising), stage(forwarding))
    assert found.forward is None
    assert found.problem is not None
    assert (found.problem.status, found.problem.kind) == (500, "internal-fault")
    assert trail(found)[-1] == ("raising", "refused")
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "id-1" in record.getMessage()
    assert "raising" in record.getMessage()
    assert record.exc_info is not None


def test_the_answer_to_a_fault_does_not_tell_what_it_was() -> None:
    found = decided(stage(raising))
    assert found.problem is not None
    assert b"10.0.0.1" not in found.problem.body("/", "id-1", verbose=True)


def test_an_observing_stage_that_raises_is_skipped_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    found = decided(stage(raising, deciding=False), stage(forwarding))
    assert (found.forward, found.problem) == (FORWARD, None)
    assert trail(found) == [("raising", "failed"), ("forwarding", "routed")]
    assert len(caplog.records) == 1
    assert "id-1" in caplog.records[0].getMessage()


@pytest.mark.parametrize("stages", [[], [stage(passing)], [stage(raising, deciding=False)]])
def test_a_request_that_no_stage_decided_is_answered_500(stages: list[Stage]) -> None:
    found = decided(*stages)
    assert found.forward is None
    assert found.problem is not None
    assert (found.problem.status, found.problem.kind) == (500, "undecided")


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([passing, forwarding, refusing, raising]), st.booleans()), max_size=5))
def test_every_run_ends_in_exactly_one_decision_and_forwards_only_what_was_routed_without_fault(
    runs: list[tuple[object, bool]],
) -> None:
    found = decided(*(stage(run, deciding=deciding) for run, deciding in runs))
    assert (found.forward is None) is not (found.problem is None)
    refused = any(run is refusing or (run is raising and deciding) for run, deciding in runs)
    assert (found.forward is FORWARD) is (not refused and any(run is forwarding for run, _ in runs))
