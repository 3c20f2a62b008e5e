"""What requests and responses of one endpoint look like: a profile that is learned, merged and kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from ...exchange import Fields
from ..observation import NO_JSON, Observation, is_json, media_type
from ..records import HIDDEN
from .bodies import FORM, Body
from .fields import Field, Group
from .names import is_standard
from .room import Room
from .rows import mapping, whole
from .settings import LAPTOP, SchemaSettings
from .shapes import Shape

VERSION: Final = 1
"""Of what `members` makes."""
_EPOCH: Final = 1_577_836_800.0
"""Times are counted in days from 2020 on, so that their squares keep their precision."""
_LATEST: Final = 1e11
"""Times from here on, in seconds since the epoch, are no times."""
_MOST_QUERY: Final = 1 << 16
"""Bytes of a query or a form that is read, at most."""
_MOST_PAIRS: Final = 500
"""Parameters of one message that are looked at, at most."""


class Profile:
    """What was learned of the requests and responses of one endpoint, from those that were answered with 2xx.

    `requests`: successful exchanges counted. `bodies`: requests by media type, '' for a body without one.
    `with_body`: requests that had any, of the `seen_bodies` of which that is known. `responses`: by status, then by
    media type. What traffic can grow is capped by the settings; `more` says that something was left out for that.
    """

    __slots__ = ("bodies", "cookies", "headers", "path", "query", "requests", "responses", "room", "seen_bodies")

    def __init__(self, settings: SchemaSettings = LAPTOP) -> None:
        self.room = Room(settings)
        self.requests = 0
        self.seen_bodies = 0
        self.path: list[Field] = []
        self.query = Group()
        self.headers = Group()
        self.cookies = Group(secret=True)
        self.bodies: dict[str, Body] = {}
        self.responses: dict[int, dict[str, Body]] = {}

    @property
    def more(self) -> bool:
        """Whether something was not learned for want of room."""
        return self.room.more

    def observe(self, o: Observation, variables: Sequence[str] = ()) -> None:
        """Learn from an exchange, where it succeeded.

        `variables`: the values of {var1}, {var2} … as the path has them, escapes and all.
        """
        if not o.is_success:
            return
        room = self.room
        room.message((o.at - _EPOCH) / 86400 if 0.0 < o.at < _LATEST else 0.0)
        self.requests += 1
        self._add_path(variables, 1)
        if o.query:
            self.query.add(_pairs(o.query), room)
        kind, _, name = o.identifier.partition(" ")
        self._add_headers(o.request_headers, name if kind == "header" else "")
        self._add_request(o, name if kind == "body" else "")
        self._add_response(o)

    def merge(self, other: Profile) -> None:
        """Take in what another profile has learned. Where both fit the caps, order and grouping make no difference."""
        room = self.room
        self.requests += other.requests
        self.seen_bodies += other.seen_bodies
        room.more |= other.room.more
        for number, field in enumerate(other.path):
            if number == len(self.path):
                self.path.append(Field())
            self.path[number].merge(field, room)
        self.query.merge(other.query, room)
        self.headers.merge(other.headers, room)
        self.cookies.merge(other.cookies, room)
        for media, body in other.bodies.items():
            if (own := self._body(self.bodies, media)) is not None:
                own.merge(body, room)
        for status, bodies in other.responses.items():
            found = self._status(status)
            for media, body in bodies.items():
                if found is not None and (own := self._body(found, media)) is not None:
                    own.merge(body, room)

    def rebase(self, was: str, now: str) -> None:
        """Move what was learned to another template that the same paths fit: `/users/7` to `/users/{var1}`.

        A variable that was literal text gets that text as the value of every request. Where the same paths cannot fit
        both, what was known of the variables is let go of.
        """
        old, self.path = self.path, []
        for place, literal in _places(was, now):
            self.path.append(field := Field())
            if place is not None:
                if place < len(old):
                    field.merge(old[place], self.room)
            elif self.requests:
                field.count = self.requests
                field.values.add(unquote(literal), self.room, times=self.requests)

    def members(self) -> dict[str, Any]:
        """What is kept of the profile, as JSON has it."""
        return {
            "version": VERSION,
            "requests": self.requests,
            "seen_bodies": self.seen_bodies,
            "more": self.more,
            "path": [field.members() for field in self.path],
            "query": self.query.members(),
            "headers": self.headers.members(),
            "cookies": self.cookies.members(),
            "bodies": {media: body.members() for media, body in self.bodies.items()},
            "responses": {
                str(status): {media: body.members() for media, body in bodies.items()}
                for status, bodies in self.responses.items()
            },
        }

    @classmethod
    def from_members(cls, data: Any, settings: SchemaSettings = LAPTOP) -> Profile:
        """What `members` made, as it comes back from a file. Raises ValueError: another version, or nonsense."""
        found, made = mapping(data), cls(settings)
        if found.get("version") != VERSION:
            raise ValueError(f"a profile of version {VERSION} is expected, not {str(found.get('version'))[:40]!r}")
        room = made.room
        made.requests = whole(found.get("requests"))
        made.seen_bodies = whole(found.get("seen_bodies"))
        path = found.get("path")
        if not isinstance(path, list):
            raise ValueError("the variables of a path are a list")
        made.path = [Field.from_members(field, room) for field in path]
        made.query = Group.from_members(found.get("query"), room)
        made.headers = Group.from_members(found.get("headers"), room)
        made.cookies = Group.from_members(found.get("cookies"), room, secret=True)
        for media, body in mapping(found.get("bodies")).items():
            made.bodies[media] = Body.from_members(body, room)
        for status, bodies in mapping(found.get("responses")).items():
            if not (status.isascii() and status.isdigit() and len(status) == 3):
                raise ValueError(f"{status[:40]!r} is no status")
            made.responses[int(status)] = {
                media: Body.from_members(body, room) for media, body in mapping(bodies).items()
            }
        room.more = room.more or found.get("more") is True
        return made

    def _add_path(self, variables: Sequence[str], times: int) -> None:
        room = self.room
        for number, value in enumerate(variables):
            if number == len(self.path):
                self.path.append(Field())
            field = self.path[number]
            field.count += times
            field.values.add(unquote(value), room, room.at, times)

    def _add_headers(self, fields: Fields, hidden: str) -> None:
        pairs: list[tuple[str, str | None]] = []
        cookies: list[tuple[str, str | None]] = []
        for raw, value in fields:
            name = raw.decode("latin-1").lower()
            if name == "cookie":
                cookies += _cookies(value.decode("latin-1"))
            elif not is_standard(name):
                pairs.append((name, None if value == HIDDEN else value.decode("latin-1").strip()))
        if pairs:
            self.headers.add(pairs[:_MOST_PAIRS], self.room, hidden)
        if cookies:
            self.cookies.add(cookies[:_MOST_PAIRS], self.room)

    def _add_request(self, o: Observation, hidden: str) -> None:
        body = o.request_body
        if body is None:
            return
        self.seen_bodies += 1
        media = media_type(o.request_headers)
        if not body and media != FORM:  # a form without fields is an empty body
            return
        found = self._body(self.bodies, media)
        if found is None:
            return
        found.count += 1
        if media == FORM:
            if len(body) <= _MOST_QUERY:
                found.fields = found.fields or Group()
                found.fields.add(_pairs(body), self.room)
        elif is_json(media):
            found.shape = self._learned(found.shape, o.request_json)
            if hidden and found.shape is not None and (shape := _below(found.shape, hidden)) is not None:
                shape.hide(self.room)

    def _add_response(self, o: Observation) -> None:
        if o.status is None or (bodies := self._status(o.status)) is None:
            return
        media = media_type(o.response_headers) if o.response_body or o.body_bytes else ""
        found = self._body(bodies, media)
        if found is None:
            return
        found.count += 1
        if is_json(media) and o.response_body:
            self.room.message(self.room.at)
            found.shape = self._learned(found.shape, o.response_json)

    def _learned(self, shape: Shape | None, value: Any) -> Shape | None:
        if value is NO_JSON:
            return shape
        shape = shape or Shape()
        shape.add(value, self.room)
        return shape

    def _body(self, bodies: dict[str, Body], media: str) -> Body | None:
        found = bodies.get(media)
        if found is None:
            if len(bodies) >= self.room.settings.most_media or len(media) > 100:
                self.room.more = True
                return None
            found = bodies[media] = Body()
        return found

    def _status(self, status: int) -> dict[str, Body] | None:
        found = self.responses.get(status)
        if found is None:
            if len(self.responses) >= self.room.settings.most_statuses:
                self.room.more = True
                return None
            found = self.responses[status] = {}
        return found


def _pairs(data: bytes) -> list[tuple[str, str]]:
    """The parameters of a query or a form; a plus is a space (WHATWG URL, section 5.1)."""
    try:
        text = data[:_MOST_QUERY].decode("utf-8", "replace")
        return parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=None)[:_MOST_PAIRS]
    except ValueError:
        return []


def _cookies(text: str) -> Iterator[tuple[str, str | None]]:
    for pair in text.split(";")[:_MOST_PAIRS]:
        name, equals, value = pair.strip().partition("=")
        if equals and name:
            yield name, None if value == HIDDEN.decode() else value


def _below(shape: Shape, pointer: str) -> Shape | None:
    """The shape that a JSON pointer leads to (RFC 6901)."""
    found: Shape | None = shape
    for step in pointer.split("/")[1:]:
        if found is None or found.objects is None:
            return None
        found = found.objects.members.get(step.replace("~1", "/").replace("~0", "~"), found.objects.free)
    return found


def _places(was: str, now: str) -> Iterator[tuple[int | None, str]]:
    """For each variable of a template: which variable of another one it was, or the literal text that it was."""
    old, new = was.split("/"), now.split("/")
    if len(old) != len(new):
        return
    number = 0
    for before, after in zip(old, new, strict=True):
        if "{" in after:
            if "{" in before:
                yield number, ""
            else:
                start, _, rest = after.partition("{")
                end = rest.partition("}")[2]
                yield None, before.removeprefix(start).removesuffix(end)
        if "{" in before:
            number += 1
