"""A server that may open fewer files than it has connections."""

import contextlib
import re
import resource
import time

from conftest import ROOT, Server
from rounds import quickest
from vitals import cpu_seconds, eventually, vitals
from wire import connected, serving

TINY = ROOT / "Tests/Fixtures/models/tiny-llama-q8_0.gguf"


def healthy(server):
    with contextlib.suppress(OSError), connected(server, timeout=3) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return client.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
    return False


def busy(server, seconds):
    """Processor time that the server takes within some seconds, once it has met the clients."""
    time.sleep(0.3)
    before = cpu_seconds(server)
    time.sleep(seconds)
    return cpu_seconds(server) - before


def test_without_descriptors_the_server_waits(new_data):
    with serving(new_data(), "--model", TINY) as server:
        assert healthy(server)
        limits = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        assert limits[0] == limits[1], "raised to the hard limit at start"
        # Lowered behind the server's back, so that it meets the end of its descriptors.
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (vitals(server).descriptors + 8, limits[1]))
        clients = [connected(server) for _ in range(40)]
        # The accept loop spun through two thirds of the time.
        assert quickest(lambda: busy(server, 2), 0.2) < 0.2
        for client in clients:
            client.close()
        assert eventually(lambda: healthy(server), 20)


def test_connections_fit_below_a_low_limit(new_data):
    hard = 64
    server = Server("--no-auth", "--data-dir", new_data(), "--model", TINY, descriptors=hard)
    try:
        notice = rf"at most \d+ connections instead of 512.* {hard} open files"
        assert eventually(lambda: any(re.search(notice, line) for line in server.errors), 20), server.errors
        clients = [connected(server) for _ in range(100)]
        assert quickest(lambda: busy(server, 1), 0.2) < 0.2
        assert vitals(server).descriptors < hard - 8
        for client in clients:
            client.close()
        assert eventually(lambda: healthy(server), 20)
    finally:
        server.stop()
