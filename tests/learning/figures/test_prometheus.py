"""The text for Prometheus, read with Prometheus' own parser."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sluicegate.learning.figures.figures import Figures
from sluicegate.learning.figures.prometheus import exposition
from sluicegate.learning.figures.recommendation import PRESETS
from sluicegate.learning.figures.reports import Report, report
from sluicegate.learning.figures.windows import Span, Totals
from sluicegate.learning.observation import Key

from .exchanges import HOUR, START, exchange, figures

UNTIL = START + HOUR
KEY = Key("GET", "hotel.test", "/hotels/{var1}")
LABELS = {"method": "GET", "host": "hotel.test", "endpoint": "/hotels/{var1}"}


def reported(found: Figures | None, key: Key = KEY, until: float = UNTIL) -> tuple[Report, Totals]:
    told = report(key, "saved", found, (Span.DAY, until), PRESETS["laptop"])
    return told, Totals() if found is None else found.totals()


def some() -> Figures:
    return figures(
        [exchange(START + step, who=step % 6, ms=40.0 + step, size=1000) for step in range(60)]
        + [exchange(START + 80, status=404), exchange(START + 90, status=None), exchange(START + 95)]
    )


def families(*reports: tuple[Report, Totals]) -> dict[str, Any]:
    text = "\n".join(exposition(reports, Span.DAY, UNTIL)) + "\n"
    found = list(text_string_to_metric_families(text))
    names = [one.name for one in found]
    assert len(names) == len(set(names)), names
    return {one.name: one for one in found}


def value(family: Any, suffix: str = "", **labels: str) -> float:
    (found,) = [
        one.value for one in family.samples if one.name == family.name + suffix and one.labels == {**LABELS, **labels}
    ]
    return float(found)


def test_every_family_has_its_type_and_its_help() -> None:
    found = families(reported(some()))
    assert {name: one.type for name, one in found.items()} == {
        "sluicegate_window_seconds": "gauge",
        "sluicegate_window_end_timestamp_seconds": "gauge",
        "sluicegate_endpoint_requests": "counter",
        "sluicegate_endpoint_origin_latency_seconds": "summary",
        "sluicegate_endpoint_response_size_bytes": "summary",
        "sluicegate_endpoint_sessions": "gauge",
        "sluicegate_endpoint_error_ratio": "gauge",
        "sluicegate_endpoint_successful_requests": "gauge",
        "sluicegate_endpoint_authentication": "gauge",
        "sluicegate_endpoint_suggested_session_requests": "gauge",
    }
    assert all(one.documentation.endswith(".") for one in found.values())


def test_the_values_are_those_of_the_figures_in_base_units() -> None:
    found = families(reported(some()))
    requests = found["sluicegate_endpoint_requests"]
    assert [value(requests, "_total", status=status) for status in ("none", "2xx", "4xx", "5xx")] == [1, 61, 1, 0]
    latency = found["sluicegate_endpoint_origin_latency_seconds"]
    assert value(latency, "_count") == 60
    assert value(latency, "_sum") == pytest.approx(sum(40 + step for step in range(60)) / 1000)
    assert value(latency, quantile="0.5") == pytest.approx(0.069, rel=0.02)
    size = found["sluicegate_endpoint_response_size_bytes"]
    assert (value(size, "_count"), value(size, "_sum")) == (60, 60_000)
    assert value(size, quantile="0.99") == pytest.approx(1000, rel=0.01)
    assert value(found["sluicegate_endpoint_sessions"]) == 6
    assert value(found["sluicegate_endpoint_error_ratio"], status="all") == pytest.approx(1 / 63)
    successful = found["sluicegate_endpoint_successful_requests"]
    assert value(successful, identifier="header authorization") == 60
    assert value(successful, identifier="none") == 1
    statuses = found["sluicegate_endpoint_authentication"]
    assert [value(statuses, status=status) for status in ("all", "mixed", "none")] == [0, 1, 0]
    assert value(found["sluicegate_endpoint_suggested_session_requests"]) == 15  # 10 a session, 1.5 times
    assert found["sluicegate_window_seconds"].samples[0].value == 86_400
    assert found["sluicegate_window_end_timestamp_seconds"].samples[0].value == UNTIL


def test_an_endpoint_without_traffic_has_zeros_and_nothing_that_is_not_known() -> None:
    found = families(reported(None))
    assert value(found["sluicegate_endpoint_requests"], "_total", status="2xx") == 0
    assert value(found["sluicegate_endpoint_origin_latency_seconds"], "_count") == 0
    assert value(found["sluicegate_endpoint_sessions"]) == 0
    assert "sluicegate_endpoint_authentication" not in found
    assert "sluicegate_endpoint_suggested_session_requests" not in found
    assert not [one for one in found["sluicegate_endpoint_origin_latency_seconds"].samples if "quantile" in one.labels]


def test_counters_only_grow_while_the_window_slides() -> None:
    found = some()
    after = families(reported(found, until=UNTIL + 90 * HOUR))
    assert value(after["sluicegate_endpoint_requests"], "_total", status="2xx") == 61
    assert value(after["sluicegate_endpoint_sessions"]) == 0


@pytest.mark.parametrize("endpoint", ['/a"b', "/a\\b", "/a\nb", '/\\"\n\\n', "/ü/{var1}", "/a,b}="])
def test_labels_come_back_as_they_were(endpoint: str) -> None:
    key = Key("GET", "hotel.test", endpoint)
    found = families(reported(some(), key), reported(None))
    shown = {one.labels["endpoint"] for one in found["sluicegate_endpoint_sessions"].samples}
    assert shown == {endpoint, KEY.endpoint}


def test_without_endpoints_there_is_only_the_window() -> None:
    assert set(families()) == {"sluicegate_window_seconds", "sluicegate_window_end_timestamp_seconds"}
