"""From the tree of paths as they were seen to the tree of templates: from the root on, names and values are told apart.

The values of one place are put together before their sub-paths are looked at, so that what is known of `orders` in
`/users/7/orders` and `/users/8/orders` is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from .features import Setting
from .kids import Kid, Total, kids_of, rests_of, totals_of
from .looks import TYPED
from .model import Decide
from .nodes import Node, Sessions, union
from .places import Place, Value, Variable
from .provenance import Source

Pins = Callable[[tuple[str | None, ...]], "dict[str | None, bool] | None"]
"""What corrections and saved endpoints settle at a place: whether a text is a name; None stands for all others."""
Look = Callable[[Kid], None]
"""Looks up once more where a value was seen."""

_DEPTH: Final = 32
CERTAIN: Final = 12.0
_DOUBT: Final = 0.5
"""Log-odds of a name that nothing is known of."""


class Inference:
    """One run over the trees of hosts that are one API."""

    def __init__(
        self, roots: Sequence[Node], decide: Decide, sources: Sequence[Source], pins: Pins, look: Look
    ) -> None:
        self._roots = list(roots)
        self._decide = decide
        self._sources = sources
        self._pins = pins
        self._look = look
        self._totals: dict[int, Total] = {}
        for root in self._roots:
            self._totals.update(totals_of(root))
        self._elsewhere = elsewhere_of(self._roots)

    def run(self) -> Place:
        """The tree of templates."""
        top = Place(self._roots)
        waiting: list[tuple[Place, tuple[str | None, ...], str | None]] = [(top, (), "")]
        while waiting:
            place, template, parent = waiting.pop()
            if len(template) >= _DEPTH:
                continue
            self._divide(place, template, parent)
            waiting.extend((kid, (*template, text), text) for text, kid in place.names.items())
            if place.any is not None:
                waiting.append((place.any, (*template, None), None))
        return top

    def _divide(self, place: Place, template: tuple[str | None, ...], parent: str | None) -> None:
        kids = kids_of(place.nodes, self._totals)
        rests = rests_of(place.nodes)
        if not kids and not rests:
            return
        ended = [kid for kid in kids if kid.text == ""]  # a trailing slash is no value
        open_kids = [kid for kid in kids if kid.text != ""]
        for kid in open_kids:
            self._look(kid)
        odds = self._odds(place, open_kids, sum(rest.values for rest in rests), template, parent)
        values: list[tuple[Kid, float]] = []
        for kid, own in zip([*ended, *open_kids], [*(-CERTAIN for _ in ended), *odds], strict=True):
            if own > 0:
                values.append((kid, own))
            else:
                place.names[kid.text] = Place(kid.nodes, own)
        if values or rests:
            nodes = [node for kid, _ in values for node in kid.nodes]
            nodes.extend(rest.node for rest in rests)
            variable = Variable(
                [Value(kid.text, kid.hits, kid.look, kid.sessions, kid.sources) for kid, _ in values],
                rests,
                [own for _, own in values],
            )
            place.any = Place(nodes, _together(variable), variable)

    def _odds(
        self, place: Place, kids: list[Kid], folded: int, template: tuple[str | None, ...], parent: str | None
    ) -> list[float]:
        pins = self._pins(template) or {}
        sessions: Sessions = ()
        hits = 0
        for node in place.nodes:
            total = self._totals[id(node)]
            sessions = union(sessions, total.sessions)
            hits += total.hits
        misses = sum(node.misses for node in place.nodes)
        methods = frozenset(method for node in place.nodes for method in node.leaves)
        at = Setting(
            parent, len(template), kids, self._elsewhere, self._sources, sessions, hits, misses, folded, methods
        )
        found = self._decide(at) if kids else []
        if len(kids) == 1 and not folded and _is_unheard_of(kids[0]):
            found = [min(found[0], -_DOUBT)]
        return [
            own if (pinned := pins.get(kid.text, pins.get(None))) is None else (-CERTAIN if pinned else CERTAIN)
            for kid, own in zip(kids, found, strict=True)
        ]


def _is_unheard_of(kid: Kid) -> bool:
    """Whether nothing speaks for a value: a word that was asked for once and that no body has shown."""
    return kid.hits == 1 and kid.look not in TYPED and not kid.sources


def _together(variable: Variable) -> float:
    """The log-odds of a variable: those of its surest values, a little more for each further one."""
    surest = sorted(variable.odds, reverse=True)[:8]
    return min(CERTAIN, (sum(surest) / len(surest) if surest else 4.0) + min(3.0, 0.25 * variable.values))


def elsewhere_of(roots: Sequence[Node]) -> Counter[str]:
    """Under how many different segments each text stands."""
    parents: dict[str, set[str]] = {}
    waiting = [("", root) for root in roots]
    while waiting:
        parent, node = waiting.pop()
        for text, kid in node.kids.items():
            known = parents.setdefault(text, set())
            if len(known) < 64:
                known.add(parent)
            waiting.append((text, kid))
        if node.rest is not None:
            waiting.append((parent, node.rest.node))
    return Counter({text: len(known) for text, known in parents.items()})
