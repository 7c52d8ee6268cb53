"""What edugate's own parts cost: the same call with one of them switched on or off at a time, and over
TLS, and with XML instead of JSON. Only edugate is measured here, against itself."""

import base64
import contextlib
import json
import statistics
import subprocess
import time

from processes import BUILD, Wrong, answer_bytes_of, drive
from rounds import MORE_ATTEMPTS
from workloads import CALLS, CONNECTION, FOLDERS, edugate_config, start_edugate, start_provider

# Everything off that can be.
BARE = {"coalesce": False, "breaker": {"disabled": True},
        "concurrency": {"max_in_flight": 256, "initial": 256, "adaptive": False}}
QUIET = {"log": {"level": "warn"}, "telemetry": {"access_log": False}}


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Identity:
    """Keys, certificates and a token that the configurations below name."""

    def __init__(self):
        self.folder = BUILD / "identity"
        self.folder.mkdir(exist_ok=True)
        self.key = self.folder / "tls.key"
        self.certificate = self.folder / "tls.pem"
        self.jwks = self.folder / "jwks.json"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-days", "2", "-subj", "/CN=bench",
                     "-addext", "subjectAltName=IP:127.0.0.1",
                     "-keyout", self.key, "-out", self.certificate)
        signer = self.folder / "signer.pem"
        self.openssl("genpkey", "-algorithm", "ed25519", "-out", signer)
        public = self.openssl("pkey", "-in", signer, "-pubout", "-outform", "DER")
        self.jwks.write_text(json.dumps({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "kid": "bench", "alg": "EdDSA", "use": "sig",
             "x": base64url(public[-32:])}]}))
        now = int(time.time())
        claims = {"iss": "bench", "aud": "edugate", "sub": "bench", "iat": now, "exp": now + 7200}
        text = ".".join(base64url(json.dumps(part).encode())
                        for part in ({"alg": "EdDSA", "kid": "bench", "typ": "JWT"}, claims))
        unsigned = self.folder / "token.txt"
        unsigned.write_text(text)
        signature = self.openssl("pkeyutl", "-sign", "-rawin", "-in", unsigned, "-inkey", signer)
        self.token = f"{text}.{base64url(signature)}"

    @staticmethod
    def openssl(*arguments):
        run = subprocess.run(["openssl", *map(str, arguments)], capture_output=True)
        if run.returncode != 0:
            raise Wrong(run.stderr.decode())
        return run.stdout

    def callers(self, **grant):
        return {"jwt": {"jwks_file": str(self.jwks), "issuer": "bench", "audience": "edugate"},
                "grants": [{"callers": ["*"], "methods": ["*"], "connections": ["*"], **grant}]}

    def header(self):
        return f"authorization: Bearer {self.token}"


def parts(identity, provider):
    """(name, configuration, headers): first everything off, then one part on, then all at once."""
    def config(connection=None, **sections):
        return edugate_config(provider.url, {**BARE, **(connection or {})},
                              **{**QUIET, **sections})
    log = {"level": "info"}
    caller = [identity.header()]
    collector = {"endpoint": f"{provider.url}/v1/traces", "sample_percent": 100}
    disclosure = {"path": "FOLDER/disclosure.log"}
    rate = {"rate_limit": {"own": {"per_second": 1_000_000, "burst": 1_000_000}}}
    everything = {**CONNECTION, **rate}
    return [
        ("everything off", config(), []),
        ("circuit breaker", config({"breaker": {}}), []),
        ("adaptive limit", config({"concurrency": CONNECTION["concurrency"]}), []),
        ("rate limit", config(rate), []),
        ("coalescing", config({"coalesce": True}), []),
        ("access log", config(log=log, telemetry={"access_log": True}), []),
        ("spans of every call", config(telemetry={"access_log": False, "otlp": collector}), []),
        ("callers by token", config(callers=identity.callers()), caller),
        ("hidden fields", config(callers=identity.callers(hidden_fields=["Learner.email"])),
         caller),
        ("disclosure log", config(disclosure=disclosure), []),
        ("cache", config({"cache": {"max_age": "3600s"}}), []),
        ("as measured above", edugate_config(provider.url), []),
        ("all that cost, at once",
         edugate_config(provider.url, everything, telemetry={"otlp": collector},
                        callers=identity.callers(hidden_fields=["Learner.email"]),
                        disclosure=disclosure), caller),
    ]


class Variant:
    """A running edugate of one configuration."""

    def __init__(self, name, config, headers, edugate, stack, scheme="http"):
        self.name = name
        self.headers = headers
        self.scheme = scheme
        self.server = start_edugate(edugate, "variant-" + name.replace(" ", "-"), config, stack)

    def answer_bytes(self, call, **how):
        return answer_bytes_of(self.server.target, call, headers=self.headers, scheme=self.scheme,
                               **how)

    def cpu_us(self, call, count, answer_bytes, **how):
        for attempt in range(MORE_ATTEMPTS + 1):
            try:
                return self.cpu_us_once(call, count, answer_bytes, **how)
            except Wrong:
                if attempt == MORE_ATTEMPTS:
                    raise

    def cpu_us_once(self, call, count, answer_bytes, **how):
        before = self.server.cpu_seconds()
        drive(self.server.target, call, count, answer_bytes, headers=self.headers,
              scheme=self.scheme, **how)
        return (self.server.cpu_seconds() - before) * 1e6 / count


