"""Which endpoints an API has: methods, hosts and path templates, found in its traffic.

observations ─► learner.py ─► tree.py, noise.py, provenance.py, shapes.py      what was seen, bounded
                    │
                    ▼
                inference.py ─► features.py ─► model.py, weights.py            names and values told apart
                    │
                    ▼
                places.py ─► listing.py, discovered.py, confidence.py          what is told
"""

from .corrections import Correction
from .discovered import Discovered, DiscoveredVariable
from .learner import PathLearner
from .settings import API_SHIELD, LAPTOP, PRESETS, Settings

__all__ = [
    "API_SHIELD",
    "LAPTOP",
    "PRESETS",
    "Correction",
    "Discovered",
    "DiscoveredVariable",
    "PathLearner",
    "Settings",
]
