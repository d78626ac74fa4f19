"""Network addresses, as limits count them."""

from __future__ import annotations

import ipaddress

HOUSEHOLD_BITS = 64
"""What a provider hands to one connection: whoever has it may take any address below."""


def one_house(address: str) -> str:
    """What stands for the address where its tries or sockets are counted.

    IPv6 is counted by its /64, or one house would have 2^64 counts to use up; IPv4 written as IPv6
    is IPv4. Whatever is no address stands for itself.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found.packed, HOUSEHOLD_BITS), strict=False))
