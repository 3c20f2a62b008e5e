"""JSON bodies of a declared shape, with the identifiers of the entities that they are about."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from .documents import Api
from .nouns import Noun, singular, words_of
from .words import ADJECTIVES, FIRST_NAMES, LAST_NAMES, NOUNS, listed

_DEPTH: Final = 4
_PROPERTIES: Final = 14
_VARIANTS: Final = 4
_IDS: Final = ("id", "_id", "uuid", "guid", "uid", "sid", "key", "identifier")
_LINKS: Final = frozenset(listed("self href url uri link selflink html_url resource_url @id"))
_WRAPPERS: Final = frozenset(
    listed(
        """
    data result results item items records value values entries content list response
    """
    )
)


@dataclass(slots=True)
class Context:
    """What a body is about: `subjects` are the identifiers of a list's entities, or the one of a detail; `path` is the
    path of the first; `related` gives an identifier of another entity by its noun, '' for none."""

    rng: random.Random
    subjects: list[str]
    path: str
    related: Callable[[str], str]


class Node(Protocol):
    """Makes a value."""

    def make(self, context: Context) -> Any: ...


@dataclass(frozen=True, slots=True)
class Plain:
    """One of a few values made beforehand: nothing of it depends on the entity."""

    variants: list[Any]

    def make(self, context: Context) -> Any:
        return self.variants[int(context.rng.random() * len(self.variants))]


@dataclass(frozen=True, slots=True)
class Identity:
    """The identifier of the entity itself."""

    number: bool

    def make(self, context: Context) -> Any:
        value = context.subjects[0] if context.subjects else "0"
        return int(value) if self.number and value.isdecimal() else value


@dataclass(frozen=True, slots=True)
class Link:
    """The address of the entity itself."""

    host: str

    def make(self, context: Context) -> Any:
        return f"https://{self.host}{context.path}"


@dataclass(frozen=True, slots=True)
class Reference:
    """The identifier of another entity."""

    entity: str
    number: bool

    def make(self, context: Context) -> Any:
        value = context.related(self.entity)
        return int(value) if self.number and value.isdecimal() else value


@dataclass(frozen=True, slots=True)
class Object:
    """Plain members made beforehand, and those that depend on the entity."""

    plain: Plain
    members: list[tuple[str, Node]]

    def make(self, context: Context) -> Any:
        made = dict(self.plain.make(context))
        for name, node in self.members:
            made[name] = node.make(context)
        return made


@dataclass(frozen=True, slots=True)
class Items:
    """A list with one item for each entity."""

    item: Node

    def make(self, context: Context) -> Any:
        stem = context.path.rpartition("/")[0]
        return [
            self.item.make(Context(context.rng, [subject], f"{stem}/{subject}", context.related))
            for subject in context.subjects
        ]


@dataclass(frozen=True, slots=True)
class Several:
    """A list of one or two things that refer to entities."""

    item: Node

    def make(self, context: Context) -> Any:
        return [self.item.make(context) for _ in range(context.rng.randint(1, 2))]


class Subject(NamedTuple):
    """What a body is about: the noun, the name of its path variable, and whether it is a collection of them."""

    noun: Noun
    variable: str
    many: bool


class Bodies:
    """Compiles the schemas of an API. `entities` are the nouns that have identifiers."""

    def __init__(self, api: Api, entities: set[str], rng: random.Random) -> None:
        self._api = api
        self._entities = entities
        self._rng = rng

    def compile(self, schema: dict[str, Any], subject: Subject | None) -> Node:
        """Return what makes bodies of a schema about a subject."""
        return self._node(schema, "", subject, 0)

    def _node(self, schema: Any, name: str, subject: Subject | None, depth: int) -> Node:
        schema = self._merged(schema)
        kind = schema.get("type")
        if kind == "array" or "items" in schema:
            return self._list(schema.get("items"), singular(name), subject if subject and subject.many else None, depth)
        if "properties" in schema and isinstance(schema["properties"], dict):
            return self._object(schema["properties"], subject, depth)
        if kind == "object":
            return Plain([{}])
        return Plain([self._value(schema, name) for _ in range(_VARIANTS)])

    def _list(self, items: Any, name: str, subject: Subject | None, depth: int) -> Node:
        item = self._node(items, name, subject, depth + 1)
        schema = self._merged(items)
        if subject and depth == 0 and "properties" not in schema:
            return Items(Identity(schema.get("type") == "integer"))
        if not isinstance(item, Plain):
            return Items(item) if subject else Several(item)
        made = [item.make(self._nobody()) for _ in range(2)]
        return Plain([made[: self._rng.randint(1, 2)] for _ in range(2)])

    def _object(self, properties: dict[str, Any], subject: Subject | None, depth: int) -> Node:
        if depth >= _DEPTH:
            return Plain([{}])
        own = self._own(properties, subject) if subject else None
        inner = self._wrapped(properties, subject) if subject and own is None else None
        names = [*dict.fromkeys([*filter(None, (own, inner)), *properties])][:_PROPERTIES]
        plain: dict[str, Plain] = {}
        members: list[tuple[str, Node]] = []
        for name in names:
            member = self._merged(properties[name])
            is_number = member.get("type") in ("integer", "number")
            if name == own:
                node: Node = Identity(is_number)
            elif own and name.lower() in _LINKS and member.get("type", "string") == "string":
                node = Link(self._api.host)
            elif (
                name != inner
                and member.get("type", "string") in ("string", "integer", "number")
                and (entity := self._referred(name))
            ):
                node = Reference(entity, is_number)
            elif name != inner and singular(name) in self._entities and "id" in (member.get("properties") or {}):
                node = self._nested(member, singular(name), depth)
            else:
                node = self._node(member, name, subject if name == inner else None, depth + 1)
            if isinstance(node, Plain):
                plain[name] = node
            else:
                members.append((name, node))
        nobody = self._nobody()
        variants = [{name: node.make(nobody) for name, node in plain.items()} for _ in range(_VARIANTS)]
        return Object(Plain(variants), members) if members else Plain(variants)

    def _nested(self, member: dict[str, Any], entity: str, depth: int) -> Node:
        """Another entity within this one: `{"owner": {"id": …}}`."""
        node = self._node(
            {"properties": {k: v for k, v in member["properties"].items() if k != "id"}}, "", None, depth + 2
        )
        plain = node if isinstance(node, Plain) else Plain([{}])
        is_number = self._merged(member["properties"]["id"]).get("type") == "integer"
        return Object(plain, [("id", Reference(entity, is_number))])

    def _own(self, properties: dict[str, Any], subject: Subject) -> str | None:
        """The member that holds the subject's identifier, as far as names tell."""
        noun, variable = subject.noun, subject.variable
        by_name = {name.lower().replace("-", "_"): name for name in properties}
        wanted = [variable.lower().replace("-", "_")]
        if noun.attribute == "id":
            wanted += [*_IDS, f"{noun.entity}id", f"{noun.entity}_id", f"{noun.entity}_uuid", f"{noun.entity}key"]
            wanted += ["number", "code"]
        else:
            wanted += [noun.attribute, f"{noun.entity}{noun.attribute}", f"{noun.entity}_{noun.attribute}", "login"]
        for name in wanted:
            found = by_name.get(name)
            if found and self._merged(properties[found]).get("type", "string") in ("string", "integer", "number"):
                return found
        return None

    def _wrapped(self, properties: dict[str, Any], subject: Subject) -> str | None:
        """The member that holds the subject, or the list of them."""
        composed = {}
        for name, value in properties.items():
            member = self._merged(value)
            if "properties" in member or "items" in member:
                composed[name] = member
        for name in composed:
            if singular(name) == subject.noun.entity or name.lower() in _WRAPPERS:
                return name
        return next((name for name, member in composed.items() if "items" in member), None)

    def _referred(self, name: str) -> str:
        """The entity that a member such as `ownerId` or `owner_id` refers to; '' for none."""
        words = words_of(name)
        if len(words) > 1 and words[-1] in ("id", "uuid", "key", "sid", "guid"):
            entity = singular("".join(words[:-1]))
            return entity if entity in self._entities else ""
        return ""

    def _merged(self, schema: Any) -> dict[str, Any]:
        """A schema without references at its top: allOf put together, the first of oneOf and anyOf."""
        schema = self._api.resolve(schema)
        for _ in range(3):
            choice = next((schema[key] for key in ("oneOf", "anyOf") if schema.get(key)), None)
            if not isinstance(choice, list) or "properties" in schema:
                break
            schema = self._api.resolve(choice[0])
        if isinstance(parts := schema.get("allOf"), list):
            merged: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
            properties: dict[str, Any] = {}
            for part in parts[:8]:
                part = self._api.resolve(part)
                inner = self._merged(part) if "allOf" in part else part
                merged = inner | merged
                properties |= inner.get("properties") or {}
            properties |= schema.get("properties") or {}
            return merged | ({"properties": properties} if properties else {})
        return schema

    def _nobody(self) -> Context:
        return Context(self._rng, [], "", lambda _: "")

    def _value(self, schema: dict[str, Any], name: str) -> Any:
        """A value of a scalar schema."""
        rng, kind, form = self._rng, schema.get("type"), schema.get("format")
        if isinstance(listed := schema.get("enum"), list) and listed:
            return rng.choice(listed)
        if kind == "boolean":
            return rng.random() < 0.5
        if kind == "integer":
            return rng.choice((0, 1, rng.randint(2, 50), rng.randint(100, 100_000)))
        if kind == "number":
            return round(rng.uniform(0, 1000), 2)
        if kind not in ("string", None):
            return None
        if form in ("date", "date-time"):
            day = f"2025-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
            return day if form == "date" else f"{day}T{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:00Z"
        if form == "uuid":
            return f"{rng.getrandbits(32):08x}-0000-4000-8000-{rng.getrandbits(48):012x}"
        last = (words_of(name) or [""])[-1]
        if last in ("id", "uuid", "key", "token", "hash"):
            return "".join(rng.choices(string.hexdigits.lower(), k=12))
        if last == "email":
            return f"{rng.choice(FIRST_NAMES)}@{rng.choice(NOUNS)}.com"
        if last in ("name", "title", "label"):
            if rng.random() < 0.3:
                return f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}".title()
            return f"{rng.choice(ADJECTIVES)} {rng.choice(NOUNS)}".title()
        if last in ("status", "state", "type", "kind"):
            return rng.choice(("active", "open", "closed", "default", "pending"))
        words = rng.choices(NOUNS, k=rng.choice((1, 3, 6)))
        return " ".join(words)
