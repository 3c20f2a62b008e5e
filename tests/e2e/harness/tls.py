"""Certificates of the tests' own authority: one per process, made when first needed."""

from __future__ import annotations

import atexit
import functools
import shutil
import ssl
import tempfile
from pathlib import Path

import trustme


@functools.cache
def authority() -> trustme.CA:
    """The authority that signs the upstreams' certificates."""
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


@functools.cache
def authority_file() -> Path:
    """The authority's certificate, for `--set ssl_verify_upstream_trusted_ca=...`."""
    folder = Path(tempfile.mkdtemp(prefix="sluicegate-ca-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "authority.pem"
    authority().cert_pem.write_to_path(str(path))
    return path


def server_context(*names: str, alpn: tuple[str, ...] = (), signer: trustme.CA | None = None) -> ssl.SSLContext:
    """A server's context with a certificate for `names` (default: localhost, 127.0.0.1 and ::1)."""
    issued = (signer or authority()).issue_cert(*(names or ("localhost", "127.0.0.1", "::1")))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def stranger_context() -> ssl.SSLContext:
    """A server's context that no client has a reason to trust, as a developer's self-signed one."""
    return server_context(signer=trustme.CA(key_type=trustme.KeyType.ECDSA))
