"""Schemas from traffic: parameters and bodies of an endpoint, as its valid requests showed them."""
