"""Certificates, made by openssl when they are needed."""

import functools
import os
import ssl
import subprocess
import tempfile
import threading
import warnings

GOOD, EXPIRED, WRONG_HOST, SELF_SIGNED, OLD_TLS = "good", "expired", "wrong host", "self-signed", "TLS 1.0"

_LOCK = threading.Lock()
_HOLDERS = []
_NAMES = "DNS:localhost,DNS:provider.test,IP:127.0.0.1,IP:127.0.0.2"


def _openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def _folder():
    """Where the certificates are; made at the first call."""
    with _LOCK:
        return _make_folder()


@functools.lru_cache(maxsize=None)
def _make_folder():
    holder = tempfile.TemporaryDirectory(prefix="edugate-faults-certificates-")
    _HOLDERS.append(holder)  # Kept until the process ends.
    folder = holder.name
    with open(os.path.join(folder, "ca.cnf"), "w", encoding="ascii") as file:
        file.write("[ca]\ndefault_ca=it\n[it]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n"
                   "policy=any\ncopy_extensions=copy\nunique_subject=no\n[any]\ncommonName=supplied\n")
    open(os.path.join(folder, "index.txt"), "w", encoding="ascii").close()
    with open(os.path.join(folder, "serial"), "w", encoding="ascii") as file:
        file.write("1000\n")
    _key(folder, "ca")
    _openssl(folder, "req", "-x509", "-new", "-key", "ca.key", "-subj", "/CN=faults authority", "-days", "30", "-out",
             "ca.pem")
    _leaf(folder, "good", _NAMES, "20200101000000Z", "20450101000000Z")
    _leaf(folder, "expired", _NAMES, "20200101000000Z", "20210101000000Z")
    _leaf(folder, "wrong", "DNS:elsewhere.test", "20200101000000Z", "20450101000000Z")
    _key(folder, "self")
    _openssl(folder, "req", "-x509", "-new", "-key", "self.key", "-subj", "/CN=localhost", "-days", "30", "-addext",
             f"subjectAltName={_NAMES}", "-out", "self.pem")
    return folder


def _key(folder, name):
    _openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")


def _leaf(folder, name, names, begin, end):
    _key(folder, name)
    _openssl(folder, "req", "-new", "-key", f"{name}.key", "-subj", "/CN=localhost", "-addext",
             f"subjectAltName={names}", "-out", f"{name}.csr")
    _openssl(folder, "ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in",
             f"{name}.csr", "-startdate", begin, "-enddate", end, "-out", f"{name}.pem")


def authority_file():
    """The path of the authority that signs all but the self-signed one, PEM."""
    return os.path.join(_folder(), "ca.pem")


def files(kind=GOOD):
    """(certificate, key), PEM."""
    name = {EXPIRED: "expired", WRONG_HOST: "wrong", SELF_SIGNED: "self"}.get(kind, "good")
    return os.path.join(_folder(), f"{name}.pem"), os.path.join(_folder(), f"{name}.key")


def server_context(kind=GOOD, protocols=("http/1.1",)):
    """What a provider with this certificate serves with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if kind == OLD_TLS:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1
    context.load_cert_chain(*files(kind))
    context.set_alpn_protocols(list(protocols))
    return context


def client_context():
    """What a caller trusts: the authority, whatever the host's name."""
    context = ssl.create_default_context(cafile=authority_file())
    context.check_hostname = False
    return context
