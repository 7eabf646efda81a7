"""The one HTTP client for everything this server fetches or calls: callbacks, documents, models, tools.

Addresses come from people who use the API, so the client refuses to be led into the operator's network. It resolves
a name itself, checks every address, and connects to exactly the address it checked: a name that changes its mind
between the check and the connection gains nothing. Every redirect passes the same check, and a redirect to another
origin loses all headers that may carry a secret. Proxy variables of the environment are ignored, since behind a
proxy nobody could check the address; certificate variables (`SSL_CERT_FILE`, `SSL_CERT_DIR`) are honoured.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import httpcore
import httpx

if TYPE_CHECKING:
    from visavis.settings import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Awaitable[Sequence[Address]]]
"""Turns a name and a port into addresses, best first; raises `OSError` for an unknown name."""


class OutboundRefused(httpx.TransportError):
    """The address may not be called; `str(error)` names host and reason, never credentials or query."""


class ResponseTooLargeError(httpx.TransportError):
    """The answer is larger, or takes longer, than the caller accepts."""


# Cloud metadata services outside the link-local ranges: AWS and Google over IPv6, Alibaba, Oracle, Azure's host agent.
_METADATA = frozenset(
    map(ipaddress.ip_address, ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"))
)
# RFC 1918, 6598 (carrier-grade NAT), 2544 (benchmarks), 4193 (ULA), 3879 (the former site-local range).
_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15", "fc00::/7", "fec0::/10"),
    )
)
_THIS_NETWORK = ipaddress.IPv4Network("0.0.0.0/8")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")

# What may follow a redirect to another origin.
_PLAIN_HEADERS = {
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-length",
    "content-type",
    "host",
    "range",
    "transfer-encoding",
    "user-agent",
}


def refusal(address: Address, *, allow_private: bool, allow_loopback: bool) -> str | None:
    """Return why `address` may not be called, as the end of a sentence, or None when it may."""
    address = _embedded_ipv4(address)
    for forbidden, reason in (
        (address in _METADATA, "is a cloud metadata address"),
        (address.is_link_local, "is a link-local address, where cloud metadata lives"),
        (address.is_multicast, "is a multicast address"),
        (address.is_unspecified or address in _THIS_NETWORK, "is an unspecified address"),
    ):
        if forbidden:
            return reason
    if address.is_loopback:
        return None if allow_loopback else "is this machine itself (a loopback address)"
    if any(address in network for network in _PRIVATE):
        return None if allow_private else "is a private address, which the operator has not allowed"
    return None if address.is_global and not address.is_reserved else "is a reserved address"


def _embedded_ipv4(address: Address) -> Address:
    """The IPv4 address that an IPv6 form (mapped, compatible, 6to4, NAT64) stands for, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    address = ipaddress.IPv6Address(int(address))  # without a scope id, which would make it differ from its like
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    low = int(address) & 0xFFFFFFFF
    if address in _NAT64 or (address in _IPV4_COMPATIBLE and low > 1):
        return ipaddress.IPv4Address(low)
    return address


