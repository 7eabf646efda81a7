"""Who is calling, as an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(text: Sequence[str]) -> list[Network]:
    """CIDRs, or single addresses. Raises `ValueError` with a sentence."""
    found: list[Network] = []
    for item in text:
        try:
            found.append(ipaddress.ip_network(item.strip(), strict=False))
        except ValueError:
            raise ValueError(f"{item!r} is not an address or CIDR such as 203.0.113.0/24 or 2001:db8::/32.") from None
    return found


def contains(address: Address, among: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in among)


def address_of(text: str | None) -> Address | None:
    """The address in `text`, an IPv4 one also where IPv6 wraps it; None for anything else."""
    try:
        address = ipaddress.ip_address((text or "").strip().split("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def client_address(peer: str | None, forwarded: str | None, trusted: Sequence[Network]) -> Address | None:
    """The caller's address: the rightmost one in `X-Forwarded-For` that no trusted proxy has.

    What stands further left was written by the caller and proves nothing. Without a trusted peer the header is ignored.
    """
    address = address_of(peer)
    if address is None or not contains(address, trusted):
        return address
    for item in reversed((forwarded or "").split(",")):
        if not item.strip():
            continue
        hop = address_of(item)
        if hop is None or not contains(hop, trusted):
            return hop
        address = hop
    return address


def is_loopback(address: Address | None) -> bool:
    return address is not None and address.is_loopback
