"""How much is looked at and kept, and how much evidence a statement needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SchemaSettings:
    """What is stated from how many values on, and what is kept at most.

    `types_after`: values before a type, a format or a field is stated. `bounds_after`: before ranges, lengths, enums
    and patterns are. `required_after`: messages that all had the field before it is required, 0 for never.
    `most_enum`: values of an enum. The others are caps of what traffic can grow: fields of a profile, levels of
    nesting, items looked at of one array, values looked at of one message, characters of kept values of a profile,
    media types of bodies, and statuses.
    """

    types_after: int = 5
    bounds_after: int = 50
    required_after: int = 500
    most_enum: int = 20
    most_fields: int = 400
    most_depth: int = 12
    most_items: int = 40
    most_values: int = 2000
    most_kept: int = 1 << 15
    most_media: int = 6
    most_statuses: int = 8


LAPTOP: Final = SchemaSettings()
"""For the traffic of a developer's machine (our choice)."""
API_SHIELD: Final = SchemaSettings(types_after=1000, bounds_after=10_000, required_after=0, most_enum=3)
"""As API Shield documents it (Schema learning): 1,000 requests for fields, 10,000 for bounds, enums of three values."""
PRESETS: Final = {"laptop": LAPTOP, "api-shield": API_SHIELD}
"""Settings by name."""
