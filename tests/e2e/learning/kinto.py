"""Kinto, a document store that ships its own OpenAPI document, and its own client at work as several people."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

SETTINGS = {
    "kinto.userid_hmac_secret": "of the tests",
    "kinto.storage_backend": "kinto.core.storage.memory",
    "kinto.cache_backend": "kinto.core.cache.memory",
    "kinto.permission_backend": "kinto.core.permission.memory",
    "kinto.includes": "kinto.plugins.history kinto.plugins.flush",
    "kinto.bucket_create_principals": "system.Authenticated",
    "kinto.bucket_read_principals": "system.Authenticated",
    "kinto.flush_endpoint_enabled": "true",
    "multiauth.policies": "basicauth",
}

PEOPLE = ("ann", "bob", "carla", "deniz", "emil", "fatima", "gero", "hanna", "ivo", "jutta", "kim", "lena")
BUCKETS = (
    "blog", "shop", "library", "garden", "kitchen", "studio", "archive", "museum", "school", "clinic", "harbour",
    "orchestra", "bakery", "theatre", "observatory", "workshop", "cinema", "gallery", "stadium", "market", "farm",
    "brewery", "hostel", "airport",
)  # fmt: skip
COLLECTIONS = (
    "articles", "comments", "drawings", "tickets", "recipes", "plants", "letters", "songs", "films", "orders",
    "lessons", "visits", "ships", "scores", "breads", "plays", "stars", "tools", "photos", "games", "goods", "cows",
    "beers", "beds", "flights", "notes", "tasks", "boats", "seeds", "books", "trains", "lamps",
)  # fmt: skip
GROUPS = ("editors", "readers", "owners", "guests", "staff", "friends", "admins", "writers", "family", "players")

VARIABLE = re.compile(r"\{[^{}]+\}")


def shape(template: str) -> str:
    """A path template without the names of its variables; a segment with one in it is a variable as a whole."""
    return "/".join("{}" if VARIABLE.search(segment) else segment for segment in template.split("/"))


@dataclass(slots=True)
class Kinto:
    """The running application."""

    port: int
    document: dict[str, Any]
    asked: Counter[tuple[str, str]]
    """What it answered 2xx: requests by method and path."""

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.authority}"

    def start_again(self) -> None:
        """Empties it, and forgets what it was asked."""
        import requests

        requests.post(f"{self.url}/v1/__flush__", auth=("admin", "admin"), timeout=10).raise_for_status()
        self.asked.clear()

    def templates(self) -> list[tuple[str, str]]:
        """Method and path of each operation of its own document, with the base path in front."""
        base = self.document["basePath"]
        return [
            (method.upper(), base + path)
            for path, operations in self.document["paths"].items()
            for method in operations
            if method != "parameters"
        ]

    def called(self, least: int = 3) -> Counter[tuple[str, str]]:
        """The document's operations, as method and shape, that were called at least so often, with the counts."""
        ways = [
            (method, re.compile("/".join(_pattern(each) for each in path.split("/"))), path)
            for method, path in sorted(self.templates(), key=lambda one: len(VARIABLE.findall(one[1])))
        ]
        found: Counter[tuple[str, str]] = Counter()
        for (method, path), count in self.asked.items():
            way = next(template for verb, way, template in ways if verb == method and way.fullmatch(path))
            found[method, shape(way)] += count
        return Counter({each: count for each, count in found.items() if count >= least})


def _pattern(segment: str) -> str:
    return "".join(
        "[^/]+" if VARIABLE.fullmatch(part) else re.escape(part) for part in re.split(r"(\{[^{}]+\})", segment)
    )


@contextlib.contextmanager
def kinto() -> Iterator[Kinto]:
    """The application on a loopback port, its data in memory."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import requests
        import waitress
        from kinto import main

        application = main({}, **SETTINGS)
    for name in ("kinto", "waitress"):
        logging.getLogger(name).setLevel(logging.ERROR)
    asked: Counter[tuple[str, str]] = Counter()

    def counting(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        def start(status: str, *rest: Any) -> Any:
            asked[environ["REQUEST_METHOD"], environ["PATH_INFO"]] += status.startswith("2")
            return start_response(status, *rest)

        return application(environ, start)

    server = waitress.create_server(counting, host="127.0.0.1", port=0, threads=1)
    threading.Thread(target=server.run, daemon=True, name="kinto").start()
    try:
        document = requests.get(f"http://127.0.0.1:{server.effective_port}/v1/__api__", timeout=10).json()
        asked.clear()
        yield Kinto(server.effective_port, document, asked)
    finally:
        server.close()
        server.task_dispatcher.shutdown()


def drive(url: str, proxy: str = "", people: int = len(PEOPLE)) -> None:
    """Works with the application at a URL as so many people, each with a name and two buckets of their own."""
    import kinto_http

    # The client takes a proxy from the environment, as programs do.
    with patch.dict(os.environ, {"http_proxy": proxy, "no_proxy": ""}):
        for number, person in enumerate(PEOPLE[:people]):
            client = kinto_http.Client(server_url=f"{url}/v1", auth=(person, f"password-of-{person}"))
            client.server_info()
            for bucket in (BUCKETS[2 * number], BUCKETS[2 * number + 1]):
                _work(client, bucket, number)
            client.get_buckets()


def _work(client: Any, bucket: str, number: int) -> None:
    client.create_bucket(id=bucket)
    client.get_bucket(id=bucket)
    client.patch_bucket(id=bucket, data={"colour": "green"})
    for group in (GROUPS[number % len(GROUPS)], GROUPS[(number + 3) % len(GROUPS)]):
        client.create_group(id=group, bucket=bucket, data={"members": ["basicauth:ann"]})
        client.get_group(id=group, bucket=bucket)
        client.patch_group(id=group, bucket=bucket, data={"members": ["basicauth:bob"]})
    client.get_groups(bucket=bucket)
    places = [COLLECTIONS[(3 * number + len(bucket) + step) % len(COLLECTIONS)] for step in (0, 11)]
    for collection in places:
        client.create_collection(id=collection, bucket=bucket)
        client.get_collection(id=collection, bucket=bucket)
        client.patch_collection(id=collection, bucket=bucket, data={"sort": "name"})
        made = [
            client.create_record(data={"title": f"number {each}"}, bucket=bucket, collection=collection)["data"]["id"]
            for each in range(3)
        ]
        chosen = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{bucket}.{collection}"))
        client.create_record(id=chosen, data={"title": "chosen"}, bucket=bucket, collection=collection)
        for record in (*made, chosen):
            client.get_record(id=record, bucket=bucket, collection=collection)
        client.update_record(id=made[0], data={"title": "again"}, bucket=bucket, collection=collection)
        client.patch_record(id=made[1], data={"done": True}, bucket=bucket, collection=collection)
        client.get_records(bucket=bucket, collection=collection)
        client.delete_record(id=made[2], bucket=bucket, collection=collection)
    client.get_collections(bucket=bucket)
    client.get_history(bucket=bucket)
    if number % 3 == 0:
        client.delete_records(bucket=bucket, collection=places[1])
        client.delete_collection(id=places[1], bucket=bucket)
        client.delete_group(id=GROUPS[number % len(GROUPS)], bucket=bucket)
