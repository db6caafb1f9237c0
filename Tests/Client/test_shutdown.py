"""A server that is told to stop while it works."""

import http.client
import json
import signal
import threading
import time

from wire import JSON, completion, plain, serving

GRACE = 30
LIMIT = 40
# Many choices share the machine, so that none ends within the grace; some places are left.
ENDLESS = {"stream": True, "n": 6, "max_tokens": 8000, "ignore_eos": True}


class Stream(threading.Thread):
    """A streamed completion, read to its end; `begun` once text has come."""

    def __init__(self, server, **fields):
        super().__init__()
        self.connection = plain(server, timeout=LIMIT + 20)
        self.connection.request("POST", "/v1/chat/completions", completion(**fields), JSON)
        self.begun = threading.Event()
        self.events, self.error = [], None
        self.start()

    def run(self):
        try:
            reply = self.connection.getresponse()
            for line in reply:
                if line.startswith(b"data: "):
                    self.events.append(line.removeprefix(b"data: ").strip())
                    self.begun.set()
        except (OSError, http.client.HTTPException) as error:
            self.error = error
        self.ended = time.monotonic()


def refused(server):
    """Whether a new connection gets no service."""
    try:
        connection = plain(server, timeout=5)
        connection.request("GET", "/health")
        return connection.getresponse().status == 503
    except (OSError, http.client.HTTPException):
        return True


def test_requests_in_flight_get_half_a_minute(new_data):
    with serving(new_data()) as server:
        endless = [Stream(server, **ENDLESS) for _ in range(2)]
        short = Stream(server, stream=True, max_tokens=64, ignore_eos=True)
        for stream in [*endless, short]:
            assert stream.begun.wait(30)
        server.process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        time.sleep(0.2)
        assert refused(server)
        short.join(GRACE)
        assert short.events[-1] == b"[DONE]" and short.error is None
        assert all(stream.is_alive() for stream in endless)
        assert server.process.wait(LIMIT) == 0
        assert GRACE - 1 < time.monotonic() - told < LIMIT
        for stream in endless:
            stream.join(5)
            assert stream.error is None
            assert json.loads(stream.events[-1])["error"]["type"] == "server_error"
            assert b"[DONE]" not in stream.events


def test_a_second_signal_ends_at_once(new_data):
    with serving(new_data()) as server:
        stream = Stream(server, **ENDLESS)
        assert stream.begun.wait(30)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.process.poll() is None
        server.process.send_signal(signal.SIGTERM)
        again = time.monotonic()
        server.process.wait(5)
        assert time.monotonic() - again < 1
        stream.join(5)
        assert b"[DONE]" not in stream.events


def test_an_idle_server_stops_at_once(new_data):
    with serving(new_data()) as server:
        idle = plain(server)
        idle.request("GET", "/health")
        assert idle.getresponse().read()
        server.process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        assert server.process.wait(5) == 0
        assert time.monotonic() - told < 2
