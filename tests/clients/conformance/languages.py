"""The languages that the cases are run in, and how each one's client is started."""

import dataclasses
import os
import sys
from typing import Callable, Dict, List, Optional, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))

Command = Tuple[List[str], Optional[Dict[str, str]]]


@dataclasses.dataclass(frozen=True)
class Language:
    title: str
    # The gRPC library that its client is made with.
    library: str
    # What starts the client, and with which environment, given the folder that ./dev clients builds into.
    command: Callable[[str], Command]
    # What must be in that folder.
    built: str


def _python(folder):
    environment = dict(os.environ, PYTHONPATH=os.path.join(folder, "gen", "python"), PYTHONDONTWRITEBYTECODE="1")
    return [sys.executable, os.path.join(HERE, "..", "python", "testee.py")], environment


def _node(folder):
    return ["node", os.path.join(folder, "node", "out", "testee", "testee.js")], None


def _go(folder):
    # This release of grpc-go retries only where it is told to.
    return [os.path.join(folder, "go", "testee")], dict(os.environ, GRPC_GO_RETRY="on")


def _java(folder):
    with open(os.path.join(folder, "java", "classpath"), encoding="utf-8") as file:
        classpath = os.path.join(folder, "java", "testee.jar") + ":" + file.read().strip()
    # The calls are few and small: what takes time is the start of the virtual machine.
    return ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classpath, "Testee"], None


def _cpp(folder):
    return [os.path.join(folder, "cpp", "testee")], None


LANGUAGES = {
    "cpp": Language("C++", "grpc++ of Debian 12", _cpp, "cpp/testee"),
    "go": Language("Go", "grpc-go of Debian 12", _go, "go/testee"),
    "java": Language("Java", "grpc-java (netty) of Debian 12", _java, "java/testee.jar"),
    "node": Language("TypeScript", "@grpc/grpc-js of npm", _node, "node/out/testee/testee.js"),
    "python": Language("Python", "grpcio of Debian 12", _python, "gen/python/edugate/v1"),
}
