"""A channel to edugate: where it is, who is calling, and what the channel does by itself."""

from typing import Optional

import grpc


class _TokenFile(grpc.AuthMetadataPlugin):
    """The token of a file, which is read for every call: whoever renews the token writes a new file."""

    def __init__(self, path: str):
        self._path = path

    def __call__(self, context, callback):
        try:
            with open(self._path, encoding="ascii") as file:
                callback((("authorization", f"Bearer {file.read().strip()}"),), None)
        except OSError as error:
            callback((), error)


def open_channel(
    target: str,
    tls_ca: Optional[str] = None,
    token_file: Optional[str] = None,
    service_config: Optional[str] = None,
) -> grpc.Channel:
    """Opens a channel. It connects with the first call, and again by itself whenever it must.

    Args:
        target: `HOST:PORT`, or `dns:///HOST:PORT` for all addresses of a name.
        tls_ca: a PEM file with the authority that signs edugate's certificate. None: no TLS.
        token_file: a file with a JSON Web Token that says who is calling. It needs TLS.
        service_config: a file with gRPC's service config, as deploy/service_config.json: deadlines and retries
            of each method.
    """
    options = []
    if service_config:
        with open(service_config, encoding="utf-8") as file:
            options.append(("grpc.service_config", file.read()))
    if not tls_ca:
        if token_file:
            raise ValueError("a token goes over TLS alone: --tls-ca is missing")
        return grpc.insecure_channel(target, options=options)
    with open(tls_ca, "rb") as file:
        credentials = grpc.ssl_channel_credentials(file.read())
    if token_file:
        token = grpc.metadata_call_credentials(_TokenFile(token_file))
        credentials = grpc.composite_channel_credentials(credentials, token)
    return grpc.secure_channel(target, credentials, options=options)
