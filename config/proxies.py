"""Whose address a request comes from, when proxies of ours stand in front.

Each proxy adds the address it heard from at the end of ``X-Forwarded-For``. What stands before
those is whatever somebody liked to write, so the phone's address is counted from the end, over as
many proxies as the operator says there are. The servers' own options are left off: Daphne's
believes the first address, and Uvicorn's believes everybody on the same machine.
"""

from __future__ import annotations

import ipaddress
import logging
from typing import Any

from django.conf import settings

log = logging.getLogger("lantern.proxies")

Scope = dict[str, Any]
Headers = list[tuple[bytes, bytes]]

ADDRESSES = b"x-forwarded-for"
SCHEME = b"x-forwarded-proto"
FORWARDED = (b"x-forwarded-", b"forwarded", b"x-real-ip")
"""How the names of headers begin that speak for a proxy. What we do not need ends here."""

_warned = False


def seen_from_outside(scope: Scope) -> Scope:
    """The same request with the phone's own address, and nothing left that pretends to a proxy.

    Without trusted proxies it is the address of whoever connected, whatever the request says.
    """
    if "headers" not in scope:
        return scope
    proxies = max(0, settings.TRUSTED_PROXIES)
    if not proxies:
        _warn_of_a_proxy(scope["headers"])
    kept = [pair for pair in scope["headers"] if not pair[0].lower().startswith(FORWARDED)]
    scheme = hop(scope["headers"], SCHEME, proxies)
    if scheme:
        kept.append((SCHEME, scheme.encode("latin-1")))
    address = address_in(hop(scope["headers"], ADDRESSES, proxies))
    client = (address, 0) if address else scope.get("client")
    # Daphne takes a root path from a header of the request; we live at the root of our host.
    return {**scope, "headers": kept, "client": client, "root_path": ""}


def hop(headers: Headers, name: bytes, proxies: int) -> str:
    """What the outermost of our proxies wrote, or nothing where none of ours wrote anything."""
    lines = [value.decode("latin-1") for found, value in headers if found.lower() == name]
    entries = [entry.strip() for entry in ",".join(lines).split(",")]
    return entries[max(0, len(entries) - proxies)] if lines and proxies else ""


def address_in(entry: str) -> str:
    """The address of an entry, with or without a port; nothing where it is none."""
    bare = entry
    if entry.startswith("["):
        bare = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        bare = entry.partition(":")[0]
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return ""


def _warn_of_a_proxy(headers: Headers) -> None:
    """Once in a process: either somebody pretends, or every limit counts the proxy itself."""
    global _warned
    if not _warned and any(name.lower() == ADDRESSES for name, _ in headers):
        _warned = True
        log.warning("a request came with X-Forwarded-For, but TRUSTED_PROXIES is 0")
