#!/usr/bin/env python3
"""Writes the XML form of every reply among the samples: course.json becomes course.xml.

The rules are those of the XML renderer that the catalog services use (djangorestframework-xml):
  - one line of XML declaration, then <root>...</root> on one line, without a newline at its end
  - an object's key is an element; a list is repeated <list-item> elements inside its field's element
  - null, "", [] and {} are all an empty element, never a self-closed one
  - booleans are True and False, numbers are as Python's str() writes them
  - only & < > are escaped; all other characters are raw UTF-8

A request is only ever sent as JSON and has no XML form.
"""

import json
import pathlib
from xml.sax.saxutils import escape


def render(value):
    if isinstance(value, dict):
        return "".join(f"<{key}>{render(item)}</{key}>" for key, item in value.items())
    if isinstance(value, list):
        return "".join(f"<list-item>{render(item)}</list-item>" for item in value)
    if value is None:
        return ""
    return escape(str(value))


def main():
    folder = pathlib.Path(__file__).resolve().parent
    for source in sorted(folder.glob("*.json")):
        if source.stem.endswith("_request"):
            continue
        body = json.loads(source.read_text(encoding="utf-8"))
        document = f'<?xml version="1.0" encoding="utf-8"?>\n<root>{render(body)}</root>'
        source.with_suffix(".xml").write_bytes(document.encode("utf-8"))


if __name__ == "__main__":
    main()
