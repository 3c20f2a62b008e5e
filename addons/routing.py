"""The door: `mitmdump -s addons/routing.py`. All logic is in the package `sluicegate`, beside this file."""

from sluicegate.proxy.door import Door

addons = [Door()]
