"""The search for endpoints: takes in exchanges one by one, tells methods, hosts and path templates.

An exchange costs a look into a table where its path was there before. Templates are found again when the trees have
doubled, so that over all each new node is looked at twice, or when somebody asks. Requests to known paths alone do not
have them found: what is folded into a variable early on cannot be taken apart again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

from ..observation import Key, Observation
from . import sightings
from .corrections import Correction, Corrections, joining, place_of_variable
from .discovered import Discovered
from .hosts import merged_hosts
from .inference import CERTAIN
from .listing import listed
from .model import model
from .noise import Noise
from .provenance import Memory
from .rows import members_of, text_of
from .settings import LAPTOP, Settings
from .spaces import Space, infer, key_in
from .storing import Stored, is_tree
from .tree import Forest

_FIRST: Final = 8
"""New nodes of a host after which its templates are found for the first time."""
_IGNORED: Final = frozenset(("OPTIONS", "CONNECT", "TRACE"))
_STATIC: Final = frozenset(
    ("js", "mjs", "css", "map", "png", "jpg", "jpeg", "gif", "svg", "ico", "webp", "woff", "woff2", "ttf", "eot")
)
CORRECTIONS: Final = "corrections"
NOISE: Final = "noise"


class PathLearner:
    """Finds endpoints in traffic. `generation` changes whenever answers of `key_of` may have changed."""

    def __init__(self, settings: Settings = LAPTOP) -> None:
        self.settings = settings
        self.generation = 0
        self._decide = model(settings.without)
        self._forest = Forest(settings.nodes)
        self._memory = Memory(settings.memory)
        self._noise = Noise(settings.noise)
        self._corrections = Corrections()
        self._spaces: dict[str, Space] = {}
        self._patterns: dict[str, str] = {}
        self._novel: dict[str, int] = {}
        self._sizes: dict[str, int] = {}
        self._fresh: set[str] = set()
        """Hosts with requests since their templates were found."""
        self._stored = Stored()
        self._dirty = {CORRECTIONS: False, NOISE: False}
        self._renewed = False

    def observe(self, o: Observation) -> None:
        """Take in one exchange."""
        if o.endpoint:
            self._note_saved(o)
        if o.method in _IGNORED or is_static(o.path):
            return
        session = session_number(o.session) if o.session else 0
        good = o.is_success or o.status is None
        leaf = self._forest.leaf(o.method, o.host, o.path)
        if leaf is None:
            leaf = self._grow(o) if good else None
            if leaf is None:
                self._count_noise(o, session)
                return
        leaf.count(good, session, o.at, o.weight)
        self._fresh.add(o.host)
        if good and (o.response_body or o.request_body or o.query or o.response_headers):
            sightings.harvest(o, leaf, self._forest.roots[o.host], self._source_of(o), self._memory)
        if self._novel.get(o.host, 0) >= max(_FIRST, self._sizes.get(o.host, 0)):
            self._infer([o.host])
            self._group()

    def key_of(self, o: Observation, *, held: bool = False) -> Key:
        """The endpoint that an exchange belongs to as things are known now: the saved one, a template, or its path.

        `held`: the one under which to keep what is learned of it. There a variable with few values, which may turn out
        to be names, is left as it was asked for; `moved` brings it together later.
        """
        if o.endpoint:
            return Key(o.method, o.endpoint_host or o.host, o.endpoint)
        if self._renewed:
            self._settle()
        return key_in(self._spaces.get(o.host), o.method, o.host, o.path, held=held)

    def moved(self, keys: Iterable[Key], *, held: bool = False) -> dict[Key, Key]:
        """Those of earlier answers of `key_of` that are part of another endpoint now, and of which."""
        self._settle()
        found: dict[Key, Key] = {}
        for key in keys:
            space = self._spaces.get(key.host) or self._spaces_by_pattern().get(key.host)
            if space is None or self._corrections.is_saved(key):
                continue
            endpoint = space.now(key.method, key.endpoint)
            if endpoint is None:
                continue
            now = Key(key.method, space.host, endpoint.held if held else endpoint.template)
            if now != key:
                found[key] = now
        return found

    def endpoints(self, noise: bool = False) -> list[Discovered]:
        """The endpoints that were found, by host, path and method; with `noise` those below the thresholds, too."""
        self._settle(asked=True)
        spaces = {id(space): space for space in self._spaces.values()}.values()
        return listed(spaces, self._noise, self._corrections, self._memory.sources, self.settings, noise)

    def size(self) -> int:
        """The number of nodes of all trees, which `Settings.nodes` bounds."""
        return self._forest.nodes

    def correct(self, correction: Correction) -> None:
        """Apply a correction, to what was learned before, too."""
        self._corrections.apply(correction)
        self._dirty[CORRECTIONS] = True
        if correction.action not in ("ignore", "restore", "shadow"):
            self._renew()
            self._settle()

    def ignore(self, key: Key) -> None:
        """Keep an endpoint out of the inbox."""
        self.correct(Correction("ignore", key))

    def restore(self, key: Key) -> None:
        """Take back that an endpoint was ignored, saved or a shadow."""
        self.correct(Correction("restore", key))

    def save(self, key: Key) -> None:
        """An endpoint stands in a route file: its template is settled."""
        self.correct(Correction("save", key))

    def split(self, key: Key, variable: str, values: Iterable[str]) -> None:
        """Values of a variable (`var1`) of an endpoint are names. Raises ValueError where it has no such variable."""
        self.correct(Correction("split", key, place_of_variable(key.endpoint, variable), tuple(values)))

    def join(self, keys: Iterable[Key]) -> None:
        """Endpoints that differ in one segment are one: it is a variable. Raises ValueError where they differ more."""
        for correction in joining(list(keys)):
            self.correct(correction)

    def merge(self, other: PathLearner) -> None:
        """Take in what another learner knows, which must not be used after it."""
        numbers = [self._memory.number(source) for source in other._memory.sources]
        for root in other._forest.roots.values():
            for node in root.walk():
                node.sources = tuple(dict.fromkeys(numbers[each] for each in node.sources))
        self._forest.merge(other._forest)
        self._noise.merge(other._noise)
        self._corrections.merge(other._corrections)
        self._dirty = {CORRECTIONS: True, NOISE: True}
        self._renew()

    def changed(self) -> Iterator[tuple[str, bytes | None]]:
        """The rows that changed since they were last asked for; None: the row is gone."""
        yield from self._stored.changed(self._forest, self._memory)
        for name, part in ((CORRECTIONS, self._corrections), (NOISE, self._noise)):
            if self._dirty[name]:
                self._dirty[name] = False
                yield name, text_of(part.members())

    def load(self, rows: Iterable[tuple[str, bytes]]) -> int:
        """Take in the rows of an earlier run; returns how many made no sense and were left out."""
        bad = 0
        for name, data in rows:
            try:
                if is_tree(name):
                    self._stored.load(self._forest, self._memory, name, data)
                elif name == CORRECTIONS:
                    self._corrections.load(members_of(data))
                elif name == NOISE:
                    self._noise.load(members_of(data))
                else:
                    bad += 1
            except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError):
                bad += 1
        while self._forest.is_full():
            self._forest.shrink()
        self._renew()
        return bad

    def _grow(self, o: Observation) -> Any:
        forest = self._forest
        if forest.is_full():
            forest.shrink()
            self._renew()
        leaf = forest.grow(o.method, o.host, o.path)
        if forest.fresh:
            self._novel[o.host] = self._novel.get(o.host, 0) + len(forest.fresh)
            sightings.earlier(forest.fresh, self._memory)
            forest.fresh.clear()
        elif leaf is not None and leaf.hits == 0:
            self._novel[o.host] = self._novel.get(o.host, 0) + 1
        if leaf is not None:
            before = self._noise.take(Key(o.method, o.host, o.path))
            if before is not None:
                leaf.merge(before)
        return leaf

    def _count_noise(self, o: Observation, session: int) -> None:
        self._noise.count(Key(o.method, o.host, o.path), session, o.at, o.weight)
        self._dirty[NOISE] = True
        if o.status in (404, 410):
            parent = self._forest.parent_of(o.host, o.path)
            if parent is not None:
                parent.misses += 1
                self._fresh.add(o.host)

    def _source_of(self, o: Observation) -> str:
        space = self._spaces.get(o.host)
        found = space.endpoint_of(o.method, o.path) if space is not None else None
        return found.template if found is not None else sightings.place_of(o.path)

    def _note_saved(self, o: Observation) -> None:
        key = Key(o.method, o.endpoint_host or o.host, o.endpoint)
        if not self._corrections.is_saved(key):
            self._corrections.apply(Correction("save", key))
            self._dirty[CORRECTIONS] = True
            self._novel[o.host] = self._novel.get(o.host, 0) + 1
        if self._corrections.pin_host(o.host, key):
            self._novel[o.host] = self._novel.get(o.host, 0) + 1

    def _renew(self) -> None:
        """All templates are to be found again before the next answer."""
        for host in self._forest.roots:
            self._novel[host] = self._novel.get(host, 0) + 1
        self._patterns.clear()
        self._renewed = True
        self.generation += 1

    def _settle(self, *, asked: bool = False) -> None:
        """Find the templates of all hosts that have new paths since; `asked`: of those with any request since."""
        self._renewed = False
        fresh = self._fresh if asked else ()
        hosts = [host for host in self._forest.roots if self._novel.get(host) or host in fresh]
        if hosts:
            self._infer(hosts)
        self._group()

    def _infer(self, hosts: Iterable[str]) -> None:
        for host in hosts:
            root = self._forest.roots[host]
            space = self._space(host, [host])
            if self._fold(space):
                space = self._space(host, [host])
            self._spaces[host] = space
            self._fresh.discard(host)
            self._novel[host] = 0
            self._sizes[host] = root.size()
            self._patterns.pop(host, None)
        self.generation += 1

    def _space(self, host: str, hosts: Iterable[str]) -> Space:
        names = list(hosts)
        seen: list[bool] = []
        space = infer(
            host,
            [(each, self._forest.roots[each]) for each in names],
            self._decide,
            self._memory.sources,
            self._corrections.at,
            lambda kid: seen.append(sightings.look_again(kid, self._memory)),
        )
        if any(seen):
            self._forest.reshaped.update(names)  # what is known of their nodes has changed
        return space

    def _fold(self, space: Space) -> bool:
        """Fold the values that are more than are kept of one variable; returns whether there were any."""
        folded = False
        for way, _ in space.place.walk():
            variable = way[-1].variable
            if variable is None or len(variable.kids) <= self.settings.values * 3 // 2:
                continue
            settled = {kid.text for kid, odds in zip(variable.kids, variable.odds, strict=True) if odds < CERTAIN + 1}
            for node in way[-2].nodes:
                texts = [text for text in node.kids if text in settled]
                folded = self._forest.fold(space.host, node, texts, self.settings.values) or folded
        return folded

    def _group(self) -> None:
        """Bring together hosts that serve one API."""
        if self.settings.hosts <= 0 or len(self._spaces) < self.settings.hosts:
            return
        if all(host in self._patterns for host in self._spaces):
            return
        templates = {host: space.templates() for host, space in self._spaces.items()}
        names = merged_hosts(templates, self.settings.hosts)
        groups: dict[str, list[str]] = {}
        for host, name in names.items():
            groups.setdefault(name, []).append(host)
        for name, hosts in groups.items():
            if len(hosts) > 1 and any(self._patterns.get(host) != name for host in hosts):
                self._spaces.update(dict.fromkeys(hosts, self._space(name, hosts)))
        self._patterns = names
        self.generation += 1

    def _spaces_by_pattern(self) -> dict[str, Space]:
        return {space.host: space for space in self._spaces.values()}


def is_static(path: str) -> bool:
    """Whether a path is a file that belongs to a page: no endpoint of an API."""
    last = path[path.rfind("/") + 1 :]
    return "." in last and last.rpartition(".")[2].lower() in _STATIC


@lru_cache(maxsize=65_536)
def session_number(session: str) -> int:
    """The number that stands for a session, never 0."""
    return int.from_bytes(blake2b(session.encode("utf-8", "surrogatepass"), digest_size=8).digest()) or 1
