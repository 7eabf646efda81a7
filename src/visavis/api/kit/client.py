"""Who is calling, as an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_FORWARDING = ("x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-host", "via")


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


def is_local(peer: str | None, headers: Mapping[str, str], trusted: Sequence[Network]) -> bool:
    """Does the caller sit on this machine?

    A loopback peer may be a proxy that brings others: it counts only when no header speaks of forwarding, or when the
    operator trusts it and its `X-Forwarded-For` names this machine.
    """
    forwarded = headers.get("x-forwarded-for")
    if any(name in headers for name in _FORWARDING):
        address = address_of(peer)
        if forwarded is None or address is None or not contains(address, trusted):
            return False
    caller = client_address(peer, forwarded, trusted)
    return caller is not None and caller.is_loopback
