"""What is asked for, who is asked, and how edugate is configured for it."""

import json
import subprocess

from processes import BUILD, ROOT, Provider, Server, Wrong

# The columns: four servers and two loops. The sum of FLOOR is what no gateway of these parts can be
# below.
SERVERS = ("echo", "edugate", "go", "node")
COLUMNS = ("echo", "get", "decode_map", "edugate", "go", "node")
FLOOR = ("echo", "get", "decode_map")

# A call is asked for in two sizes: of a folder of provider's bytes each.
FOLDERS = {
    "small": {"folder": BUILD / "www", "bytes": (50, 0)},
    "large": {"folder": BUILD / "www-large", "bytes": (200, 16384)},
}


def call(folder, method):
    www = FOLDERS[folder]["folder"]
    size = FOLDERS[folder]["bytes"][0]
    if method == "GetEnrollment":
        return {"folder": folder, "method": method, "request": www / "get_request.bin",
                "provider_path": "/api/2.0/GetClassEnrollment/10",
                "provider_file": www / "record.json", "decode": "record"}
    return {"folder": folder, "method": method, "request": www / "list_request.bin",
            "provider_path": f"/api/v3/reenrollments?page=1&per_page={size}",
            "provider_file": www / "page.json", "decode": "page"}


CALLS = {
    "unary": call("small", "GetEnrollment"),
    "page50": call("small", "ListEnrollments"),
    "unary16k": call("large", "GetEnrollment"),
    "page200": call("large", "ListEnrollments"),
}

# What every connection of edugate has that is measured against others: breaker, adaptive limit and
# retries as by default. Identical reads are not joined, since every call here is the same one, and
# all of the calls in flight may be at the provider.
CONNECTION = {"coalesce": False, "concurrency": {"max_in_flight": 256, "initial": 256}}


def edugate_config(provider_url, connection=None, **sections):
    """A configuration; JSON, which YAML reads. `sections` are added or replace these. Paths are below
    the folder of the process that start_edugate starts."""
    extra = CONNECTION if connection is None else connection
    return {
        "server": {"listen": "127.0.0.1:0", "admin_listen": "127.0.0.1:0", "insecure": True},
        "state": {"sqlite": {"path": "FOLDER/edugate.db"}},
        "connections": [
            {"id": "tms", "provider": "class_enrollment", "base_url": f"{provider_url}/api/2.0",
             "auth": {"api_key": {"value": "bench"}}, **extra},
            {"id": "oa", "provider": "openapply", "base_url": provider_url,
             "auth": {"bearer": {"value": "bench"}}, **extra},
        ],
        **sections,
    }


def start_edugate(program, name, config, stack, wrapper=()):
    """Starts `edugate serve`; `wrapper` is a command in front, as valgrind."""
    folder = BUILD / name
    folder.mkdir(exist_ok=True)
    path = folder / "edugate.yaml"
    path.write_text(json.dumps(config, indent=2).replace("FOLDER", str(folder)))
    server = Server(name, [*wrapper, program, "serve", "--config", path], stack)
    return server.wait_for_target()


def start_servers(folder, provider, edugate, stack):
    """The four servers of a folder."""
    www = FOLDERS[folder]["folder"]
    servers = {
        "echo": Server(f"{folder}-echo", [BUILD / "bench_echo", www], stack),
        "go": Server(f"{folder}-go", [BUILD / "go_peer", "-provider", provider.url], stack),
        "node": Server(f"{folder}-node",
                       ["node", BUILD / "node" / "peer.js", "--provider", provider.url,
                        "--protos", ROOT / "proto", "--protos", ROOT / "build" / "googleapis"],
                       stack),
    }
    servers["edugate"] = start_edugate(edugate, f"{folder}-edugate",
                                       edugate_config(provider.url), stack)
    for server in servers.values():
        server.wait_for_target()
    return {name: servers[name] for name in SERVERS}


def start_provider(folder, stack, **how):
    return Provider(FOLDERS[folder]["folder"], stack, **how)


def check_answers(folder, servers):
    """Has every server checked; returns the answers' sizes on the wire by method."""
    www = FOLDERS[folder]["folder"]
    targets = [server.target for server in servers.values()]
    check = subprocess.run([BUILD / "bench_check", www, *targets], capture_output=True, text=True)
    if check.returncode != 0:
        raise Wrong(check.stderr)
    unary, page = check.stdout.split()
    return {"GetEnrollment": int(unary), "ListEnrollments": int(page)}
