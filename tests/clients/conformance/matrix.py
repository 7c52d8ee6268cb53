"""The matrix of cases and languages, as a page for people."""

import json
import os
import sys

from languages import LANGUAGES

INTRODUCTION = """\
# Conformance: every language against every case

Each case is data (`tests/clients/cases`): calls, and what they must come to. A thin client in each language makes the
calls with that language's own gRPC library and generated stubs, against edugate with its sandbox; one judge compares.
`./dev test` runs them all and fails where this page is not what came out; `./dev conformance` writes it.
"""


def render(cases, results):
    languages = [language for language in LANGUAGES if language in results]
    lines = [INTRODUCTION]
    for language in languages:
        passed = sum(results[language].get(case["name"], False) for case in cases)
        lines.append(f"- {LANGUAGES[language].title}, {LANGUAGES[language].library}: {passed} of {len(cases)}")
    lines.append("")
    lines.append("| case | what it shows |" + "".join(f" {LANGUAGES[each].title} |" for each in languages))
    lines.append("|---|---|" + "---|" * len(languages))
    for case in cases:
        cells = "".join(f" {_word(results[each].get(case['name']))} |" for each in languages)
        lines.append(f"| {case['name']} | {case['says']} |{cells}")
    return "\n".join(lines) + "\n"


def _word(passed):
    return {None: "not run", True: "pass", False: "FAIL"}[passed]


def main(cases, arguments):
    results = {}
    for language in LANGUAGES:
        path = os.path.join(arguments.results, language + ".json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                results[language] = json.load(file)
    text = render(cases, results)
    print(text)
    if not arguments.document:
        return 0
    if arguments.write:
        with open(arguments.document, "w", encoding="utf-8") as file:
            file.write(text)
        return 0
    with open(arguments.document, encoding="utf-8") as file:
        if file.read() == text:
            return 0
    print(f"{arguments.document} is not what came out: ./dev conformance writes it", file=sys.stderr)
    return 1
