"""The example in ``deploy/nginx.conf``, in a real nginx in front of a real site."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from django.conf import settings

from tests.cast import Cast
from tests.conftest import act, cookie_for
from tests.protocol.line import Line
from tests.servers import ROOT, Site, accepts, end, find_nginx, free_port, wait_until

pytestmark = [pytest.mark.servers, pytest.mark.embedded]

Sites = Callable[..., Site]


class Ports(NamedTuple):
    """Where nginx listens: for TLS, and where the site it came with listens, too."""

    tls: int
    plain: int


Front = Callable[[int], Ports]

STOCK = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{
    worker_connections 768;
}}
http {{
{temporary}
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 65;
    server_tokens off;
    default_type application/octet-stream;
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers on;
    access_log {folder}/access.log;
    gzip on;
    include {folder}/conf.d/*.conf;
    include {folder}/sites-enabled/*;
}}
"""
"""What packages bring as nginx.conf: what one of them says, no file under it may say again."""

DEFAULT_SITE = """
server {{
    listen 127.0.0.1:{plain} default_server;
    server_name _;
    location / {{
        return 200 "the site that nginx came with";
    }}
}}
"""
KEPT = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    """Puts nginx before the web at a port, with our example changed in nothing but places."""
    running: list[subprocess.Popen[bytes]] = []
    tmp_path.chmod(0o755)

    def stand_before(web: int) -> Ports:
        ports = Ports(free_port(), free_port())
        conf = write_conf(tmp_path, web, ports)
        command = [str(find_nginx()), "-c", str(conf), "-p", str(tmp_path)]
        tried = subprocess.run([*command, "-t"], check=False, capture_output=True, text=True)
        assert tried.returncode == 0, tried.stderr
        running.append(subprocess.Popen(command))
        wait_until(lambda: accepts(ports.tls), within=20, what="nginx's start")
        return ports

    yield stand_before
    for process in running:
        end(process)


def write_conf(folder: Path, web: int, ports: Ports) -> Path:
    """A machine as a package leaves it, with our example where its first line says to put it."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    name = ["-subj", "/CN=lantern.example", "-addext", "subjectAltName=DNS:lantern.example"]
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *name]
    command = [*new, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    ours = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    assert "/etc/nginx/conf.d/lantern.conf" in ours.splitlines()[0]
    live = "/etc/letsencrypt/live/lantern.example"
    for as_written, here in {
        "listen [::]:80": "# no IPv6 here: [::]:80",
        "listen [::]:443": "# no IPv6 here: [::]:443",
        "listen 80": f"listen 127.0.0.1:{ports.plain}",
        "listen 443": f"listen 127.0.0.1:{ports.tls}",
        "127.0.0.1:8000": f"127.0.0.1:{web}",
        f"{live}/fullchain.pem": str(certificate),
        f"{live}/privkey.pem": str(key),
        "/var/log/nginx/lantern.log": f"{folder}/lantern.log",
    }.items():
        assert as_written in ours, as_written
        ours = ours.replace(as_written, here)
    temporary = "\n".join(f"    {kept}_temp_path {folder}/{kept};" for kept in KEPT)
    for place, text in {
        "nginx.conf": STOCK.format(folder=folder, temporary=temporary),
        "conf.d/lantern.conf": ours,
        "sites-enabled/default": DEFAULT_SITE.format(plain=ports.plain),
    }.items():
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).write_text(text, encoding="utf-8")
    return folder / "nginx.conf"


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def at(port: int) -> httpx.Client:
    return httpx.Client(
        base_url=f"https://127.0.0.1:{port}", verify=trusting(), headers={"Host": "lantern.example"}
    )


def behind(live_site: Sites, **more: str) -> Site:
    return live_site(
        TRUSTED_PROXIES="1",
        ALLOWED_HOSTS="lantern.example",
        ALLOWED_ORIGINS="https://lantern.example",
        **more,
    ).start_web()


def test_it_loads_beside_the_site_that_nginx_comes_with(front: Front) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{front(free_port()).plain}") as client:
        ours = client.get("/help?now=1", headers={"Host": "lantern.example"})
        assert ours.status_code == 308
        assert ours.headers["Location"] == "https://lantern.example/help?now=1"
        assert "came with" in client.get("/", headers={"Host": "other.example"}).text


async def test_a_socket_goes_through_and_a_phone_cannot_choose_its_address(
    live_cast: Cast, live_site: Sites, front: Front
) -> None:
    port = front(behind(live_site, SOCKETS_PER_ADDRESS="2").port).tls
    key = act(cookie_for, live_cast.ada)[settings.SESSION_COOKIE_NAME]

    async def phone(forged: str) -> Line:
        return await Line.open(
            f"wss://127.0.0.1:{port}/socket",
            key,
            {"X-Forwarded-For": forged, "Daphne-Root-Path": "/elsewhere"},
            origin="https://lantern.example",
            ssl=trusting(),
        )

    for number in range(2):
        line = await phone(f"203.0.113.{number}")
        await line.resume(key)
        await line.take("session.ready")
        await line.say("ping")
        await line.take("heads")
    assert await (await phone("203.0.113.7")).end(within=5) == 4429


def test_pages_go_through_and_strangers_do_not_see_the_counters(
    live_cast: Cast, live_site: Sites, front: Front
) -> None:
    with at(front(behind(live_site).port).tls) as client:
        page = client.get("/", headers={"X-Forwarded-Proto": "http", "Forwarded": "for=6.6.6.6"})
        assert (page.status_code, "Lantern" in page.text) == (200, True)
        assert "nginx/" not in page.headers["Server"]
        assert client.get("/metrics").status_code == 404
        assert client.post("/start", content=b"x" * 70_000).status_code == 413


def test_a_header_that_comes_a_byte_at_a_time_is_cut_within_ten_seconds(
    live_cast: Cast, live_site: Sites, front: Front
) -> None:
    port = front(behind(live_site).port).tls
    with trusting().wrap_socket(socket.create_connection(("127.0.0.1", port))) as line:
        line.settimeout(0.5)
        line.sendall(b"GET / HTTP/1.1\r\nHost: lantern.example\r\nX-Slow: ")
        began, answer = time.monotonic(), None
        while answer is None and time.monotonic() - began < 20:
            line.sendall(b"a")
            with contextlib.suppress(TimeoutError):
                answer = line.recv(100)
        assert answer is not None
        assert answer == b"" or answer.startswith(b"HTTP/1.1 408")
        assert time.monotonic() - began < 11
