"""Hubs over https: which authorities a pull trusts, and that the token goes over a trusted connection."""

import shutil
import ssl
import subprocess

import hub_server
import pytest
from pulls import fetched, noise, pull, refusal

pytestmark = pytest.mark.skipif(
    not shutil.which("openssl"), reason="openssl not found; on Debian: apt-get install openssl"
)
# Large enough to come in pieces over several connections.
LARGE = 20 << 20
DAYS = "2"


def certificate(folder, host):
    """A self-signed certificate for a host, with its key in the same file, and the certificate alone."""
    key, alone = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", DAYS, "-subj", "/CN=pinion test", "-addext", f"subjectAltName={host}"]
    subprocess.run([*command, "-keyout", key, "-out", alone], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(alone, key)
    return context, alone


@pytest.fixture(params=["IP:127.0.0.1"])
def secure(tmp_path, request):
    """A hub that speaks https, and the certificate that a client has to trust."""
    (tmp_path / "tls").mkdir()
    context, trusted = certificate(tmp_path / "tls", request.param)
    hub = hub_server.Hub(context)
    yield hub, trusted
    hub.close()


def test_a_gated_model_comes_over_https(secure, tmp_path):
    hub, trusted = secure
    hub.add("m/gated", {"x-Q8_0.gguf": noise(LARGE)}, gated=True)
    path = fetched(pull(hub, tmp_path / "data", "hf:m/gated", SSL_CERT_FILE=str(trusted), HF_TOKEN=hub.token))
    assert path.read_bytes() == noise(LARGE)
    assert all(headers.get("authorization") == f"Bearer {hub.token}" for headers in hub.headers("hub"))
    assert len(hub.headers("storage")) > 1 and not any("authorization" in each for each in hub.headers("storage"))


def test_a_hub_of_an_unknown_authority_gets_no_request(secure, tmp_path):
    hub, _ = secure
    hub.add("m/x", {"x-Q8_0.gguf": noise(50_000)})
    done = pull(hub, tmp_path / "data", "hf:m/x", HF_TOKEN=hub.token)
    told = refusal(done)
    assert "has a certificate that this machine does not trust" in told and "SSL_CERT_FILE" in told
    assert hub.requests == []


@pytest.mark.parametrize("secure", ["DNS:elsewhere.example"], indirect=True)
def test_a_certificate_of_another_host_is_refused(secure, tmp_path):
    hub, trusted = secure
    hub.add("m/x", {"x-Q8_0.gguf": noise(50_000)})
    done = pull(hub, tmp_path / "data", "hf:m/x", SSL_CERT_FILE=str(trusted))
    told = refusal(done)
    assert "has the certificate of another host" in told and hub.requests == [], told


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_file_without_certificates_is_named(hub, tmp_path, content):
    path = tmp_path / "roots.pem"
    if content is not None:
        path.write_bytes(content)
    told = refusal(pull(hub, tmp_path / "data", "hf:m/x", SSL_CERT_FILE=str(path)))
    reason = "No such file" if content is None else "holds no certificate"
    assert f"SSL_CERT_FILE is {path}: {reason}" in told and "PEM" in told
