"""The parts of a learner, put together."""

from __future__ import annotations

from .figures.figures import Figures
from .learner import Learner
from .paths import LAPTOP, PathLearner, Settings
from .schemas.profile import Profile

Learning = Learner[Profile, Figures]


def new_learner(settings: Settings = LAPTOP) -> Learning:
    """Make a learner that knows nothing yet."""
    return Learner(PathLearner(settings), Profile, Figures)
