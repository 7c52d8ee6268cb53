"""Running a case, with a client and a deployment that are made up."""

import os
import unittest

from case import load_cases, run_case


class FakeTestee:

    def __init__(self, outcomes):
        self.outcomes = outcomes
        self.calls = []

    def call(self, call, patience_seconds):
        self.calls.append(call)
        return dict(
            {"code": "OK", "message": "", "details": [], "replies": [], "trailers": {}, "elapsedMs": 0},
            **self.outcomes[len(self.calls) - 1],
        )


class FakeDeployment:
    address = "127.0.0.1:1"

    def __init__(self, recent=()):
        self.recent = list(recent)

    def reset(self):
        pass

    def control(self, method, what, body=None):
        return {"recent": self.recent}


def run(case, outcomes, recent=()):
    testee = FakeTestee(outcomes)
    return run_case(case, testee, FakeDeployment(recent)), testee.calls


STEP = {"call": "EnrollmentService/ListEnrollments", "request": {"parent": "connections/oa"}}


class CaseTest(unittest.TestCase):

    def test_a_step_expects_success_where_it_says_nothing(self):
        self.assertEqual(run({"steps": [STEP]}, [{}])[0], [])
        self.assertEqual(len(run({"steps": [STEP]}, [{"code": "NOT_FOUND"}])[0]), 1)

    def test_details_are_found_by_their_type(self):
        step = dict(STEP, expect={"code": "ABORTED", "details": {"ErrorInfo": {"reason": "X"}}})
        detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "X"}
        self.assertEqual(run({"steps": [step]}, [{"code": "ABORTED", "details": [detail]}])[0], [])
        self.assertEqual(len(run({"steps": [step]}, [{"code": "ABORTED", "details": [dict(detail, reason="Y")]}])[0]), 1)
        self.assertEqual(len(run({"steps": [step]}, [{"code": "ABORTED"}])[0]), 1)
        self.assertEqual(len(run({"steps": [step]}, [{"code": "ABORTED", "details": [detail, detail]}])[0]), 1)

    def test_what_is_kept_goes_into_later_steps(self):
        first = dict(STEP, keep={"token": "reply.nextPageToken"})
        second = dict(STEP, request={"pageToken": "${token}"})
        third = dict(STEP, request={"pageToken": "${token|tampered}"})
        wrong, calls = run({"steps": [first, second, third]}, [{"replies": [{"nextPageToken": "abcdef"}]}, {}, {}])
        self.assertEqual(wrong, [])
        self.assertEqual(calls[1]["requests"], [{"pageToken": "abcdef"}])
        self.assertEqual(calls[2]["requests"], [{"pageToken": "abcAef"}])

    def test_a_walk_finds_a_record_that_comes_twice(self):
        step = dict(STEP, walk={"items": "enrollments", "key": "name", "total": 2, "pages": 2})
        pages = [
            {"replies": [{"enrollments": [{"name": "a"}], "nextPageToken": "t"}]},
            {"replies": [{"enrollments": [{"name": "b"}]}]},
        ]
        self.assertEqual(run({"steps": [step]}, pages)[0], [])
        pages[1]["replies"][0]["enrollments"][0]["name"] = "a"
        self.assertEqual(len(run({"steps": [step]}, pages)[0]), 1)

    def test_requests_that_the_provider_saw_are_counted_without_those_that_it_did_not_let_in(self):
        case = {"steps": [STEP], "provider": [{"provider": "p", "request": "POST /things", "times": 1}]}
        seen = {"provider": "p", "method": "POST", "target": "/v1/things?x=1", "status": 200}
        self.assertEqual(run(case, [{}], [seen, dict(seen, status=401)])[0], [])
        self.assertEqual(len(run(case, [{}], [seen, seen])[0]), 1)

    def test_the_cases_call_every_method_of_every_service(self):
        here = os.path.dirname(os.path.abspath(__file__))
        called = {step["call"] for case in load_cases(os.path.join(here, "..", "cases")) for step in case["steps"]}
        declared = set()
        protos = os.path.join(here, "..", "..", "..", "proto", "edugate", "v1")
        for name in os.listdir(protos):
            if name.endswith("_service.proto"):
                with open(os.path.join(protos, name), encoding="utf-8") as file:
                    words = [line.split() for line in file]
                service = next(each[1] for each in words if each[:1] == ["service"])
                declared |= {f"{service}/{each[1].split('(')[0]}" for each in words if each[:1] == ["rpc"]}
        self.assertGreater(len(declared), 25)
        self.assertEqual(declared - called, set())
        self.assertEqual(called - declared, set())


if __name__ == "__main__":
    unittest.main()