def in_turns(variants, calls, rounds):
    """Medians by variant and call; the variants take turns, and a first round is thrown away.

    `calls`: by name, what drive() needs: (call, count, answer_bytes, options). Where answer_bytes is None, every
    answer of a variant must have as many as its first one."""
    sizes = {(variant.name, name): size or variant.answer_bytes(call, **how)
             for variant in variants for name, (call, _, size, how) in calls.items()}
    found = {variant.name: {name: [] for name in calls} for variant in variants}
    for number in range(rounds + 1):
        turn = number % len(variants)
        for variant in variants[turn:] + variants[:turn]:
            for name, (call, count, _, how) in calls.items():
                cpu = variant.cpu_us(call, count, sizes[variant.name, name], **how)
                if number > 0:
                    found[variant.name][name].append(cpu)
    return {name: {call: round(statistics.median(values), 2) for call, values in figures.items()}
            for name, figures in found.items()}


def measure_parts(edugate, answers, rounds, count):
    """What each part adds to a unary call, in microseconds of CPU time."""
    identity = Identity()
    with contextlib.ExitStack() as stack:
        provider = start_provider("small", stack)
        variants = []
        refused = []
        for name, config, headers in parts(identity, provider):
            try:
                variants.append(Variant(name, config, headers, edugate, stack))
            except Wrong as wrong:
                refused.append({"part": name, "why": str(wrong).strip().splitlines()[-1][:200]})
        calls = {"unary": (CALLS["unary"], count, None, {})}
        found = in_turns(variants, calls, rounds)
    bare = found["everything off"]["unary"]
    return {
        "cpu_us": {name: figures["unary"] for name, figures in found.items()},
        "added_us": {name: round(figures["unary"] - bare, 2) for name, figures in found.items()
                     if name != "everything off"},
        "left_out": refused,
    }


def measure_tls(edugate, answers, rounds, counts):
    """Plain; callers over TLS; callers and provider over TLS. Connections are kept."""
    identity = Identity()
    tls = {"certificate_file": str(identity.certificate), "private_key_file": str(identity.key)}
    with contextlib.ExitStack() as stack:
        provider = start_provider("small", stack, tls=(identity.certificate, identity.key))
        plain = edugate_config(provider.url)
        front = edugate_config(provider.url)
        both = edugate_config(provider.tls_url,
                              {**CONNECTION, "http": {"ca_file": str(identity.certificate)}})
        for config in (front, both):
            config["server"]["tls"] = tls
            del config["server"]["insecure"]
        variants = [Variant("plain", plain, [], edugate, stack),
                    Variant("callers over TLS", front, [], edugate, stack, "https")]
        left_out = []
        try:
            variants.append(Variant("callers and provider over TLS", both, [], edugate, stack,
                                    "https"))
        except Wrong as wrong:
            left_out.append(str(wrong).strip().splitlines()[-1][:200])
        calls = {name: (CALLS[name], counts[name], answers[CALLS[name]["method"]], {})
                 for name in ("unary", "page50")}
        return {"cpu_us": in_turns(variants, calls, rounds), "left_out": left_out}


def measure_formats(edugate, rounds, count):
    """The same course as JSON and as XML."""
    folder = FOLDERS["small"]["folder"]
    name = "connections/edx/catalogs/c/courses/edx+tr1012"
    request = folder / "course_request.bin"
    # GetCourseRequest.name, in gRPC's frame.
    message = b"\x0a" + bytes([len(name)]) + name.encode()
    request.write_bytes(b"\0" + len(message).to_bytes(4, "big") + message)
    call = {"method": "GetCourse", "request": request}
    with contextlib.ExitStack() as stack:
        provider = start_provider("small", stack)
        variants = []
        for kind in ("json", "xml"):
            config = edugate_config(provider.url)
            config["connections"] = [
                {"id": "edx", "provider": "edx_enterprise", "base_url": f"{provider.url}/{kind}",
                 "auth": {"oauth2_client": {"token_url": f"{provider.url}/oauth2/v1/access_token",
                                            "client_id": {"value": "bench"},
                                            "client_secret": {"value": "bench"}}},
                 "options": {"enterprise_customer_uuid": "6ae013d4-c5c4-474d-8da9-0e559b2448e2",
                             "response_format": kind}, **CONNECTION}]
            variants.append(Variant(kind, config, [], edugate, stack))
        calls = {"course": (call, count, None, {"service": "edugate.v1.CatalogService"})}
        found = in_turns(variants, calls, rounds)
    return {kind: {"provider_bytes": (folder / f"course.{kind}").stat().st_size,
                   "cpu_us": found[kind]["course"]} for kind in ("json", "xml")}
