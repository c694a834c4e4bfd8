"""Reading published keys over HTTP: the document, and nothing that is too large, elsewhere, or not there."""

import asyncio
import contextlib

import pytest

from moorage.providers.jwks import MAX_BYTES, fetch_keys

ANSWERS = {
    "/keys": b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n" + b'{"keys":[]}',
    "/moved": b"HTTP/1.1 302 Found\r\nlocation: /keys\r\ncontent-length: 0\r\n\r\n",
    "/broken": b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n",
    "/huge": b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + b" " * (MAX_BYTES + 1),
    "/cut": b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{",
}


@contextlib.asynccontextmanager
async def issuer():
    async def answer(reader, writer):
        line = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
        with contextlib.suppress(OSError):
            writer.write(ANSWERS[line])
            await writer.drain()
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_the_document_is_read_and_nothing_else():
    async with issuer() as url:
        assert await fetch_keys(f"{url}/keys") == b'{"keys":[]}'
        for path in ("/moved", "/broken", "/huge", "/cut"):
            with pytest.raises(OSError, match=r"127\.0\.0\.1"):
                await fetch_keys(url + path)
    with pytest.raises(OSError, match="ClientConnectorError"):
        await fetch_keys(f"{url}/keys")


async def test_keys_come_over_https_or_from_this_machine():
    for url in ("http://login.example.com/keys", "file:///etc/passwd", "ftp://127.0.0.1/keys", "//127.0.0.1/keys"):
        with pytest.raises(OSError, match="https"):
            await fetch_keys(url)
