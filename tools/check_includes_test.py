import unittest

import check_includes


class CheckIncludesTest(unittest.TestCase):

    def allowed(self, path, include):
        self.assertIsNone(check_includes.check_include(path, include), f"{path} -> {include}")

    def refused(self, path, include):
        self.assertIsNotNone(check_includes.check_include(path, include), f"{path} -> {include}")

    def test_a_folder_may_include_itself(self):
        for folder in check_includes.RULES:
            folder = folder.replace("*", "openapply")
            self.allowed(f"{folder}/a.cc", f"{folder}/b.h")

    def test_runtime_knows_nothing_of_education(self):
        for include in ("services/enrollment_service.h", "adapters/ports.h", "app/serve.h",
                        "sandbox/sandbox.h", "edugate/v1/enrollment.pb.h",
                        "edugate/provider/openapply/v3/openapply.pb.h"):
            for folder in ("errors", "async", "http", "codec", "rest", "auth", "config",
                           "telemetry", "resilience", "store", "something_new"):
                self.refused(f"runtime/{folder}/a.cc", include)

    def test_only_runtime_errors_knows_the_error_reasons(self):
        self.allowed("runtime/errors/catalogue.cc", "edugate/v1/error_reason.pb.h")
        self.refused("runtime/http/a.cc", "edugate/v1/error_reason.pb.h")

    def test_runtime_has_an_order(self):
        self.allowed("runtime/http/a.h", "runtime/async/task.h")
        self.refused("runtime/async/task.h", "runtime/http/a.h")
        self.refused("runtime/async/task.h", "runtime/errors/catalogue.h")
        self.refused("runtime/codec/a.cc", "runtime/http/http_client.h")
        self.allowed("runtime/rest/a.cc", "runtime/auth/authorizer.h")
        self.refused("runtime/auth/a.cc", "runtime/rest/rest_client.h")

    def test_an_adapter_sees_the_ports_and_its_own_provider_only(self):
        path = "adapters/openapply/openapply_adapter.cc"
        self.allowed(path, "adapters/ports.h")
        self.allowed(path, "runtime/rest/rest_client.h")
        self.allowed(path, "edugate/v1/enrollment.pb.h")
        self.allowed(path, "edugate/provider/openapply/v3/openapply.pb.h")
        self.refused(path, "edugate/provider/measureone/v2/measureone.pb.h")
        self.refused(path, "adapters/measureone/measureone_adapter.h")
        self.refused(path, "services/enrollment_service.h")
        self.refused(path, "app/serve.h")

    def test_the_ports_see_no_provider(self):
        self.allowed("adapters/ports.h", "edugate/v1/enrollment.pb.h")
        self.refused("adapters/ports.h", "edugate/provider/openapply/v3/openapply.pb.h")
        self.refused("adapters/ports.h", "adapters/openapply/openapply_adapter.h")

    def test_services_see_ports_but_no_http_json_or_provider(self):
        path = "services/enrollment_service.cc"
        self.allowed(path, "adapters/ports.h")
        self.allowed(path, "runtime/async/task.h")
        self.allowed(path, "edugate/v1/enrollment_service.grpc.pb.h")
        for include in ("adapters/openapply/openapply_adapter.h", "runtime/http/http_client.h",
                        "runtime/codec/json_decoder.h", "runtime/rest/rest_client.h",
                        "edugate/provider/openapply/v3/openapply.pb.h", "nlohmann/json.hpp",
                        "curl/curl.h", "simdjson.h", "sandbox/sandbox.h", "app/serve.h"):
            self.refused(path, include)

    def test_the_sandbox_is_an_independent_judge(self):
        self.allowed("sandbox/openapply.cc", "httplib.h")
        for include in ("runtime/codec/dates.h", "edugate/v1/enrollment.pb.h",
                        "edugate/rest/v1/options.pb.h", "adapters/ports.h"):
            self.refused("sandbox/openapply.cc", include)

    def test_the_app_may_include_everything(self):
        for include in ("services/a.h", "adapters/openapply/a.h", "runtime/rest/a.h",
                        "sandbox/sandbox.h", "edugate/provider/openapply/v3/openapply.pb.h"):
            self.allowed("app/serve.cc", include)

    def test_a_test_may_include_test_support_and_no_more_than_its_folder(self):
        self.allowed("services/a_test.cc", "runtime/http/fake_http_client.h")
        self.refused("services/a.cc", "runtime/http/fake_http_client.h")
        self.refused("services/a_test.cc", "runtime/http/http_client.h")
        self.allowed("runtime/codec/json_decoder_test.cc",
                     "edugate/provider/openapply/v3/openapply.pb.h")

    def test_heavy_libraries_stay_out_of_headers(self):
        self.refused("runtime/http/curl_http_client.h", "curl/curl.h")
        self.allowed("runtime/http/curl_http_client.cc", "curl/curl.h")
        self.allowed("runtime/codec/json_writer.h", "nlohmann/json_fwd.hpp")

    def test_an_include_beside_the_file_must_name_its_folder(self):
        self.refused("runtime/async/task.cc", "task.h")
        self.assertIsNone(check_includes.check_include("runtime/async/task.cc", "poll.h",
                                                       quoted=False))

    def test_a_finding_names_the_line_and_comments_do_not_count(self):
        text = ('// #include "app/a.h"\n/*\n#include "app/b.h"\n*/\n'
                '#include <string>\n#  include "app/c.h"\n')
        found = list(check_includes.check_text("runtime/http/a.cc", text))
        self.assertEqual([(6, True)], [(line, "app/c.h" in message) for line, message in found])


if __name__ == "__main__":
    unittest.main()
