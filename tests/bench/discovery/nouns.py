"""What a path variable names: the entity and which of its identifiers, from its name and the collection before it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from .words import listed

_IDS: Final = frozenset(
    listed(
        """
    id ids uuid guid uid sid identifier pk key code number no num ref reference hash token
    """
    )
)
_NAMES: Final = frozenset(listed("name slug handle login username title label email alias domain"))
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_JOINED: Final = re.compile(r"(.{3,}?)(id|ids|uuid|guid|name|slug|code|key|number)")
_VERSION: Final = re.compile(r"(?:api|service|schema|rest)?[-_.]?(?:version|ver)|v")
_FORMAT: Final = re.compile(r"(?:[a-z]+[-_.]?)?(?:format|extension)|ext")


class Noun(NamedTuple):
    """`entity` in the singular; `attribute` is `id`, or what else names it: `name`, `slug`, `email` …"""

    entity: str
    attribute: str


def words_of(name: str) -> list[str]:
    """Split a name in any case convention into its words, in lower case."""
    return [word.lower() for word in _WORDS.findall(name)]


def singular(word: str) -> str:
    """The singular of an English noun, well enough to compare names with each other."""
    word = "".join(character for character in word.lower() if character.isalnum())
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def noun_of(variable: str, before: str | None) -> Noun:
    """Return what a variable names; `before` is the literal segment before it.

    {userId} → user.id; /users/{id} → user.id; /users/{username} → user.name; /documents/{docId} → document.id;
    /repos/{owner} → owner.id
    """
    words = words_of(variable)
    if len(words) == 1 and words[0] not in _IDS | _NAMES and (joined := _JOINED.fullmatch(words[0])):
        words = [joined[1], joined[2]]
    if words == ["username"]:
        words = ["user", "name"]
    attribute = "id"
    if words and words[-1] in _IDS | _NAMES:
        attribute = "id" if words[-1] in _IDS else words[-1]
        words = words[:-1]
    entity, collection = singular("".join(words)), singular(before or "")
    if collection and (collection.startswith(entity) or collection.endswith(entity) or entity.endswith(collection)):
        entity = collection
    return Noun(entity or "thing", attribute)


def has_one_value(variable: str, before: str | None, behind: bool) -> bool:
    """Whether a variable is a version or a format of the whole API, rather than a thing.

    /{version}/files is one; /files/{id}/versions/{version} and /packages/{name}/{version} (`behind` another variable)
    are not. A format is one anywhere: /files/{id}.{format}
    """
    name = variable.lower()
    if singular(before or "") in ("version", "format", "extension"):
        return False
    return bool(_FORMAT.fullmatch(name)) or (not behind and bool(_VERSION.fullmatch(name)))
