"""What a reply must look like: a part of it, as JSON.

An object is expected of some of its fields; a list of all its elements, in order; anything else is compared as it is.
An object of one operator says more than equality can:

    {"$absent": true}       the field isn't there
    {"$matches": "^2026-"}  a text that the regular expression finds
    {"$length": 3}          a list of three
    {"$atLeast": 3}         a number, a text of digits, or a list's length
    {"$holds": [...]}       a list in which each of these is found, anywhere
"""

import re

ABSENT = object()


def differences(expected, actual, path="reply"):
    """Yields a line for everything in which `actual` isn't what is expected."""
    if isinstance(expected, dict) and len(expected) == 1 and next(iter(expected)).startswith("$"):
        (operator, operand), = expected.items()
        if not _OPERATORS[operator](operand, actual):
            yield f"{path}: expected {operator} {operand!r}, got {_shown(actual)}"
    elif isinstance(expected, dict):
        if not isinstance(actual, dict):
            yield f"{path}: expected an object, got {_shown(actual)}"
            return
        for key, value in expected.items():
            yield from differences(value, actual.get(key, ABSENT), f"{path}.{key}")
    elif isinstance(expected, list):
        if not isinstance(actual, list) or len(actual) != len(expected):
            yield f"{path}: expected a list of {len(expected)}, got {_shown(actual)}"
            return
        for index, (value, each) in enumerate(zip(expected, actual)):
            yield from differences(value, each, f"{path}[{index}]")
    elif expected != actual or isinstance(expected, bool) != isinstance(actual, bool):
        yield f"{path}: expected {expected!r}, got {_shown(actual)}"


def _holds(operand, actual):
    if not isinstance(actual, list):
        return False
    return all(any(not list(differences(each, element)) for element in actual) for each in operand)


def _at_least(operand, actual):
    if isinstance(actual, list):
        return len(actual) >= operand
    if isinstance(actual, str) and actual.isdigit():
        return int(actual) >= operand
    return isinstance(actual, (int, float)) and actual >= operand


_OPERATORS = {
    "$absent": lambda operand, actual: (actual is ABSENT) == operand,
    "$matches": lambda operand, actual: isinstance(actual, str) and re.search(operand, actual) is not None,
    "$length": lambda operand, actual: isinstance(actual, list) and len(actual) == operand,
    "$atLeast": _at_least,
    "$holds": _holds,
}


def _shown(value):
    """What a message may say of a value: what kind it is, and of short words the word."""
    if value is ABSENT:
        return "nothing"
    if isinstance(value, (dict, list)):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 80 and "@" not in text else f"a text of {len(text)} characters"
