"""Writes docs/api and docs/openapi, or fails where they are not what would be written.

    api_docs.py --descriptors build/edugate.binpb --field-sources PROGRAM [--openapi-schema FILE] (--write | --check)
"""

import argparse
import json
import os
import subprocess
import sys

import openapi
import reference
from descriptors import Api

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def made(api, sources):
    """Path below docs/ -> text, of everything that is made."""
    texts = {os.path.join("api", name): text for name, text in reference.pages(api, sources).items()}
    for name, document in openapi.documents(api).items():
        texts[os.path.join("openapi", name)] = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    return texts


def differences(texts, folder):
    """Which of the files in the folder are not what is made; those that nothing makes any more among them."""
    wrong = []
    for name, text in texts.items():
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            wrong.append(f"{name} is missing")
            continue
        with open(path, encoding="utf-8") as file:
            if file.read() != text:
                wrong.append(f"{name} is not current")
    for below, suffix in (("api", ".md"), ("openapi", ".json")):
        for name in os.listdir(os.path.join(folder, below)) if os.path.isdir(os.path.join(folder, below)) else []:
            if name.endswith(suffix) and os.path.join(below, name) not in texts:
                wrong.append(f"{below}/{name} is made of nothing")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--descriptors", required=True)
    parser.add_argument("--field-sources", required=True)
    parser.add_argument("--openapi-schema")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true")
    what.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    with open(arguments.descriptors, "rb") as file:
        api = Api(file.read())
    sources = json.loads(subprocess.run([arguments.field_sources], stdout=subprocess.PIPE, check=True).stdout)
    texts = made(api, sources)
    schema = None
    if arguments.openapi_schema:
        with open(arguments.openapi_schema, encoding="utf-8") as file:
            schema = json.load(file)
    wrong = []
    for name, document in openapi.documents(api).items():
        wrong += [f"openapi/{name}: {each}" for each in openapi.mistakes(document, schema)]
    folder = os.path.join(ROOT, "docs")
    if arguments.write:
        for name, text in texts.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    wrong += differences(texts, folder)
    for each in wrong:
        print(each, file=sys.stderr)
    if wrong:
        sys.exit("./dev api-docs writes docs/api and docs/openapi")


if __name__ == "__main__":
    main()
