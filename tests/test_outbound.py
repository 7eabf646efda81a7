import asyncio
import gzip
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from visavis.outbound import (
    OutboundRefused,
    ResponseTooLargeError,
    check_url,
    client_from_settings,
    guarded_client,
    loopback_allowed,
    read_limited,
    refusal,
)
from visavis.settings import Settings


def settings(**values) -> Settings:
    return Settings(_env_file=None, **values)


def resolver(**names: str):
    """Names (with `_` for `.`) and their addresses; every lookup is counted."""
    known = {name.replace("_", "."): [ipaddress.ip_address(a) for a in text.split()] for name, text in names.items()}
    asked: list[str] = []

    async def resolve(host: str, port: int):
        asked.append(host)
        if host not in known:
            raise OSError("unknown")
        return known[host]

    resolve.asked = asked  # type: ignore[attr-defined]
    return resolve


def client(*, private: bool = False, loopback: bool = True, **more) -> httpx.AsyncClient:
    return guarded_client(timeout=2.0, allow_private=private, allow_loopback=loopback, **more)


Answer = Callable[[str, dict[str, str]], bytes]


@asynccontextmanager
async def web(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A web server on loopback: `answer` gets the path and the headers, and returns the whole response."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
            writer.write(answer(first.split(" ")[1], headers))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def reply(body: bytes = b"ok", status: int = 200, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


ALWAYS_REFUSED = """
169.254.169.254 169.254.0.1 fe80::1 fe80::1%1 fd00:ec2::254 fd00:ec2::254%2 fd20:ce::254 100.100.100.200 192.0.0.192
168.63.129.16 0.0.0.0 0.1.2.3 :: 224.0.0.1 239.1.1.1 ff02::1 240.0.0.1 255.255.255.255 192.0.2.1 198.51.100.7
203.0.113.9 2001:db8::1 2001::1 64:ff9b:1::1 ::ffff:169.254.169.254 ::ffff:0.0.0.0 ::ffff:240.0.0.1 2002:a9fe:a9fe::1
64:ff9b::a9fe:a9fe ::169.254.169.254
""".split()
PRIVATE = """
10.0.0.1 172.16.5.4 172.31.255.255 192.168.1.1 100.64.0.1 198.18.0.1 fc00::1 fd12:3456::1 fec0::1 ::ffff:10.0.0.1
2002:c0a8:0101::1 64:ff9b::c0a8:101
""".split()
LOOPBACK = "127.0.0.1 127.8.9.10 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::1 ::127.0.0.1".split()
PUBLIC = (
    "8.8.8.8 1.1.1.1 172.32.0.1 100.128.0.1 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1".split()
)


@pytest.mark.parametrize("address", ALWAYS_REFUSED)
def test_some_addresses_are_refused_whatever_is_allowed(address):
    assert refusal(ipaddress.ip_address(address), allow_private=True, allow_loopback=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_need_the_operators_leave(address):
    parsed = ipaddress.ip_address(address)
    assert "private" in (refusal(parsed, allow_private=False, allow_loopback=True) or "")
    assert refusal(parsed, allow_private=True, allow_loopback=False) is None


@pytest.mark.parametrize("address", LOOPBACK)
def test_loopback_is_a_permission_of_its_own(address):
    parsed = ipaddress.ip_address(address)
    assert "loopback" in (refusal(parsed, allow_private=True, allow_loopback=False) or "")
    assert refusal(parsed, allow_private=False, allow_loopback=True) is None


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address):
    assert refusal(ipaddress.ip_address(address), allow_private=False, allow_loopback=False) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://0x7f.1:{port}/",
        "http://0177.0.0.1:{port}/",
        "http://127.1:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://localhost:{port}/",
        "http://user:pass@127.0.0.1:{port}/",
        "http://good.example@127.0.0.1:{port}/",
        "http://127.0.0.1.:{port}/",
    ],
)
async def test_no_spelling_of_loopback_gets_through(url):
    async with web(lambda path, headers: reply()) as port, client(loopback=False) as http:
        with pytest.raises((OutboundRefused, httpx.InvalidURL)) as caught:
            await http.get(url.format(port=port))
    assert "pass" not in str(caught.value)


async def test_loopback_answers_where_it_is_allowed():
    async with web(lambda path, headers: reply(b"hi")) as port, client() as http:
        assert (await http.get(f"http://localhost:{port}/")).text == "hi"


@pytest.mark.parametrize(
    "addresses", ["10.0.0.7", "169.254.169.254", "fd00:ec2::254", "::ffff:192.168.0.1", "127.0.0.1"]
)
async def test_a_public_name_with_an_inner_address_is_refused(addresses):
    names = resolver(inner_example=addresses)
    async with client(loopback=False, resolver=names) as http:
        with pytest.raises(OutboundRefused, match=r"inner\.example .* may not be called"):
            await http.get("http://inner.example/path?token=hidden")


