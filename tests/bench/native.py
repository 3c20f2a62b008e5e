"""Configuration of the programs that are not Python: nginx as upstream, nginx, HAProxy and Envoy as proxies.

Each runs one worker, keeps its connections to the upstream, and writes no access log.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from .endpoints import BODIES

_NGINX = """\
daemon off;
{user}worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 100000000;
    keepalive_timeout 300s;
    tcp_nodelay on;
{http}
}}
"""
LARGE = "200m"
"""The first segment of the path of the large download."""
LARGE_BYTES = 200 << 20


def _nginx(folder: Path, http: str) -> list[str]:
    folder.mkdir(exist_ok=True)
    file = folder / "nginx.conf"
    # Started by root it would go on as another user, who cannot read the folder.
    user = "user root;\n" if os.geteuid() == 0 else ""
    file.write_text(_NGINX.format(folder=folder, http=http, user=user))
    return ["nginx", "-e", f"{folder}/error.log", "-p", str(folder), "-c", str(file)]


def nginx_upstream(folder: Path, port: int) -> list[str]:
    """Return the command of the upstream: whatever follows in the path, its first segment says how long the body is."""
    folder.mkdir(exist_ok=True)
    small = '{"hotel": "' + "x" * (BODIES["200b"] - 13) + '"}'
    places = [f"location /200b/ {{ default_type application/json; return 200 '{small}'; }}"]
    (folder / "10k").write_bytes(b"x" * BODIES["10k"])
    (folder / "1m").write_bytes(b"x" * BODIES["1m"])
    with (folder / LARGE).open("wb") as file:
        file.truncate(LARGE_BYTES)  # takes no space
    for name in ("10k", "1m", LARGE):
        places.append(f"location /{name}/ {{ root {folder}; try_files /{name} =404; }}")
    places.append("location /echo/ { default_type text/plain; return 200 $uri; }")
    server = f"server {{ listen 127.0.0.1:{port} backlog=4096; {' '.join(places)} }}"
    return _nginx(folder, f"sendfile on; open_file_cache max=10;\n{server}")


def nginx_proxy(folder: Path, port: int, upstream: int) -> list[str]:
    """Return the command of nginx as a proxy."""
    return _nginx(
        folder,
        f"""\
    upstream up {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 100000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://up;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_max_temp_file_size 0;
        }}
    }}""",
    )


def haproxy(folder: Path, port: int, upstream: int) -> list[str]:
    """Return the command of HAProxy."""
    folder.mkdir(exist_ok=True)
    file = folder / "haproxy.cfg"
    file.write_text(f"""\
global
    nbthread 1
    maxconn 4096
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    http-reuse always
frontend in
    bind 127.0.0.1:{port} backlog 4096
    default_backend up
backend up
    server up 127.0.0.1:{upstream} pool-max-conn 256
""")
    return ["haproxy", "-db", "-f", str(file)]


def envoy(program: Path, folder: Path, port: int, upstream: int) -> list[str]:
    """Return the command of Envoy, which is read from YAML: JSON is."""
    folder.mkdir(exist_ok=True)
    file = folder / "envoy.yaml"
    types = "type.googleapis.com/envoy.extensions.filters"
    manager = {
        "@type": f"{types}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "generate_request_id": False,
        "route_config": {
            "virtual_hosts": [
                {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "up"}}]}
            ]
        },
        "http_filters": [
            {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{types}.http.router.v3.Router"}}
        ],
    }
    listener = {
        "address": _address(port),
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }
    cluster = {
        "name": "up",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": "up",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(upstream)}}]}],
        },
    }
    file.write_text(json.dumps({"static_resources": {"listeners": [listener], "clusters": [cluster]}}))
    options = ["--concurrency", "1", "--disable-hot-restart", "-l", "error"]
    return [str(program), "-c", str(file), *options]


def _address(port: int) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
