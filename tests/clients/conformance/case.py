"""The conformance cases: data in ../cases, run step by step.

A case:

    {"name": "...", "says": "what it shows, one sentence",
     "faults": [...], "settings": [...]          what the sandbox is told first (sandbox/README.md)
     "steps": [...],
     "provider": [{"provider": "openapply", "request": "GET /api/v3/reenrollments", "times": 2}]}
                                                how many requests the provider must have seen at the end

A step is a call and what it must come to:

    {"call": "EnrollmentService/ListEnrollments", "request": {...} or "requests": [...], "metadata": {...},
     "timeoutMs": 5000, "cancelAfter": 2, "serviceConfig": true,
     "expect": {"code": "OK", "reply": ..., "replies": ..., "details": {"ErrorInfo": ...}, "trailers": ...,
                "message": ..., "elapsedMs": {"$atLeast": 1000}},
     "keep": {"token": "reply.nextPageToken"}}

`code` is OK where nothing is said; `reply` is the only one. `details` are by the short name of their type, and an error
has no two of one type. What is kept stands for `${token}` in later steps; `${token|tampered}` has another last letter,
`${unique}` is new in every run. `"walk": {"items": "enrollments", "key": "name", "total": 9, "pages": 3}` in place of
`expect` repeats the call with each next page token to the end, and every key must come once.
"""

import copy
import glob
import json
import os
import re
import uuid

from expectation import differences

SERVICE_CONFIG = os.path.join(os.path.dirname(__file__), "..", "..", "..", "deploy", "service_config.json")
DEFAULT_TIMEOUT_MS = 20000
# No call of a case waits longer: a client that hangs is the finding then.
PATIENCE_SECONDS = 60
MOST_PAGES = 100


def load_cases(folder):
    cases = []
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        with open(path, encoding="utf-8") as file:
            for case in json.load(file):
                cases.append(dict(case, file=os.path.basename(path)))
    names = [case["name"] for case in cases]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise ValueError(f"two cases are called {sorted(repeated)}")
    return cases


def run_case(case, testee, deployment):
    """Returns what is wrong, as lines; nothing where the case holds."""
    deployment.reset()
    for setting in case.get("settings", []):
        deployment.control("POST", "settings", setting)
    for fault in case.get("faults", []):
        deployment.control("POST", "faults", fault)
    kept = {"unique": str(uuid.uuid4())}
    for number, step in enumerate(case["steps"], 1):
        prefix = f"step {number}, {step['call']}: "
        run = _walk if "walk" in step else _run_step
        wrong = [prefix + line for line in run(step, testee, deployment, kept)]
        if wrong:
            return wrong
    return _provider_differences(case, deployment)


def _call_of(step, deployment, kept):
    requests = step.get("requests", [step.get("request", {})])
    call = {
        "address": deployment.address,
        "method": "edugate.v1." + step["call"],
        "requests": _substitute(copy.deepcopy(requests), kept),
        "metadata": step.get("metadata", {}),
        "timeoutMs": step.get("timeoutMs", DEFAULT_TIMEOUT_MS),
    }
    if "cancelAfter" in step:
        call["cancelAfter"] = step["cancelAfter"]
    if step.get("serviceConfig"):
        with open(SERVICE_CONFIG, encoding="utf-8") as file:
            call["serviceConfig"] = file.read()
    return call


def _run_step(step, testee, deployment, kept):
    outcome = testee.call(_call_of(step, deployment, kept), PATIENCE_SECONDS)
    return _outcome_differences(_substitute(copy.deepcopy(step.get("expect", {})), kept), outcome) or _keep(
        step, outcome, kept
    )


def _outcome_differences(expected, outcome):
    wanted = expected.get("code", "OK")
    if outcome["code"] != wanted:
        return [f"expected {wanted}, got {outcome['code']}: {outcome['message']}"]
    by_type = {}
    for detail in outcome["details"]:
        name = detail["@type"].rsplit(".", 1)[1]
        if name in by_type:
            return [f"two details are a {name}"]
        by_type[name] = detail
    actual = dict(outcome, details=by_type)
    if outcome["code"] == "OK" and "reply" in expected:
        if len(outcome["replies"]) != 1:
            return [f"expected one reply, got {len(outcome['replies'])}"]
        actual["reply"] = outcome["replies"][0]
    wrong = []
    for key, value in expected.items():
        wrong.extend(differences(value, actual.get(key), key))
    return wrong


def _keep(step, outcome, kept):
    for name, path in step.get("keep", {}).items():
        value = dict(outcome, reply=(outcome["replies"] or [{}])[0])
        for part in re.findall(r"[^.\[\]]+", path):
            value = value[int(part)] if isinstance(value, list) else value.get(part)
            if value is None:
                return [f"there is no {path} to keep"]
        kept[name] = value
    return []


def _walk(step, testee, deployment, kept):
    walk = step["walk"]
    step = copy.deepcopy(step)
    keys = []
    for pages in range(1, MOST_PAGES + 1):
        outcome = testee.call(_call_of(step, deployment, kept), PATIENCE_SECONDS)
        wrong = _outcome_differences({"reply": walk.get("each", {})}, outcome)
        if wrong:
            return [f"page {pages}: {line}" for line in wrong]
        page = outcome["replies"][0]
        keys += [record[walk["key"]] for record in page.get(walk["items"], [])]
        step["request"]["pageToken"] = page.get("nextPageToken", "")
        if not step["request"]["pageToken"]:
            break
    wrong = []
    if len(keys) != len(set(keys)):
        wrong.append(f"{len(keys) - len(set(keys))} records came twice")
    if len(keys) != walk["total"]:
        wrong.append(f"expected {walk['total']} records, got {len(keys)}")
    if pages != walk["pages"]:
        wrong.append(f"expected {walk['pages']} pages, got {pages}")
    return wrong


def _substitute(value, kept):
    if isinstance(value, dict):
        return {key: _substitute(each, kept) for key, each in value.items()}
    if isinstance(value, list):
        return [_substitute(each, kept) for each in value]
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)(\|tampered)?\}", lambda found: _kept(found, kept), value)
    return value


def _kept(found, kept):
    value = kept[found.group(1)]
    if not found.group(2):
        return value
    # In the middle: the last letter of a base64 text may hold bits that count for nothing.
    middle = len(value) // 2
    return value[:middle] + ("A" if value[middle] != "A" else "B") + value[middle + 1 :]


def _provider_differences(case, deployment):
    wrong = []
    if "provider" not in case:
        return wrong
    recent = deployment.control("GET", "requests")["recent"]
    for expected in case["provider"]:
        method, path = expected["request"].split(" ")
        # A request with a token that has run out has done nothing, and is sent again with a new one.
        seen = sum(
            each["provider"] == expected["provider"]
            and each["method"] == method
            and each["target"].partition("?")[0].endswith(path)
            and each["status"] != 401
            for each in recent
        )
        if seen != expected["times"]:
            wrong.append(f"{expected['request']}: expected {expected['times']} requests, the provider saw {seen}")
    return wrong
