"""Requests as bytes, for clients that keep no rules, and plain connections for those that do."""

import contextlib
import http.client
import json
import socket
import urllib.parse

from conftest import MODEL, Server

# What a server that asks for no key wants of a body.
JSON = {"Content-Type": "application/json"}
# Of prompts that need no meaning.
WORDS = "the river a town and of then under light stone with every morning she said nobody was there".split()


@contextlib.contextmanager
def serving(data, *arguments):
    """A server of a test's own, which asks for no key."""
    server = Server("--no-auth", "--data-dir", data, *arguments)
    try:
        yield server
    finally:
        server.stop()


def place(server):
    """Host and port."""
    parts = urllib.parse.urlsplit(server.address)
    return parts.hostname, parts.port


def plain(server, timeout=120):
    """A connection that behaves; opened at its first request."""
    return http.client.HTTPConnection(*place(server), timeout=timeout)


def connected(server, timeout=20):
    """A connection for bytes."""
    return socket.create_connection(place(server), timeout=timeout)


def completion(content="Tell me a story.", **fields):
    """The body of a chat completion."""
    return json.dumps({"model": MODEL, "messages": [{"role": "user", "content": content}]} | fields).encode()


def head(length, path="/v1/chat/completions", method="POST"):
    """A request head, for a body of that length."""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def chat(content="Tell me a story.", **fields):
    """A whole request for a chat completion."""
    body = completion(content, **fields)
    return head(len(body)) + body


def ask(server, content="What is the capital of France?", connection=None, **fields):
    """Status, headers and JSON of one chat completion."""
    connection = connection or plain(server)
    connection.request("POST", "/v1/chat/completions", completion(content, **fields), JSON)
    reply = connection.getresponse()
    return reply.status, reply.headers, json.loads(reply.read())


def stalled(server, request):
    """A socket that has sent a request and whose reader is away, with the smallest window that the kernel gives.

    Its segments are those of a network: for the ones of loopback, of 64 KB, the kernel of the server buffers megabytes.
    """
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1460)
    client.connect(place(server))
    client.sendall(request)
    return client
