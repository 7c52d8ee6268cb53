"""Prints those of the named files that a compilation database has a command for."""

import json
import os
import sys


def main():
    database, *files = sys.argv[1:]
    with open(database, encoding="utf-8") as stream:
        compiled = {os.path.realpath(os.path.join(entry["directory"], entry["file"]))
                    for entry in json.load(stream)}
    for file in files:
        if os.path.realpath(file) in compiled:
            print(file)


if __name__ == "__main__":
    main()
