"""A hub of models on this machine, which speaks the protocols of Hugging Face and of ModelScope.

Two servers: the hub answers listings and small files and redirects large ones to the storage, which is another origin
and, like the storage hosts of real hubs, must never see the hub's token. What goes wrong is chosen file by file.
"""

import dataclasses
import hashlib
import http.server
import json
import threading
import time
import urllib.parse

# Files from this size on lie in the storage, as they do on the hubs (LFS).
LARGE = 4_096
CHUNK = 64 << 10


def git_hash(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@dataclasses.dataclass
class Fault:
    """What goes wrong with a file; counts are of replies that do, and -1 means all of them."""

    cut: int = 0
    cut_at: int = 100
    corrupt: bool = False
    seconds_per_chunk: float = 0
    ranges: bool = True
    expired: int = 0
    status: int = 503
    failures: int = 0
    retry_after: str | None = None
    size: int | None = None
    digest: str | None = None
    shift: int = 0


class Repository:
    """`gated` asks for a token; `denied` refuses every token, as a hub does before its terms are accepted."""

    def __init__(self, files, gated=False, denied=False):
        self.files = dict(files)
        self.gated = gated or denied
        self.denied = denied
        self.faults = {}
        self.listing = Fault()

    @property
    def commit(self):
        names = "".join(f"{name}{git_hash(data)}" for name, data in sorted(self.files.items()))
        return hashlib.sha1(names.encode(errors="surrogatepass")).hexdigest()

    def fault(self, name, **changes):
        self.faults[name] = Fault(**changes)


class Hub:
    """`hub.address` is what `HF_ENDPOINT` and `MODELSCOPE_ENDPOINT` name."""

    token = "hf_secret"

    def __init__(self, tls=None):
        """`tls` is the `ssl.SSLContext` of both servers, where they are to speak https."""
        self.repositories = {}
        self.requests = []
        self.sent = 0
        self.override = {}
        self.lock = threading.Lock()
        self.hub = Server(self, HubHandler, tls)
        self.storage = Server(self, StorageHandler, tls)
        scheme = "https" if tls else "http"
        self.address = f"{scheme}://127.0.0.1:{self.hub.server_port}"
        self.store = f"{scheme}://127.0.0.1:{self.storage.server_port}"

    def add(self, name, files, **options):
        self.repositories[name] = Repository(files, **options)
        return self.repositories[name]

    def environment(self, **extra):
        return {"HF_ENDPOINT": self.address, "MODELSCOPE_ENDPOINT": self.address} | extra

    def paths(self, where):
        return [path for place, path, _ in self.requests if place == where]

    def headers(self, where):
        return [headers for place, _, headers in self.requests if place == where]

    def forget(self):
        with self.lock:
            self.requests.clear()
            self.sent = 0

    def take(self, fault, what):
        """Whether one of the counted faults is due."""
        with self.lock:
            left = getattr(fault, what)
            if left > 0:
                setattr(fault, what, left - 1)
            return left != 0

    def close(self):
        for server in (self.hub, self.storage):
            server.shutdown()
            server.server_close()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, owner, handler, tls):
        super().__init__(("127.0.0.1", 0), handler)
        self.owner = owner
        if tls:
            # Each connection shakes hands in its own thread, so that one which refuses us does not stop the others.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def handle_error(self, request, client_address):
        """A client that was killed is part of the tests."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    place = ""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.owner = self.server.owner
        with self.owner.lock:
            self.owner.requests.append((self.place, self.path, dict(self.headers)))
        parts = urllib.parse.urlsplit(self.path)
        self.query = {name: values[0] for name, values in urllib.parse.parse_qs(parts.query).items()}
        if (given := self.owner.override.get(parts.path)) is not None:
            return self.reply(*given)
        self.answer(urllib.parse.unquote(parts.path))

    def reply(self, status, body=b"", **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def fails(self, fault):
        if not self.owner.take(fault, "failures"):
            return False
        headers = {"Retry_After": fault.retry_after} if fault.retry_after else {}
        self.reply(fault.status, {"error": "not now"}, **headers)
        return True

    def send_file(self, data, fault):
        start, end, status = 0, len(data), 200
        given = self.headers.get("Range")
        if given and fault.ranges:
            first, last = given.removeprefix("bytes=").split("-")
            start, end, status = int(first), min(int(last) + 1, len(data)), 206
        if fault.corrupt:
            data = bytes([data[0] ^ 1]) + data[1:]
        self.send_response(status)
        self.send_header("Content-Length", str(end - start))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start + fault.shift}-{end - 1}/{len(data)}")
        self.end_headers()
        if self.owner.take(fault, "cut"):
            end = min(end, start + fault.cut_at)
            self.close_connection = True
        for place in range(start, end, CHUNK):
            piece = data[place : min(end, place + CHUNK)]
            self.wfile.write(piece)
            with self.owner.lock:
                self.owner.sent += len(piece)
            if fault.seconds_per_chunk:
                time.sleep(fault.seconds_per_chunk)
        if self.close_connection:
            self.wfile.flush()


class HubHandler(Handler):
    place = "hub"

    def answer(self, path):
        parts = path.strip("/").split("/")
        if parts[:3] == ["api", "v1", "models"] and parts[5:6] == ["repo"]:
            return self.model_scope("/".join(parts[3:5]), parts[6:])
        if parts[:2] == ["api", "models"] and parts[4:] == ["revision", "main"]:
            return self.hugging_face("/".join(parts[2:4]))
        if len(parts) > 4 and parts[2] == "resolve":
            return self.resolve("/".join(parts[:2]), parts[3], "/".join(parts[4:]))
        self.reply(404, {"error": "no such page"})

    def repository(self, name):
        """The repository, if this client may read it; else the refusal was sent."""
        repository = self.owner.repositories.get(name)
        given = self.headers.get("Authorization")
        allowed = given == f"Bearer {self.owner.token}"
        if given and not allowed:
            return self.reply(401, {"error": "Invalid credentials in Authorization header"})
        if repository is None:
            # The real hub says the same of private ones.
            code = 404 if allowed else 401
            return self.reply(code, {"error": "Repository not found"}, X_Error_Code="RepoNotFound")
        if repository.gated and (repository.denied or not allowed):
            words = "Access to this model is restricted"
            return self.reply(403 if allowed else 401, X_Error_Code="GatedRepo", X_Error_Message=words)
        return repository

    def hugging_face(self, name):
        if (repository := self.repository(name)) is None or self.fails(repository.listing):
            return
        siblings = []
        for file, data in repository.files.items():
            fault = repository.faults.get(file, Fault())
            size = len(data) if fault.size is None else fault.size
            entry = {"rfilename": file, "blobId": fault.digest or git_hash(data), "size": size}
            if len(data) >= LARGE:
                digest = fault.digest or hashlib.sha256(data).hexdigest()
                entry["lfs"] = {"sha256": digest, "size": size, "pointerSize": 134}
            siblings.append(entry)
        self.reply(200, {"id": name, "sha": repository.commit, "private": False, "siblings": siblings})

    def model_scope(self, name, rest):
        repository = self.owner.repositories.get(name)
        if repository is None:
            return self.reply(404, {"Code": 10010205001, "Message": "record not found", "Success": False})
        if rest == ["files"]:
            if self.fails(repository.listing):
                return
            files = [
                {
                    "Path": file, "Name": file.split("/")[-1], "Type": "blob", "Size": len(data),
                    "Sha256": hashlib.sha256(data).hexdigest(), "Revision": git_hash(file.encode()),
                    "IsLFS": len(data) >= LARGE,
                }
                for file, data in repository.files.items()
            ]  # fmt: skip
            folders = {file.split("/")[0] for file in repository.files if "/" in file}
            files += [{"Path": folder, "Name": folder, "Type": "tree", "Size": 0} for folder in sorted(folders)]
            return self.reply(200, {"Code": 200, "Success": True, "Data": {"Files": files}})
        file = self.query["FilePath"]
        if self.query["Revision"] != git_hash(file.encode()):
            return self.reply(404, {"Code": 404, "Message": "no such revision"})
        self.file(name, repository, file)

    def resolve(self, name, commit, file):
        if (repository := self.repository(name)) is None:
            return
        if commit != repository.commit or file not in repository.files:
            return self.reply(404, {"error": "Entry not found"}, X_Error_Code="EntryNotFound")
        self.file(name, repository, file)

    def file(self, name, repository, file):
        fault = repository.faults.get(file, Fault())
        if len(repository.files[file]) < LARGE:
            return self.fails(fault) or self.send_file(repository.files[file], fault)
        expired = "&expired=1" if self.owner.take(fault, "expired") else ""
        place = f"/{urllib.parse.quote(name)}/{urllib.parse.quote(file)}"
        self.reply(302, Location=f"{self.owner.store}{place}?signature=a%2Fb{expired}")


class StorageHandler(Handler):
    place = "storage"

    def answer(self, path):
        owner, name, file = path.strip("/").split("/", 2)
        if "Authorization" in self.headers or "Cookie" in self.headers:
            return self.reply(400, b"only one way of authentication is allowed")
        if self.query.get("signature") != "a/b" or "expired" in self.query:
            return self.reply(403, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
        repository = self.owner.repositories[f"{owner}/{name}"]
        fault = repository.faults.get(file, Fault())
        if not self.fails(fault):
            self.send_file(repository.files[file], fault)
