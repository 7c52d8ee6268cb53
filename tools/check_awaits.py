"""Fails on a co_await that does not stand alone.

Allowed are these statements, and a CO_ macro whose last argument is the await:

    auto x = co_await F(args);      x = co_await F(args);      co_await F(args);

Never in a condition, an argument, braces, beside ?: or a lambda, and not in a lambda that
captures. It reads better, and some compilers get the others wrong. Usage: check_awaits.py [ROOT]
"""

import os
import re
import sys

import cpp_text

# The awaitables themselves are defined here; its tests follow the rule.
EXEMPT = "runtime/async/"

_MACROS = ("CO_ASSIGN_OR_RETURN", "CO_RETURN_IF_ERROR")
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE | re.DOTALL)
_TOKEN = re.compile(r"\bco_await\b|[(){}\[\];]")
_PAIRS = {")": "(", "]": "[", "}": "{"}

# What may stand between a statement's start and its co_await: nothing, or `x =`, `auto x =`,
# `const T<U>& x =`, `auto [a, b] =`. Before that may stand the head of a branch or loop, or a label.
_ASSIGNMENT = re.compile(r"(?:[\w:<>,&*.\s\->]*[\s&*>])?(?:[\w.\->:]+|\[[\w,\s]*\])(?:\[[^\]]*\])?\s*=\s*")
_HEADS = re.compile(r"\s*(?:(?:else|do|case\s[\w:]+\s*:(?!:)|default\s*:)\s*)*")
_BRANCH = re.compile(r"(?:else\s+)?(?:if(?:\s+constexpr)?|for|while)\s*\(")
_LAMBDA = re.compile(r"(?:^|[^\w\])\s])\s*\[[^\[\]]*\]\s*[({<]")
_WORDS_BEFORE_AWAIT_THAT_ASSIGN_NOT = re.compile(r"\b(?:co_return|return|co_yield|throw)\b")


def matching(text, start):
    """Returns the position after the bracket that closes the one at start, or None."""
    depth = 0
    for match in re.compile(r"[()\[\]{}]").finditer(text, start):
        depth += 1 if match.group(0) in "([{" else -1
        if depth == 0:
            return match.end()
    return None


def opening(text, end):
    """Returns the position of the bracket that opens the one that ends before end, or None."""
    depth = 0
    for position in range(end - 1, -1, -1):
        if text[position] in ")]}":
            depth += 1
        elif text[position] in "([{":
            depth -= 1
            if depth == 0:
                return position
    return None


def captures_before(text, brace):
    """Returns the captures of the lambda whose body opens at brace; None where it is no lambda."""
    head = re.sub(r"(?:->[\s\w:<>,&*]+|\b(?:mutable|noexcept|constexpr)\b|\s)+$", "", text[:brace])
    if head.endswith(")"):
        start = opening(head, len(head))
        if start is None:
            return None
        head = head[:start].rstrip()
    if not head.endswith("]"):
        return None
    start = opening(head, len(head))
    if start is None or re.search(r"[\w\])]\s*$", head[:start]) and not re.search(
            r"\b(?:return|co_return)\s*$", head[:start]):
        return None
    return head[start + 1:-1].strip()


def without_head(text):
    """Returns a statement's text without `if (...)`, `else`, `for (...)`, `case x:` before it."""
    while True:
        text = text[_HEADS.match(text).end():]
        branch = _BRANCH.match(text)
        end = matching(text, branch.end() - 1) if branch else None
        if end is None:
            return text
        text = text[end:]


def operand_fault(operand):
    """Returns what is wrong with the awaited expression, or None."""
    if "?" in operand:
        return "beside ?:"
    if _LAMBDA.search("(" + operand):
        return "beside a lambda: name the lambda first"
    outside = operand
    while True:
        shorter = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}", "", outside)
        shorter = re.sub(r"<[\w:,\s&*]*>", "", shorter)
        if shorter == outside:
            break
        outside = shorter
    outside = outside.replace("->", ".").strip().lstrip("*&")
    if re.search(r"[^\w\s:.]", outside):
        return "as a part of a larger expression"
    return None


def await_fault(code, position, stack, statement):
    """Returns why the co_await at position does not stand alone, or None.

    stack holds the brackets around it, as (character, position, start of the statement that holds
    the bracket); statement is where the await's own statement starts.
    """
    for bracket, where, _ in reversed(stack):
        if bracket == "{":
            captures = captures_before(code, where)
            if captures is not None:
                if captures:
                    return "in a lambda that captures"
                break
    end = position + len("co_await")
    if stack and stack[-1][0] != "{":
        return macro_fault(code, end, stack[-1][1])
    before = without_head(code[statement:position])
    if before.strip() and (_WORDS_BEFORE_AWAIT_THAT_ASSIGN_NOT.search(before) or
                           not _ASSIGNMENT.fullmatch(before)):
        return "as a part of a larger statement"
    stop = end
    while stop < len(code) and code[stop] not in ";)]},":
        if code[stop] in "([{":
            closed = matching(code, stop)
            if closed is None:
                break
            stop = closed
        elif code[stop] == "<":
            template = re.compile(r"<[\w:,\s&*<>]*>(?=\s*[({])").match(code, stop)
            stop = template.end() if template else stop + 1
        else:
            stop += 1
    if stop >= len(code) or code[stop] != ";":
        return "inside braces or an expression"
    return operand_fault(code[end:stop])


def macro_fault(code, end, parenthesis):
    """An await inside parentheses is right only as the last argument of one of our macros."""
    name = re.search(r"(\w+)\s*$", code[:parenthesis])
    if not name or name.group(1) not in _MACROS:
        return "in a condition or an argument"
    closed = matching(code, parenthesis)
    if closed is None or not code[closed:].lstrip().startswith(";"):
        return "in a macro that is not a statement"
    between = code[parenthesis + 1:end - len("co_await")]
    if between.strip() and not between.rstrip().endswith(","):
        return "in a condition or an argument"
    return operand_fault(code[end:closed - 1])


def check_text(text):
    """Yields (line number, message) for every co_await of a file's text that does not stand alone."""
    code = cpp_text.blank(text)
    code = _DIRECTIVE.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), code)
    stack = []
    statement = 0
    for token in _TOKEN.finditer(code):
        kind = token.group(0)
        if kind == "co_await":
            fault = await_fault(code, token.start(), stack, statement)
            if fault:
                yield code.count("\n", 0, token.start()) + 1, f"co_await {fault}"
        elif kind in "([{":
            stack.append((kind, token.start(), statement))
            if kind == "{":
                statement = token.end()
        elif kind == ";":
            # The semicolons of a for loop's head end no statement.
            if not stack or stack[-1][0] == "{":
                statement = token.end()
        elif stack and stack[-1][0] == _PAIRS[kind]:
            _, _, outer = stack.pop()
            if kind == "}":
                inside = stack and stack[-1][0] != "{"
                statement = outer if inside else token.end()


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(
        os.path.abspath(__file__)))
    files = wrong = 0
    for path in cpp_text.cpp_files(root):
        if path.startswith(EXEMPT) and not path.endswith("_test.cc"):
            continue
        files += 1
        for line, message in check_text(cpp_text.read(root, path)):
            wrong += 1
            print(f"{path}:{line}: {message}")
    print(f"check_awaits: {files} files, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
