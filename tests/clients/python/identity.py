"""A certificate and a token for tests, made with openssl."""

import base64
import json
import os
import subprocess
import time

ISSUER = "https://issuer.example"
AUDIENCE = "edugate"


def _openssl(*arguments, given=None):
    done = subprocess.run(["openssl", *arguments], input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise AssertionError(f"openssl {arguments[0]}: {done.stderr.decode()}")
    return done.stdout


def make_certificate(folder):
    """Writes cert.pem, for 127.0.0.1 and its own authority, and key.pem. Returns their paths."""
    certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    _openssl(
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
    )
    return certificate, key


def make_token(folder, caller):
    """Writes jwks.json and token.txt, a token of an hour that names the caller. Returns their paths."""
    key = os.path.join(folder, "issuer.pem")
    _openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
    modulus = _openssl("rsa", "-in", key, "-noout", "-modulus").decode().strip().split("=")[1]
    jwks, token = os.path.join(folder, "jwks.json"), os.path.join(folder, "token.txt")
    with open(jwks, "w", encoding="ascii") as file:
        key_of_the_set = {
            "kty": "RSA", "kid": "k1", "use": "sig", "alg": "RS256", "n": _text(bytes.fromhex(modulus)), "e": "AQAB",
        }
        json.dump({"keys": [key_of_the_set]}, file)
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": caller, "iat": now, "exp": now + 3600}
    signed = f"{_json({'alg': 'RS256', 'kid': 'k1', 'typ': 'JWT'})}.{_json(claims)}"
    signature = _openssl("dgst", "-sha256", "-sign", key, given=signed.encode())
    with open(token, "w", encoding="ascii") as file:
        file.write(f"{signed}.{_text(signature)}\n")
    return jwks, token


def _json(value):
    return _text(json.dumps(value).encode())


def _text(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
