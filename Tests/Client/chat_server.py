"""A small server of the OpenAI API on this machine, whose replies are what a test says: hostile, slow, cut or refused."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}


def delta(text=None, finish=None, **more):
    """A chunk of a stream, as a server sends it."""
    told = ({"content": text} if text is not None else {}) | more
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": told, "finish_reason": finish}]}).encode() + b"\n\n"


def stream(*texts, finish="stop", usage=USAGE):
    """A whole stream."""
    end = [delta(finish=finish)]
    if usage:
        end.append(b"data: " + json.dumps({"choices": [], "usage": usage}).encode() + b"\n\n")
    return [delta(text) for text in texts] + end + [b"data: [DONE]\n\n"]


class ChatServer:
    """Answers with `pieces`, each sent by itself; a number among them is a pause in seconds, None cuts the connection.

    `status` and `body` refuse instead. `requests` are the headers and bodies that came.
    """

    def __init__(self, *pieces, models=({"id": "test/model", "context_length": 100},), status=200, body=b"", headers=()):
        self.pieces, self.models, self.status, self.body, self.headers = pieces, models, status, body, headers
        self.requests = []
        self.gone = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def whole(self, status, body, kind="application/json"):
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                for name, value in outer.headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                outer.requests.append((dict(self.headers), self.path, None))
                if outer.status != 200:
                    return self.whole(outer.status, outer.body)
                self.whole(200, json.dumps({"object": "list", "data": list(outer.models)}).encode())

            def do_POST(self):
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length) if length else self.chunks()
                outer.requests.append((dict(self.headers), self.path, json.loads(body)))
                if outer.status != 200:
                    return self.whole(outer.status, outer.body)
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("connection", "close")
                self.end_headers()
                self.close_connection = True
                try:
                    for piece in outer.pieces:
                        if piece is None:
                            return
                        if isinstance(piece, (int, float)):
                            time.sleep(piece)
                            continue
                        self.wfile.write(piece)
                        self.wfile.flush()
                except OSError:
                    outer.gone.set()

            def chunks(self):
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def bodies(self):
        return [body for _, _, body in self.requests if body is not None]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