async def test_the_sentence_holds_neither_credentials_nor_query():
    async with client(loopback=False, resolver=resolver(inner_example="10.1.2.3")) as http:
        with pytest.raises(OutboundRefused) as caught:
            await http.get("http://user:hunter2@inner.example/p?token=hidden")
    assert str(caught.value) == (
        "inner.example (10.1.2.3) may not be called: it is a private address, which the operator has not allowed."
    )


async def test_it_connects_to_the_address_it_checked_and_keeps_the_name():
    seen = []

    def answer(path: str, headers: dict[str, str]) -> bytes:
        seen.append(headers["host"])
        return reply()

    names = resolver(app_example="127.0.0.1")
    async with web(answer) as port, client(resolver=names) as http:
        await http.get(f"http://app.example:{port}/")
        assert seen == [f"app.example:{port}"]
    assert names.asked == ["app.example"]


async def test_a_name_that_changes_its_mind_gains_nothing():
    answers = [["127.0.0.1"], ["169.254.169.254"]]

    async def rebinding(host: str, port: int):
        return [ipaddress.ip_address(a) for a in answers.pop(0)]

    async with web(lambda path, headers: reply()) as port, client(resolver=rebinding) as http:
        assert (await http.get(f"http://app.example:{port}/")).status_code == 200
        with pytest.raises(OutboundRefused):
            await http.get(f"http://app.example:{port}/")


async def test_a_refused_address_among_good_ones_is_left_out():
    names = resolver(mixed_example="169.254.169.254 127.0.0.1")
    async with web(lambda path, headers: reply()) as port, client(resolver=names) as http:
        assert (await http.get(f"http://mixed.example:{port}/")).status_code == 200


async def test_a_dead_address_does_not_hide_a_live_one():
    names = resolver(two_example="::1 127.0.0.1")
    async with web(lambda path, headers: reply()) as port, client(resolver=names) as http:
        assert (await http.get(f"http://two.example:{port}/")).status_code == 200


async def test_an_unknown_name_is_a_connection_error():
    async with client(resolver=resolver()) as http:
        with pytest.raises(httpx.ConnectError, match=r"The name nowhere\.example is not known"):
            await http.get("http://nowhere.example/")


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "http://inner.example/",
        "http://2852039166/",
        "ftp://app.example/file",
    ],
)
async def test_every_redirect_is_checked_again(target):
    names = resolver(app_example="127.0.0.1", inner_example="10.0.0.1")
    moved = reply(status=302, location=target)
    async with web(lambda path, headers: moved) as port, client(resolver=names) as http:
        with pytest.raises((OutboundRefused, httpx.UnsupportedProtocol)):
            await http.get(f"http://app.example:{port}/")


async def test_redirects_have_an_end():
    async with web(lambda path, headers: reply(status=302, location="/again")) as port, client() as http:
        with pytest.raises(httpx.TooManyRedirects):
            await http.get(f"http://127.0.0.1:{port}/")


async def test_a_redirect_to_another_origin_loses_the_secrets_and_one_to_the_same_keeps_them():
    seen: dict[str, dict[str, str]] = {}

    def answer(path: str, headers: dict[str, str]) -> bytes:
        seen[f"{headers['host'].split(':')[0]}{path}"] = headers
        if path == "/start":
            return reply(status=307, location="/same")
        if path == "/same":
            return reply(status=307, location=f"http://other.example:{ports[0]}/end")
        return reply()

    ports: list[int] = []
    names = resolver(app_example="127.0.0.1", other_example="127.0.0.1")
    async with web(answer) as port, client(resolver=names) as http:
        ports.append(port)
        await http.get(f"http://app.example:{port}/start", headers={"X-API-Key": "k", "Authorization": "Bearer k"})
    assert seen["app.example/same"]["x-api-key"] == "k"
    assert "x-api-key" not in seen["other.example/end"]
    assert "authorization" not in seen["other.example/end"]
    assert seen["other.example/end"]["host"] == f"other.example:{port}"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.com/x", "gopher://example.com/"])
async def test_only_http_is_spoken(url):
    async with client() as http:
        with pytest.raises((OutboundRefused, httpx.UnsupportedProtocol)):
            await http.get(url)


