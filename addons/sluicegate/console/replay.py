"""`sluice replay`: recorded requests, sent again through a running gateway, and what differs in its answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, islice
from typing import TYPE_CHECKING

import click
from rich.text import Text

from .options import FOUND, UnusableError, json_option
from .output import print_json, print_line
from .traffic.files import Traffic, opened

if TYPE_CHECKING:
    from ..recordings.differences import BodyDifference, Difference
    from ..recordings.recording import Recording, Skipped
    from ..recordings.replaying import Outcome, Plan

NOTHING = "(none)"
"""Shown where one of two answers has nothing."""


@dataclass(slots=True)
class Report:
    """What a replay came to; `differences` are the first `most`."""

    most: int
    same: int = 0
    different: int = 0
    failed: int = 0
    bodies_not_compared: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def sent(self) -> int:
        return self.same + self.different + self.failed

    def take(self, outcome: Outcome) -> None:
        """Count one request."""
        difference = outcome.difference
        if difference is None:
            self.same += 1
        elif difference.error is None:
            self.different += 1
        else:
            self.failed += 1
        if difference is not None and len(self.differences) < self.most:
            self.differences.append(difference)
        self.bodies_not_compared += not outcome.body_compared and (difference is None or difference.error is None)


@click.command()
@click.argument("flows", nargs=-1, required=True)
@click.option("--against", metavar="URL", required=True, help="The running gateway: http:// or https://, host, port.")
@click.option("--method", "methods", multiple=True, help="Send only requests of this method; may be repeated.")
@click.option("--volatile", multiple=True, metavar="NAME", help="Ignore this response field, too; may be repeated.")
@click.option("--most", type=click.IntRange(0), default=20, show_default=True, help="Differences shown, at most.")
@click.option("--concurrency", type=click.IntRange(1, 100), default=8, show_default=True, help="Requests at a time.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=30,
    show_default=True,
    help="Seconds for one request and its whole answer.",
)
@click.option("--insecure", is_flag=True, help="Accept any certificate.")
@json_option
def command(
    flows: tuple[str, ...],
    against: str,
    methods: tuple[str, ...],
    volatile: tuple[str, ...],
    most: int,
    concurrency: int,
    timeout: float,
    insecure: bool,
    as_json: bool,
) -> None:
    """Send recorded requests again and compare the answers.

    FLOWS are flow files of mitmproxy (`-w`) or HAR files; `-` is standard input. Everything recorded is sent, writes,
    too: `--method GET` leaves them out.
    """
    from ..recordings.recording import Skipped
    from ..recordings.replaying import Plan
    from ..recordings.sending import gateway_of

    try:
        gateway = gateway_of(against, timeout=timeout, insecure=insecure)
    except ValueError as error:
        raise UnusableError(f"{against}: {error}") from None
    plan = Plan(gateway, concurrency, frozenset(one.upper() for one in methods))
    plan = replace(plan, volatile=plan.volatile | {one.strip().lower().encode() for one in volatile})
    report, skipped = Report(most), Skipped()
    _run(flows, plan, against, report, skipped)
    if as_json:
        print_json(_members(report, skipped))
    else:
        _print(report, skipped)
    if report.different or report.failed:
        raise click.exceptions.Exit(FOUND)


def _run(flows: Sequence[str], plan: Plan, against: str, report: Report, skipped: Skipped) -> None:
    """Send everything. Raises UnusableError: the files are looked at first, then the gateway is reached."""
    from ..recordings.replaying import Replay, failure

    with ExitStack() as files, Replay(plan) as replay:
        traffics = [files.enter_context(opened(name)) for name in flows]
        for traffic in traffics:
            if traffic.kind in ("log", "access"):
                what = "a request log" if traffic.kind == "log" else "an access log"
                raise UnusableError(f"{traffic.name}: {what} holds no header fields and no bodies to send")
        recordings = _recordings(traffics)
        first = list(islice(recordings, 1))
        try:
            replay.reach()
        except OSError as error:
            raise UnusableError(f"{against}: {failure(error, plan.gateway.timeout)}") from None
        for outcome in replay.outcomes(chain(first, recordings), skipped):
            report.take(outcome)
        for traffic in traffics:
            skipped.update(traffic.skipped)


def _recordings(traffics: Sequence[Traffic]) -> Iterator[Recording]:
    for traffic in traffics:
        for one in traffic.recordings():
            yield replace(one, place=f"{traffic.name}: {one.place}")


def _print(report: Report, skipped: Skipped) -> None:
    for difference in report.differences:
        _print_difference(difference)
    left = report.different + report.failed - len(report.differences)
    if left:
        print_line(f"… and {left:,} more")
    parts = [f"{report.same:,} the same", f"{report.different:,} differ", f"{report.failed:,} failed"]
    print_line(f"{report.sent:,} sent: {', '.join(parts)}")
    if report.bodies_not_compared:
        print_line(f"{report.bodies_not_compared:,} compared without a body: it was not recorded whole")
    if skipped:
        reasons = ", ".join(f"{reason} ({number:,})" for reason, number in skipped.most_common())
        print_line(f"{skipped.total():,} skipped: {reasons}")


def _print_difference(difference: Difference) -> None:
    print_line(Text.assemble((difference.request, "bold"), f" · {difference.place}"))
    if difference.error is not None:
        print_line(Text.assemble("  ", (f"failed: {difference.error}", "red")))
    if difference.status is not None:
        before, after = difference.status
        _print_change("status", str(before), str(after))
    for name, (old, new) in (difference.headers or {}).items():
        _print_change(name, ", ".join(old) if old else None, ", ".join(new) if new else None)
    if difference.body is not None:
        body = difference.body
        where = body.member if body.member is not None else f"byte {body.byte:,}"
        _print_change(f"body {where}", body.recorded, body.now)


def _print_change(what: str, recorded: str | None, now: str | None) -> None:
    old, new = [NOTHING if one is None else one for one in (recorded, now)]
    print_line(Text.assemble(f"  {what}: ", (old, "red"), " → ", (new, "green")))


def _members(report: Report, skipped: Skipped) -> dict[str, object]:
    return {
        "sent": report.sent,
        "same": report.same,
        "different": report.different,
        "failed": report.failed,
        "skipped": skipped.total(),
        "skipped_by_reason": dict(skipped),
        "bodies_not_compared": report.bodies_not_compared,
        "differences": [_difference_members(one) for one in report.differences],
    }


def _difference_members(one: Difference) -> dict[str, object]:
    return {
        "request": one.request,
        "place": one.place,
        "status": _pair(one.status),
        "headers": {name: _pair(values) for name, values in (one.headers or {}).items()},
        "body": _body_members(one.body),
        "error": one.error,
    }


def _pair[T](values: tuple[T, T] | None) -> dict[str, T] | None:
    return None if values is None else {"recorded": values[0], "now": values[1]}


def _body_members(body: BodyDifference | None) -> dict[str, object] | None:
    return None if body is None else asdict(body)
