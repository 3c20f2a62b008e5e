"""Subclasses of mitmproxy's HTTP layers: what hooks cannot do (`next_layer` puts them in place, nothing is patched).

Problem bodies for failures, bounded heads, early refusal of uploads, deadlines, framing between HTTP versions,
trailers and interim responses that the core does not know.
"""
