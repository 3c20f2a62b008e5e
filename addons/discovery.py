"""The door of discovery alone: `mitmdump -s addons/discovery.py`, in whatever mode. It looks on and changes nothing."""

from sluicegate.proxy.discovery import DiscoveryDoor

addons = [DiscoveryDoor()]
