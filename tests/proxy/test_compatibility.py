"""The gateway starts with the mitmproxy that it was made for, and with no other."""

from __future__ import annotations

from typing import Any

import pytest
from mitmproxy import version
from mitmproxy.proxy.layers import http

from sluicegate.proxy import compatibility
from sluicegate.proxy.compatibility import IncompatibleError, check_mitmproxy

OVERRIDDEN = list(compatibility._OVERRIDDEN)


def test_the_installed_mitmproxy_fits() -> None:
    check_mitmproxy()


@pytest.mark.parametrize("number", ["12.2.3", "12.2.4", "12.3.0", "12.10", "12.99.99"])
def test_later_releases_of_the_same_series_fit(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "VERSION", number)
    check_mitmproxy()


@pytest.mark.parametrize("number", ["12.2.2", "12.2", "12.1.9", "11.1.3", "9.0", "13.0.0", "13.0.0.dev", "13", ""])
def test_another_version_is_refused_by_its_number_with_the_remedy(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "VERSION", number)
    with pytest.raises(IncompatibleError, match=f"mitmproxy {number} is installed.*scripts/setup"):
        check_mitmproxy()


@pytest.mark.parametrize(("owner", "name"), OVERRIDDEN, ids=[f"{owner.__name__}.{name}" for owner, name in OVERRIDDEN])
def test_a_changed_signature_of_what_the_layers_override_is_refused_by_name(
    owner: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(self: object, something: object, more: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(owner, name, changed)
    with pytest.raises(IncompatibleError, match=f"{owner.__name__}.{name} is not as"):
        check_mitmproxy()


def test_a_method_that_is_gone_is_refused() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(http.HttpStream, "flow_done")
        with pytest.raises(IncompatibleError, match=r"HttpStream\.flow_done"):
            check_mitmproxy()
    check_mitmproxy()
