"""The configuration of nginx in the deploy guide, with a real nginx in front of a real server."""

import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip(
    "granian", reason="granian is not installed: it is in the extras [web] and [dev]"
)
from load import ROOT, Server, free_port, wait_until  # noqa: E402
from slow_clients import open_reader  # noqa: E402

GUIDE = ROOT / "nbs" / "guides" / "deploy-the-page.qmd"
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
HADOLINT = shutil.which("hadolint", path=str(Path(pytest.__file__).parents[4] / "bin"))
MAX_CONNECTIONS = 20  # of one address, in the guide


def guide_block(language):
    """Return the code block of a language in the guide."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(), re.M | re.S)
    return block


def nginx_configuration(folder, port, server_port):
    """Return the configuration of the guide for one port, without TLS."""
    block = guide_block("nginx")
    block = re.sub(r"^ *(ssl_\w+|server_name) .*\n", "", block, flags=re.M)
    block = block.replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    block = block.replace("127.0.0.1:8080", f"127.0.0.1:{server_port}")
    assert "ssl" not in block and f"listen 127.0.0.1:{port}" in block
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{paths}{block}\n}}\n"
    )


@contextmanager
def running_nginx(folder, server_port):
    """Run nginx in front of a server during the block; yield its port."""
    port = free_port()
    path = folder / "nginx.conf"
    path.write_text(nginx_configuration(folder, port, server_port))
    process = subprocess.Popen([NGINX, "-c", str(path), "-e", str(folder / "error.log")])
    try:
        wait_until(lambda: is_listening(port), timeout=20)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def is_listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def get_status(port, path):
    """Return the status of a path."""
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10).status
    except urllib.error.HTTPError as e:
        return e.code


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_of_the_guide(folder, tmp_path):
    options = {"MEDIAREC_WEB_PROXY": "127.0.0.1", "MEDIAREC_WEB_RATE_LIMIT": "1000"}
    with Server(folder, **options) as server, running_nginx(tmp_path, server.port) as port:
        assert get_status(port, "/") == 200
        assert get_status(port, "/api/recommend?title=Inception") == 200
        assert get_status(port, "/nothing") == 404
        readers = [open_reader(port) for _ in range(MAX_CONNECTIONS)]
        try:
            time.sleep(1)
            assert get_status(port, "/healthz") == 503  # the address has too many connections
            assert server.get("/healthz")["status"] == "ok"  # the server itself is free
            # nginx closes the connections of clients that read nothing
            wait_until(lambda: get_status(port, "/healthz") == 200, timeout=60, interval=1)
        finally:
            for reader in readers:
                reader.close()


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not installed: it is in the extra [dev]")
def test_dockerfile_of_the_guide(tmp_path):
    path = tmp_path / "Dockerfile"
    path.write_text(guide_block("dockerfile"))
    done = subprocess.run([HADOLINT, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    text = path.read_text()
    assert "USER 10001" in text and "HEALTHCHECK" in text
    compose = guide_block("yaml")
    assert "read_only: true" in compose and "/model:ro" in compose
