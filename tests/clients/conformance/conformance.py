"""Runs the conformance cases through a client in some language, against edugate with its sandbox.

    conformance.py run LANGUAGE --program build/edugate --clients build/clients --results FOLDER [--case NAME]...
    conformance.py matrix --results FOLDER [--document docs/conformance.md [--write]]
"""

import argparse
import json
import os
import sys
import tempfile
import time

import matrix
from case import load_cases, run_case
from deployment import CONNECTIONS_OF_THE_CASES, Deployment
from languages import LANGUAGES
from testee import Testee

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(HERE, "..", "cases")


def run(arguments):
    language = LANGUAGES[arguments.language]
    cases = [case for case in load_cases(CASES) if not arguments.cases or case["name"] in arguments.cases]
    if not cases:
        sys.exit("there is no such case")
    clients = os.path.abspath(arguments.clients)
    if not os.path.exists(os.path.join(clients, language.built)):
        sys.exit(f"the client in {language.title} isn't built: ./dev clients builds it")
    command, environment = language.command(clients)
    results = {}
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        deployment = Deployment(arguments.program, folder, CONNECTIONS_OF_THE_CASES)
        try:
            testee = Testee(command, environment)
            for case in cases:
                wrong = run_case(case, testee, deployment)
                results[case["name"]] = not wrong
                for line in wrong:
                    print(f"{language.title}, {case['name']}: {line}")
            testee.stop()
        finally:
            deployment.stop()
    failed = sum(not passed for passed in results.values())
    print(f"{language.title}: {len(results)} cases, {failed} failed, {time.monotonic() - start:.1f} s")
    if not arguments.cases:
        os.makedirs(arguments.results, exist_ok=True)
        with open(os.path.join(arguments.results, arguments.language + ".json"), "w", encoding="utf-8") as file:
            json.dump(results, file)
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("run")
    verb.add_argument("language", choices=LANGUAGES)
    verb.add_argument("--case", action="append", dest="cases", metavar="NAME")
    verb.add_argument("--program", required=True)
    verb.add_argument("--clients", required=True)
    verb.add_argument("--results", required=True)
    verb = verbs.add_parser("matrix")
    verb.add_argument("--results", required=True)
    verb.add_argument("--document")
    verb.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if arguments.verb == "run":
        sys.exit(run(arguments))
    sys.exit(matrix.main(load_cases(CASES), arguments))


if __name__ == "__main__":
    main()