async def test_proxies_of_the_environment_are_ignored(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with web(lambda path, headers: reply()) as port, client() as http:
        assert (await http.get(f"http://127.0.0.1:{port}/")).status_code == 200


@pytest.fixture
def certificate(tmp_path):
    """A certificate for app.example alone, and the context of its server."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("app.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "cert.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))


async def test_tls_is_verified_for_the_name_although_the_connection_goes_to_an_address(certificate):
    server, trusting = certificate
    asked: list[str | None] = []
    server.sni_callback = lambda sock, name, context: asked.append(name)
    names = resolver(app_example="127.0.0.1", other_example="127.0.0.1")
    page = web(lambda path, headers: reply(), tls=server)
    async with page as port, client(resolver=names, ssl_context=trusting) as http:
        assert (await http.get(f"https://app.example:{port}/")).status_code == 200
        # The same address under another name gets a connection, and a verification, of its own.
        with pytest.raises(httpx.ConnectError):
            await http.get(f"https://other.example:{port}/")
    assert asked == ["app.example", "other.example"]


async def test_an_answer_is_read_up_to_its_limit():
    async with web(lambda path, headers: reply(b"x" * 1000)) as port, client() as http:
        async with http.stream("GET", f"http://127.0.0.1:{port}/") as response:
            assert len(await read_limited(response, 1000)) == 1000
        async with http.stream("GET", f"http://127.0.0.1:{port}/") as response:
            with pytest.raises(ResponseTooLargeError, match="larger than 999 bytes"):
                await read_limited(response, 999)


async def test_a_small_answer_that_unpacks_to_a_large_one_is_stopped():
    packed = gzip.compress(b"0" * 5_000_000)
    page = web(lambda path, headers: reply(packed, content_encoding="gzip"))
    async with page as port, client() as http, http.stream("GET", f"http://127.0.0.1:{port}/") as response:
        with pytest.raises(ResponseTooLargeError):
            await read_limited(response, 1_000_000)


async def test_an_answer_that_drips_is_stopped():
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 X\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(100):
            writer.write(b"x")
            await asyncio.sleep(0.02)
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with client() as http, http.stream("GET", f"http://127.0.0.1:{port}/") as response:
        with pytest.raises(ResponseTooLargeError, match=r"longer than 0\.1 seconds"):
            await read_limited(response, 5000, within=0.1)
    server.close()


@pytest.mark.parametrize(
    ("host", "allowed"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("::", False), ("10.0.0.5", False)],
)
def test_loopback_may_be_called_while_the_server_listens_on_it(host, allowed):
    assert loopback_allowed(settings(host=host)) is allowed


@pytest.mark.parametrize(
    ("public_url", "allowed"),
    [
        ("", True),
        ("http://localhost:8420", True),
        ("http://127.0.0.1:8420/", True),
        ("http://[::1]:8420", True),
        ("https://cvi.example.com", False),
        ("https://localhost.example.com", False),
        ("cvi.example.com", False),
        ("http://192.168.0.4:8420", False),
        ("http://[", False),
    ],
)
def test_loopback_may_not_be_called_behind_a_reverse_proxy(public_url, allowed):
    proxied = settings(host="127.0.0.1", public_url=public_url)
    assert loopback_allowed(proxied) is allowed
    if not allowed:
        with pytest.raises(OutboundRefused, match="loopback"):
            check_url("http://127.0.0.1:6379/", proxied)


async def test_the_operators_own_addresses_are_trusted():
    public = settings(host="0.0.0.0")
    async with web(lambda path, headers: reply()) as port:
        async with client_from_settings(public) as http:
            with pytest.raises(OutboundRefused):
                await http.get(f"http://127.0.0.1:{port}/")
        async with client_from_settings(public, trusted=True) as http:
            assert (await http.get(f"http://127.0.0.1:{port}/")).status_code == 200


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.com", "http:// or https://"),
        ("example.com/hook", "http:// or https://"),
        ("", "http:// or https://"),
        ("http://", "names no host"),
        ("http://[::1", "not a valid URL"),
        ("http://exa mple.com/", "names no host"),
        ("http://example.com:99999/", "port"),
        ("http://169.254.169.254/x?token=1", "link-local"),
        ("http://192.168.0.4/", "private"),
        ("https://3232235524/", "private"),
        ("http://127.0.0.1/", "loopback"),
        ("http://localhost:9000/", "loopback"),
        ("http://api.localhost/", "loopback"),
        ("http://0x7f.0.0.1/", "loopback"),
        ("http://[fe80::1]/", "link-local"),
    ],
)
def test_a_url_that_can_never_be_called_is_refused_when_it_is_given(url, reason):
    with pytest.raises(OutboundRefused, match=reason) as caught:
        check_url(url, settings(host="0.0.0.0"))
    assert "token" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://example.com/hook?x=1", "http://user:pw@example.com:8080/", "https://bücher.example/"]
)
def test_an_ordinary_callback_url_passes(url):
    check_url(url, settings(host="0.0.0.0"))


def test_a_loopback_callback_passes_on_a_laptop():
    check_url("http://localhost:3000/hook", settings(host="127.0.0.1"))
    check_url("http://192.168.0.4/", settings(allow_private_urls=True))
