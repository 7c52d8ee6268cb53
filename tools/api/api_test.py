"""The API's own rules, and the makers of its documents."""

import json
import os
import re
import unittest

import openapi
import reference
from descriptors import Api, http_rule

with open(os.environ["EDUGATE_DESCRIPTORS"], "rb") as descriptors:
    API = Api(descriptors.read())

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "..", "..", "deploy", "service_config.json"), encoding="utf-8") as config:
    SERVICE_CONFIG = json.load(config)

SERVICES = [service for file in API.files_of("edugate.v1") for service in file.services_by_name.values()]


class HttpRulesTest(unittest.TestCase):

    def test_every_method_of_the_api_can_be_called_over_http(self):
        methods = [method for service in SERVICES for method in service.methods]
        self.assertGreater(len(methods), 25)
        self.assertEqual([method.full_name for method in methods if http_rule(API, method) is None], [])

    def test_no_two_methods_have_one_address(self):
        addresses = [
            (rule.verb, openapi.expand(rule.path)[0])
            for service in SERVICES
            for rule in (http_rule(API, method) for method in service.methods)
        ]
        self.assertEqual(len(addresses), len(set(addresses)))

    def test_what_a_path_binds_is_a_field_of_the_request(self):
        for service in SERVICES:
            for method in service.methods:
                rule = http_rule(API, method)
                for variable in openapi.variables(rule.path):
                    message = method.input_type
                    for name in variable.split("."):
                        self.assertIn(name, message.fields_by_name, f"{method.full_name}: {rule.path}")
                        message = message.fields_by_name[name].message_type
                if rule.body not in ("", "*"):
                    self.assertIn(rule.body, method.input_type.fields_by_name, method.full_name)
                if rule.verb in ("get", "delete"):
                    self.assertEqual(rule.body, "", method.full_name)


class ServiceConfigTest(unittest.TestCase):

    def test_every_method_has_one_place_in_the_published_service_config(self):
        named = [f"{name['service']}.{name['method']}" for each in SERVICE_CONFIG["methodConfig"] for name in each["name"]]
        self.assertEqual(sorted(named), sorted(method.full_name for service in SERVICES for method in service.methods))

    def test_it_repeats_reads_alone(self):
        repeated = {
            name["method"] for each in SERVICE_CONFIG["methodConfig"] if "retryPolicy" in each for name in each["name"]
        }
        request_ids = {
            method.name
            for service in SERVICES
            for method in service.methods
            if "request_id" in method.input_type.fields_by_name
        }
        self.assertGreater(len(request_ids), 5)
        self.assertEqual(repeated & request_ids, set())


class OpenApiTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.documents = openapi.documents(API)

    def test_there_is_one_of_the_api_and_one_of_each_provider(self):
        self.assertEqual(
            sorted(self.documents),
            [
                "edugate.provider.class_enrollment.v2.json",
                "edugate.provider.edx_enterprise.v1.json",
                "edugate.provider.measureone.v2.json",
                "edugate.provider.measureone.v3.json",
                "edugate.provider.openapply.v3.json",
                "edugate.v1.json",
            ],
        )

    def test_an_operation_has_path_query_and_answer(self):
        operation = self.documents["edugate.v1.json"]["paths"]["/v1/connections/{connection}/enrollments"]["get"]
        self.assertEqual(operation["operationId"], "EnrollmentService.ListEnrollments")
        places = {each["name"]: each["in"] for each in operation["parameters"]}
        self.assertEqual(places["connection"], "path")
        self.assertEqual((places["pageSize"], places["readMask"]), ("query", "query"))
        self.assertNotIn("parent", places)
        answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
        self.assertEqual(answer, {"$ref": "#/components/schemas/ListEnrollmentsResponse"})

    def test_a_stream_is_an_array(self):
        paths = self.documents["edugate.v1.json"]["paths"]
        answer = paths["/v1/connections/{connection}/enrollments:stream"]["get"]["responses"]["200"]
        self.assertEqual(answer["content"]["application/json"]["schema"]["type"], "array")

    def test_large_numbers_are_text_in_protobufs_json_and_numbers_at_a_provider(self):
        schemas = self.documents["edugate.v1.json"]["components"]["schemas"]
        self.assertEqual(schemas["TranscriptFilesInfo"]["properties"]["sizeBytes"]["type"], "string")
        schemas = self.documents["edugate.provider.openapply.v3.json"]["components"]["schemas"]
        self.assertIn("custom_id", schemas["Student"]["properties"])
        self.assertEqual(schemas["Reenrollment"]["properties"]["id"]["type"], "integer")

    def test_what_the_judge_must_find(self):
        document = json.loads(json.dumps(self.documents["edugate.v1.json"]))
        self.assertEqual(openapi.mistakes(document, None), [])
        del document["components"]["schemas"]["ListEnrollmentsResponse"]
        path = document["paths"]["/v1/connections/{connection}/enrollments"]
        path["get"]["parameters"] = [each for each in path["get"]["parameters"] if each["in"] != "path"]
        path["post"] = dict(path["get"])
        found = openapi.mistakes(document, None)
        self.assertTrue(any("ListEnrollmentsResponse is not there" in each for each in found))
        self.assertTrue(any("is there twice" in each for each in found))
        self.assertTrue(any("not those of the path" in each for each in found))

    def test_templates_become_paths(self):
        for template, path, names in [
            ("/v1/{name=connections/*/courseRuns/*}:x", "/v1/connections/{connection}/courseRuns/{courseRun}:x",
             ["connection", "courseRun"]),
            ("/api/v3/reenrollments/{id}", "/api/v3/reenrollments/{id}", ["id"]),
            ("/v1/{name=policies/*}", "/v1/policies/{policy}", ["policy"]),
            ("/v1/connections", "/v1/connections", []),
        ]:
            self.assertEqual(openapi.expand(template), (path, names))


class ReferenceTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.pages = reference.pages(API, {"edugate.v1.Learner.student_number": ["openapply: Reenrollment.x"]})

    def test_every_element_of_the_api_is_there(self):
        for file in API.files_of("edugate.v1"):
            page = self.pages[os.path.basename(file.name).replace(".proto", ".md")]
            for service in file.services_by_name.values():
                for method in service.methods:
                    self.assertIn(f"\n### {method.name}\n", page)
            for message in file.message_types_by_name.values():
                self.assertIn(f"\n## {message.name}\n", page)
                for field in message.fields:
                    self.assertIn(f"| `{field.name}` | ", page)
            for enum in file.enum_types_by_name.values():
                for value in enum.values:
                    self.assertIn(f"| `{value.name}` | {value.number} | ", page)

    def test_a_field_names_what_feeds_it(self):
        line = next(each for each in self.pages["learner.md"].splitlines() if each.startswith("| `student_number` "))
        self.assertTrue(line.endswith("| `openapply: Reenrollment.x` |"), line)

    def test_links_lead_somewhere(self):
        for name, page in self.pages.items():
            for target, anchor in re.findall(r"\]\(([a-z_]*\.md|)#([a-z0-9]+)\)", page):
                headings = re.findall(r"^##+ (\S+)$", self.pages[target or name], re.MULTILINE)
                self.assertIn(anchor, [each.lower().replace(".", "") for each in headings], f"{name}: {target}#{anchor}")

    def test_every_element_has_a_comment(self):
        silent = []
        for file in API.files_of("edugate.v1"):
            for message in file.message_types_by_name.values():
                silent += [field.full_name for field in message.fields if not API.comment(field)]
            for enum in file.enum_types_by_name.values():
                silent += [value.name for value in enum.values if not API.value_comment(enum, value)]
        self.assertEqual(silent, [])


if __name__ == "__main__":
    unittest.main()
