"""Routes and answers for what changes messages on their way: options and scripts, with all programs."""

from __future__ import annotations

from .twins import Twins
from .upstream import answer

ROUTES = """
host: api.hotel.test
services:
  one: http://127.0.0.1:{one}
  clear: {{url: "http://127.0.0.1:{clear}", h2c: true}}
endpoints:
  GET /a/{{x}}: one:/b/{{x}}
  POST /a/{{x}}: one:/b/{{x}}
  GET /clear/{{x}}: clear:/b/{{x}}
  GET /down: http://127.0.0.1:1/
  GET /chat: http://127.0.0.1:{chat}/chat
"""


def prepare(world: Twins) -> Twins:
    cookie = [("Set-Cookie", "kept=1; Path=/"), ("Content-Type", "text/plain")]
    world.targets.one.on("/b/cookie", answer(200, cookie, b"take one"))
    world.targets.one.on("/b/word", answer(200, [("Content-Type", "text/plain")], b"an old word"))
    return world