def _literal(host: str) -> Address | None:
    """The address that `host` spells, also in the decimal, hexadecimal and octal forms that `inet_aton` takes."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))
    except (OSError, UnicodeError):
        return None


async def system_resolver(host: str, port: int) -> Sequence[Address]:
    """Ask the operating system, in a thread."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(entry[4][0]) for entry in found]


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections to checked addresses only; TLS and the Host header keep the name."""

    def __init__(self, *, allow_private: bool, allow_loopback: bool, resolver: Resolver) -> None:
        self._allow_private = allow_private
        self._allow_loopback = allow_loopback
        self._resolve = resolver
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        addresses = await self._checked(host, port, timeout)
        error: Exception | None = None
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            # An unreachable first address must not use up the time of the others.
            share = None if deadline is None else max(0.05, (deadline - loop.time()) / left)
            try:
                return await self._network.connect_tcp(str(address), port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error or httpcore.ConnectError(f"{host} has no address.")

    async def _checked(self, host: str, port: int, timeout: float | None) -> list[Address]:  # noqa: ASYNC109
        literal = _literal(host)
        if literal is not None:
            found: Sequence[Address] = [literal]
        else:
            try:
                async with asyncio.timeout(timeout):
                    found = await self._resolve(host, port)
            except TimeoutError as error:
                raise httpcore.ConnectTimeout(f"The name {host} could not be looked up in time.") from error
            except (OSError, UnicodeError) as error:
                raise httpcore.ConnectError(f"The name {host} is not known.") from error
        reasons = {
            address: refusal(address, allow_private=self._allow_private, allow_loopback=self._allow_loopback)
            for address in found
        }
        allowed = [address for address, reason in reasons.items() if reason is None]
        if not allowed and reasons:
            address, reason = next(iter(reasons.items()))
            raise OutboundRefused(_refused(host, address, reason))
        return allowed

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise OutboundRefused("Unix sockets may not be called.")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


def _refused(host: str, address: Address, reason: str | None) -> str:
    where = host if _literal(host) == address and str(address) == host else f"{host} ({address})"
    return f"{where} may not be called: it {reason}."


class GuardedTransport(httpx.AsyncBaseTransport):
    """An httpx transport that only reaches what `refusal` lets pass.

    Built on httpcore's public connection pool, so that connections stay keyed by name: two names on one address
    never share a TLS connection.
    """

    def __init__(
        self,
        *,
        allow_private: bool,
        allow_loopback: bool,
        resolver: Resolver = system_resolver,
        ssl_context: ssl.SSLContext | None = None,
        max_connections: int = 100,
    ) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context or _ssl_context(),
            max_connections=max_connections,
            max_keepalive_connections=20,
            keepalive_expiry=30.0,
            network_backend=_GuardedBackend(
                allow_private=allow_private, allow_loopback=allow_loopback, resolver=resolver
            ),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if url.scheme not in ("http", "https"):
            raise OutboundRefused(
                f"{url.scheme or 'An empty scheme'} addresses may not be called, only http and https."
            )
        origin = (url.scheme, url.host, url.port)
        # httpx hands the extensions of a request on to the request of its redirect.
        if request.extensions.setdefault("visavis_origin", origin) != origin:
            for name in [name for name in request.headers if name.lower() not in _PLAIN_HEADERS]:
                del request.headers[name]
        assert isinstance(request.stream, httpx.AsyncByteStream)  # noqa: S101 - what an async client sends
        with _httpx_errors():
            response = await self._pool.handle_async_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _httpx_errors():
            # The stream itself, as in httpx: callers may drain the rest of a body that they stopped reading.
            assert isinstance(self._response.stream, AsyncIterable)  # noqa: S101 - what an async pool returns
            async for part in self._response.stream:
                yield part

    async def aclose(self) -> None:
        await self._response.aclose()


# Most specific first.
_ERRORS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.ReadTimeout, httpx.ReadTimeout),
    (httpcore.WriteTimeout, httpx.WriteTimeout),
    (httpcore.PoolTimeout, httpx.PoolTimeout),
    (httpcore.TimeoutException, httpx.TimeoutException),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.ReadError, httpx.ReadError),
    (httpcore.WriteError, httpx.WriteError),
    (httpcore.NetworkError, httpx.NetworkError),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
    (httpcore.RemoteProtocolError, httpx.RemoteProtocolError),
    (httpcore.ProtocolError, httpx.ProtocolError),
    (httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol),
)


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """Callers of an httpx client expect httpx errors."""
    try:
        yield
    except tuple(ours for ours, _ in _ERRORS) as error:
        wanted = next(theirs for ours, theirs in _ERRORS if isinstance(error, ours))
        raise wanted(str(error) or type(error).__name__) from error


@cache
def _ssl_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def guarded_client(
    *,
    timeout: float | httpx.Timeout,
    allow_private: bool,
    allow_loopback: bool,
    max_redirects: int = 3,
    resolver: Resolver = system_resolver,
    ssl_context: ssl.SSLContext | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.AsyncClient:
    """A client that refuses what `refusal` refuses; `max_redirects=0` hands a redirect to the caller.

    Raises `OutboundRefused` when sending, besides the errors of httpx. Usable as `http_client` of the openai SDK.
    """
    return httpx.AsyncClient(
        transport=GuardedTransport(
            allow_private=allow_private, allow_loopback=allow_loopback, resolver=resolver, ssl_context=ssl_context
        ),
        timeout=timeout,
        follow_redirects=max_redirects > 0,
        max_redirects=max_redirects,
        trust_env=False,
        headers=headers,
    )


def loopback_allowed(settings: Settings) -> bool:
    """True while the server listens on loopback only: then the caller sits on this machine anyway.

    Not so behind a reverse proxy, which a public URL elsewhere tells of: it brings callers from other machines.
    """
    if not _is_loopback_name(settings.host):
        return False
    if not settings.public_url.strip():
        return True
    try:
        return _is_loopback_name(httpx.URL(settings.public_url.strip()).host)
    except httpx.InvalidURL:
        return False


def _is_loopback_name(host: str) -> bool:
    if host.rstrip(".").lower().split(".")[-1] == "localhost":  # RFC 6761
        return True
    address = _literal(host)
    return address is not None and _embedded_ipv4(address).is_loopback


def client_from_settings(
    settings: Settings,
    *,
    trusted: bool = False,
    timeout: float | httpx.Timeout = 30.0,
    max_redirects: int = 3,
    resolver: Resolver = system_resolver,
) -> httpx.AsyncClient:
    """A guarded client as the operator wants it.

    `trusted` is for addresses that the operator chose (settings, the probe of known local ports): private and
    loopback ones are then allowed.
    """
    return guarded_client(
        timeout=timeout,
        allow_private=trusted or settings.allow_private_urls,
        allow_loopback=trusted or loopback_allowed(settings),
        max_redirects=max_redirects,
        resolver=resolver,
    )


def check_url(url: str, settings: Settings) -> None:
    """Refuse a URL that can never be called: bad syntax, another scheme, a literal address that is not allowed.

    Names are not looked up: their addresses are checked when they are called. Raises `OutboundRefused`.
    """
    try:
        parsed = httpx.URL(url.strip())
        port = parsed.port
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise OutboundRefused("It is not a valid URL.") from error
    if parsed.scheme not in ("http", "https"):
        raise OutboundRefused("It must begin with http:// or https://.")
    if not parsed.host or re.search(r"[\s%]", parsed.host) or (port is not None and not 0 < port < 65_536):
        raise OutboundRefused("It names no host and port that could be called.")
    address = _literal(parsed.host)
    if address is None and _is_loopback_name(parsed.host):
        address = ipaddress.IPv4Address("127.0.0.1")
    if address is None:
        return
    reason = refusal(address, allow_private=settings.allow_private_urls, allow_loopback=loopback_allowed(settings))
    if reason is not None:
        raise OutboundRefused(_refused(parsed.host, address, reason))


async def read_limited(response: httpx.Response, limit: int, *, within: float | None = None) -> bytes:
    """Read a streamed answer of at most `limit` bytes (after decompression) in at most `within` seconds.

    Raises `ResponseTooLargeError` otherwise. The response is closed in either case.
    """
    try:
        async with asyncio.timeout(within):
            declared = response.headers.get("content-length", "")
            if declared.isdigit() and int(declared) > limit:
                raise ResponseTooLargeError(f"The answer is larger than {limit} bytes.")
            parts: list[bytes] = []
            size = 0
            async for part in response.aiter_bytes(65_536):
                size += len(part)
                if size > limit:
                    raise ResponseTooLargeError(f"The answer is larger than {limit} bytes.")
                parts.append(part)
            return b"".join(parts)
    except TimeoutError as error:
        raise ResponseTooLargeError(f"The answer took longer than {within:g} seconds.") from error
    finally:
        await response.aclose()
