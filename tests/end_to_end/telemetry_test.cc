// What edugate tells about itself: metrics, traces, the access log, the admin and the health port.

#include "app/telemetry.h"

#include <grpcpp/grpcpp.h>
#include <httplib.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "app/provider_metrics.h"
#include "app/rpc_client.h"
#include "edugate/v1/catalog_service.grpc.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "prometheus/metric_family.h"
#include "runtime/http/scripted_server.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/metrics_text.h"
#include "tests/end_to_end/process.h"

namespace edugate::end_to_end {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::json;

constexpr char kTraceId[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kTraceparent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

int PortOf(const std::string& address) { return std::stoi(address.substr(address.rfind(':') + 1)); }

std::string FileText(const std::string& path) {
  std::ifstream file(absl::StrCat(EDUGATE_SOURCE_DIR, "/", path));
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void ListenForOperators(v1::Config& config) {
  config.mutable_server()->set_admin_listen("127.0.0.1:0");
}

// A server with an admin port, and calls of every outcome behind it.
class MetricsTest : public ::testing::Test {
 protected:
  MetricsTest() {
    v1::ListEnrollmentsRequest request;
    v1::ListEnrollmentsResponse page;
    for (const char* parent : {"connections/oa", "connections/tms", "connections/-",
                               "connections/dead", "connections/nowhere"}) {
      request.set_parent(parent);
      List(deployment_, request, &page);
    }
    v1::CheckConnectionRequest check;
    check.set_name("connections/oa");
    v1::CheckConnectionResponse checked;
    EXPECT_TRUE(deployment_.connections().CheckConnection(Context().get(), check, &checked).ok());
  }

  std::string Get(const std::string& path) {
    httplib::Client client("127.0.0.1", PortOf(deployment_.server().admin_address()));
    const auto answer = client.Get(path);
    EXPECT_TRUE(answer) << path;
    return answer ? answer->body : "";
  }

  Deployment deployment_{{.more_connections = R"(
  - id: dead
    provider: openapply
    base_url: http://127.0.0.1:9
    auth: { bearer: { value: x } }
)",
                          .adjust = ListenForOperators}};
};

TEST_F(MetricsTest, AScrapeKeepsToTheTextFormat) {
  const Scrape scrape = ReadMetrics(Get("/metrics"));
  EXPECT_THAT(scrape.mistakes, IsEmpty());
  EXPECT_GT(scrape.families.size(), 25u);
}

TEST_F(MetricsTest, CallsAndRequestsToProvidersAreCountedUnderConfiguredNames) {
  const Scrape scrape = ReadMetrics(Get("/metrics"));
  const std::string method = "EnrollmentService.ListEnrollments";
  EXPECT_EQ(scrape.Sum("edugate_calls_total", {{"method", method}, {"connection", "oa"}}), 1);
  EXPECT_EQ(scrape.Sum("edugate_calls_total", {{"method", method}, {"code", "UNAVAILABLE"}}), 1);
  EXPECT_EQ(scrape.Sum("edugate_calls_total", {{"method", method}, {"code", "NOT_FOUND"}}), 1);
  EXPECT_EQ(scrape.Sum("edugate_call_duration_seconds_count", {{"method", method}}), 5);
  EXPECT_EQ(scrape.Sum("edugate_calls_in_flight"), 0);
  EXPECT_EQ(scrape.Sum("edugate_calls_flagged_total", {{"flag", "NR"}}), 1);
  EXPECT_GE(scrape.Sum("edugate_calls_flagged_total", {{"flag", "UF"}}), 1);
  EXPECT_GE(
      scrape.Sum("edugate_provider_attempts_total", {{"connection", "oa"},
                                                     {"operation", "OpenApplyV3.ListReenrollments"},
                                                     {"outcome", "OK"}}),
      2);
  EXPECT_GE(scrape.Sum("edugate_provider_failures_total",
                       {{"connection", "dead"}, {"failure", "connect"}}),
            3);
  EXPECT_GE(scrape.Sum("edugate_provider_retries_total", {{"connection", "dead"}}), 2);
  EXPECT_EQ(scrape.Sum("edugate_breaker_state", {{"connection", "oa"}, {"state", "closed"}}), 1);
  EXPECT_LT(scrape.Sum("edugate_provider_retry_tokens", {{"connection", "dead"}}), 500);
  EXPECT_EQ(scrape.Sum("edugate_provider_retry_tokens_max", {{"connection", "dead"}}), 500);
  EXPECT_EQ(scrape.Sum("edugate_build_info"), 1);
  EXPECT_GT(scrape.Sum("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(scrape.Sum("process_open_fds"), 3);
  EXPECT_NEAR(scrape.Sum("process_start_time_seconds"), absl::ToUnixSeconds(absl::Now()), 3600);
}

TEST_F(MetricsTest, NoLabelHoldsWhatACallerSent) {
  const Scrape scrape = ReadMetrics(Get("/metrics"));
  for (const auto& [name, family] : scrape.families) {
    for (const MetricSample& sample : family.samples) {
      for (const auto& [label, value] : sample.labels) {
        EXPECT_THAT(value, Not(HasSubstr("nowhere"))) << name << " " << label;
      }
    }
  }
}

// The metrics and their labels as docs/telemetry.md lists them.
std::map<std::string, std::set<std::string>> DocumentedMetrics() {
  std::map<std::string, std::set<std::string>> metrics;
  const std::regex row(R"(\| `([a-z_]+)` \| (counter|gauge|histogram) \| ([a-z_, ]*)\|.*)");
  for (const std::string& line :
       std::vector<std::string>(absl::StrSplit(FileText("docs/telemetry.md"), '\n'))) {
    std::smatch match;
    if (!std::regex_match(line, match, row)) continue;
    std::set<std::string>& labels = metrics[match[1]];
    for (const std::string& label :
         std::vector<std::string>(absl::StrSplit(match[3].str(), absl::ByAnyChar(", ")))) {
      if (!label.empty()) labels.insert(label);
    }
  }
  return metrics;
}

// A scrape of this program, and what it shows once everything has happened that is counted.
std::map<std::string, std::set<std::string>> ShownMetrics(const Scrape& scrape) {
  app::ProviderMetrics all;
  const resilience::OperationRef where{.connection = "c", .provider = "p", .operation = "o"};
  resilience::AttemptEnd end;
  end.failure = http::Failure::kReset;
  all.OnAttemptEnd(where, end);
  all.OnRetry(where);
  all.OnCoalesced(where);
  all.OnCache(where, resilience::CacheUse::kHit);
  all.OnRefused(where, resilience::Refusal::kQueueFull);
  all.OnQueued("c", absl::Seconds(1));
  all.OnTokenRefresh("c", true, absl::Seconds(1));
  const Scrape rest = ReadMetrics(app::MetricsText(all.Collect()));
  EXPECT_THAT(rest.mistakes, IsEmpty());
  std::map<std::string, std::set<std::string>> shown;
  for (const Scrape* each : {&scrape, &rest}) {
    for (const auto& [name, family] : each->families) {
      shown[name].insert(family.label_names.begin(), family.label_names.end());
    }
  }
  return shown;
}

// What is shown only where something happens that this test does not make happen.
const std::map<std::string, std::set<std::string>>& SeldomShown() {
  static const auto* seldom = new std::map<std::string, std::set<std::string>>{
      {"edugate_disclosures_written_total", {}},
      {"edugate_disclosures_lost_total", {}},
      {"edugate_disclosure_rotations_failed_total", {}},
      {"edugate_webhooks_total", {"connection", "answer"}},
      {"edugate_provider_drift_total", {"provider", "connection", "kind", "message", "path"}}};
  return *seldom;
}

TEST_F(MetricsTest, TheDocumentListsThemAllWithTheirLabels) {
  const auto documented = DocumentedMetrics();
  const auto shown = ShownMetrics(ReadMetrics(Get("/metrics")));
  for (const auto& [name, labels] : shown) {
    const auto found = documented.find(name);
    ASSERT_NE(found, documented.end()) << name << " is not in docs/telemetry.md";
    if (SeldomShown().count(name) == 0) {
      EXPECT_EQ(found->second, labels) << name;
    }
  }
  for (const auto& [name, labels] : documented) {
    const auto seldom = SeldomShown().find(name);
    if (seldom != SeldomShown().end()) {
      EXPECT_EQ(labels, seldom->second) << name;
    } else {
      EXPECT_EQ(shown.count(name), 1u) << name << " is in docs/telemetry.md alone";
    }
  }
}

// Every metric in a PromQL expression, with the labels that the expression selects by.
void ExpectKnown(const std::string& expression,
                 const std::map<std::string, std::set<std::string>>& known) {
  const std::regex metric(R"((edugate_[a-z_]+|process_[a-z_]+)(\{([^}]*)\})?)");
  // Label values may hold anything, and are not looked at.
  const std::string bare = std::regex_replace(expression, std::regex("\"[^\"]*\""), "\"\"");
  int found = 0;
  for (std::sregex_iterator each(bare.begin(), bare.end(), metric), end; each != end; ++each) {
    ++found;
    std::string name = (*each)[1];
    for (const char* suffix : {"_bucket", "_count", "_sum"}) {
      if (known.count(name) == 0 && absl::EndsWith(name, suffix)) {
        name.resize(name.size() - std::string(suffix).size());
      }
    }
    const auto labels = known.find(name);
    ASSERT_NE(labels, known.end()) << name << " in " << expression;
    const std::regex selector(R"(([a-z_]+)\s*(=~|!~|!=|=))");
    const std::string selectors = (*each)[3];
    for (std::sregex_iterator one(selectors.begin(), selectors.end(), selector), last; one != last;
         ++one) {
      const std::string label = (*one)[1];
      if (label == "job" || label == "instance") continue;  // Prometheus's own.
      EXPECT_EQ(labels->second.count(label), 1u) << label << " in " << expression;
    }
  }
  EXPECT_TRUE(found > 0 || absl::StrContains(expression, "up{")) << expression;
}

TEST_F(MetricsTest, TheDashboardShowsMetricsThatThereAre) {
  auto known = ShownMetrics(ReadMetrics(Get("/metrics")));
  known.insert(SeldomShown().begin(), SeldomShown().end());
  const Json dashboard = Json::parse(FileText("deploy/grafana/edugate.json"));
  int expressions = 0;
  for (const Json& panel : dashboard["panels"]) {
    if (!panel.contains("targets")) continue;
    EXPECT_NE(panel["description"], "") << panel["title"];
    for (const Json& target : panel["targets"]) {
      ExpectKnown(target["expr"], known);
      ++expressions;
    }
  }
  EXPECT_GT(expressions, 30);
  for (const Json& variable : dashboard["templating"]["list"]) {
    if (variable["type"] == "query") ExpectKnown(variable["query"]["query"], known);
  }
}

TEST_F(MetricsTest, EveryAlertAsksForMetricsThatThereAreAndHasARunbook) {
  auto known = ShownMetrics(ReadMetrics(Get("/metrics")));
  known.insert(SeldomShown().begin(), SeldomShown().end());
  const std::string alerts = FileText("deploy/prometheus/alerts.yaml");
  const std::string document = FileText("docs/telemetry.md");
  const std::regex rule(R"(- alert: (\w+)\n\s+expr:([\s\S]*?)\n\s+(?:for|labels):)");
  int rules = 0;
  for (std::sregex_iterator each(alerts.begin(), alerts.end(), rule), end; each != end; ++each) {
    ++rules;
    ExpectKnown((*each)[2], known);
    const std::string name = (*each)[1];
    EXPECT_THAT(document, HasSubstr(absl::StrCat("\n### ", name, "\n")));
    EXPECT_THAT(alerts, HasSubstr(absl::StrCat("runbook: docs/telemetry.md#",
                                               absl::AsciiStrToLower(name), "\n")));
  }
  EXPECT_GT(rules, 15);
}

TEST_F(MetricsTest, TheDocumentListsEveryFlag) {
  const std::string document = FileText("docs/telemetry.md");
  for (std::size_t i = 0; i < async::kCallFlags; ++i) {
    const absl::string_view name = async::CallFlagName(static_cast<async::CallFlag>(i));
    EXPECT_THAT(document, HasSubstr(absl::StrCat("\n| ", name, " | ")));
  }
}

TEST_F(MetricsTest, TheStatusSaysHowEachConnectionStands) {
  const Json status = Json::parse(Get("/status.json"));
  EXPECT_TRUE(status["ready"]);
  EXPECT_EQ(status["config_generation"], 1);
  ASSERT_EQ(status["connections"].size(), 3u);
  const Json& oa = status["connections"][0];
  EXPECT_EQ(oa["id"], "oa");
  EXPECT_EQ(oa["state"], "working");
  EXPECT_EQ(oa["check"]["state"], "working");
  EXPECT_THAT(oa["capabilities"].dump(), HasSubstr("EnrollmentService.ListEnrollments"));
  EXPECT_GT(oa["limit"], 0);
  const Json& dead = status["connections"][2];
  EXPECT_NE(dead["state"], "working");
  EXPECT_EQ(dead["top_failure"], "PROVIDER_UNAVAILABLE");
}

TEST_F(MetricsTest, TheConfigurationIsShownWithoutItsSecrets) {
  const std::string text = Get("/config");
  EXPECT_THAT(text, HasSubstr("id: \"tms\""));
  EXPECT_THAT(text, HasSubstr("(hidden)"));
  EXPECT_THAT(text, Not(HasSubstr(sandbox::kOpenApplyToken)));
  EXPECT_THAT(text, Not(HasSubstr(sandbox::kClassEnrollmentApiKey)));
  EXPECT_THAT(text, Not(HasSubstr("a key for tests alone")));
}

// What a collector was sent, span by span.
std::vector<Json> SpansOf(const http::ScriptedServer& collector) {
  std::vector<Json> spans;
  for (const std::string& request : collector.requests()) {
    const Json body = Json::parse(request.substr(request.find("\r\n\r\n") + 4), nullptr, false);
    if (!body.is_object()) continue;
    for (const Json& span : body["resourceSpans"][0]["scopeSpans"][0]["spans"]) {
      spans.push_back(span);
    }
  }
  return spans;
}

std::string AttributeOf(const Json& span, const std::string& key) {
  for (const Json& attribute : span["attributes"]) {
    if (attribute["key"] == key) return attribute["value"].begin()->get<std::string>();
  }
  return "";
}

TEST(TraceTest, ACallAndItsRequestAreSpansOfTheCallersTrace) {
  http::ScriptedServer collector(http::ScriptedServer::Always(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"));
  const std::string page = R"({"reenrollments":[],"meta":{"pages":{"current":1,"total":1}}})";
  http::ScriptedServer provider(http::ScriptedServer::Always(absl::StrCat(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ", page.size(),
      "\r\n\r\n", page)));
  Deployment deployment({.more_connections = absl::StrCat(
                             "  - id: seen\n    provider: openapply\n    base_url: ",
                             provider.Url("/base"), "\n    auth: { bearer: { value: x } }\n"),
                         .adjust = [&](v1::Config& config) {
                           auto& otlp = *config.mutable_telemetry()->mutable_otlp();
                           otlp.set_endpoint(collector.Url("/v1/traces"));
                           otlp.set_sample_percent(0);
                           otlp.set_header("X-Collector-Key");
                           otlp.mutable_header_value()->set_value("k1");
                         }});
  v1::ListEnrollmentsRequest request;
  request.set_parent("connections/seen");
  v1::ListEnrollmentsResponse response;
  auto context = Context();
  context->AddMetadata("traceparent", kTraceparent);
  context->AddMetadata("tracestate", "rojo=1");
  const grpc::Status status =
      deployment.enrollments().ListEnrollments(context.get(), request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  // Nobody asked for this one's trace.
  ASSERT_TRUE(deployment.enrollments().ListEnrollments(Context().get(), request, &response).ok());
  ASSERT_TRUE(Eventually([&] { return SpansOf(collector).size() >= 2; }));

  const std::vector<Json> spans = SpansOf(collector);
  ASSERT_EQ(spans.size(), 2u);
  const Json& call = spans[0];
  const Json& attempt = spans[1];
  EXPECT_EQ(call["traceId"], kTraceId);
  EXPECT_EQ(call["parentSpanId"], "00f067aa0ba902b7");
  EXPECT_EQ(call["traceState"], "rojo=1");
  EXPECT_EQ(call["name"], "edugate.v1.EnrollmentService/ListEnrollments");
  EXPECT_EQ(call["kind"], 2);
  EXPECT_EQ(AttributeOf(call, "rpc.system"), "grpc");
  EXPECT_EQ(AttributeOf(call, "rpc.service"), "edugate.v1.EnrollmentService");
  EXPECT_EQ(AttributeOf(call, "rpc.grpc.status_code"), "0");
  EXPECT_EQ(AttributeOf(call, "edugate.connection"), "seen");
  EXPECT_EQ(attempt["traceId"], kTraceId);
  EXPECT_EQ(attempt["parentSpanId"], call["spanId"]);
  EXPECT_EQ(attempt["kind"], 3);
  EXPECT_EQ(attempt["name"], "GET /api/v3/reenrollments");
  EXPECT_EQ(AttributeOf(attempt, "http.request.method"), "GET");
  EXPECT_EQ(AttributeOf(attempt, "url.template"), "/api/v3/reenrollments");
  EXPECT_EQ(AttributeOf(attempt, "server.address"), "127.0.0.1");
  EXPECT_EQ(AttributeOf(attempt, "http.response.status_code"), "200");

  const std::vector<std::string> seen = provider.requests();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_THAT(seen[0], HasSubstr(absl::StrCat("traceparent: 00-", kTraceId, "-",
                                              attempt["spanId"].get<std::string>(), "-01\r\n")));
  EXPECT_THAT(seen[0], HasSubstr("tracestate: rojo=1\r\n"));
  EXPECT_THAT(seen[1], HasSubstr("-00\r\n")) << "not sampled, and said so";
  EXPECT_THAT(collector.requests()[0], HasSubstr("X-Collector-Key: k1\r\n"));
}

TEST(HealthPortTest, AnswersForTheWholeAndEachServiceAndNothingElse) {
  Deployment deployment({.adjust = [](v1::Config& config) {
    config.mutable_server()->set_health_listen("127.0.0.1:0");
  }});
  const std::string address = deployment.server().health_address();
  auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  // grpc.health.v1.HealthCheckRequest{service} and HealthCheckResponse{status}, by hand.
  const auto check = [](const std::string& to, const std::string& service) -> std::string {
    std::string bytes;
    if (!service.empty()) {
      bytes = absl::StrCat("\x0a", std::string(1, static_cast<char>(service.size())), service);
    }
    const auto rpc = app::RpcClient::Connect({.address = to});
    EXPECT_TRUE(rpc.ok()) << rpc.status();
    std::string answer;
    const auto status = (*rpc)->Call("/grpc.health.v1.Health/Check", {bytes},
                                     [&answer](const std::string& reply) { answer = reply; });
    return status.code() != 0 ? absl::StrCat("code ", status.code()) : answer;
  };
  const std::string serving("\x08\x01", 2);
  for (const std::string& to : {address, deployment.server().address()}) {
    EXPECT_EQ(check(to, ""), serving);
    EXPECT_EQ(check(to, "edugate.v1.EnrollmentService"), serving);
    EXPECT_EQ(check(to, "edugate.v1.NoService"), "code 5");
  }
  v1::ListConnectionsResponse response;
  const auto stub = v1::ConnectionService::NewStub(channel);
  EXPECT_EQ(stub->ListConnections(Context().get(), {}, &response).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

// The program with the sandbox, and standard error that nobody reads before its end.
class ProgramTest : public ::testing::Test {
 protected:
  ProgramTest() {
    server_ = Process::Start({EDUGATE_PROGRAM, "serve", "--sandbox"});
    target_ = server_->AwaitLine("edugate: listening on ");
    admin_ = server_->AwaitLine("edugate: admin on ");
    channel_ = grpc::CreateChannel(target_, grpc::InsecureChannelCredentials());
  }

  grpc::Status ListOnce(const std::string& parent, const std::string& traceparent = "") {
    v1::ListEnrollmentsRequest request;
    request.set_parent(parent);
    request.set_page_size(200);
    v1::ListEnrollmentsResponse response;
    auto context = Context();
    if (!traceparent.empty()) context->AddMetadata("traceparent", traceparent);
    return v1::EnrollmentService::NewStub(channel_)->ListEnrollments(context.get(), request,
                                                                     &response);
  }

  std::vector<Json> LinesOfCalls() {
    server_->Signal(SIGTERM);
    const Ended ended = server_->Wait();
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    std::vector<Json> calls;
    for (const std::string& line : std::vector<std::string>(absl::StrSplit(ended.err, '\n'))) {
      if (line.empty()) continue;
      const Json json = Json::parse(line, nullptr, false);
      EXPECT_TRUE(json.is_object()) << line;
      if (json.is_object() && json["message"] == "call") calls.push_back(json);
    }
    return calls;
  }

  std::unique_ptr<Process> server_;
  std::string target_;
  std::string admin_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(ProgramTest, EachCallIsOneLineOfTheAccessLog) {
  EXPECT_TRUE(ListOnce("connections/oa", kTraceparent).ok());
  EXPECT_FALSE(ListOnce("connections/nowhere").ok());
  EXPECT_TRUE(ListOnce("connections/-").ok());
  const std::vector<Json> calls = LinesOfCalls();
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0]["method"], "EnrollmentService.ListEnrollments");
  EXPECT_EQ(calls[0]["connection"], "oa");
  EXPECT_EQ(calls[0]["code"], "OK");
  EXPECT_EQ(calls[0]["attempts"], 1);
  EXPECT_EQ(calls[0]["trace_id"], kTraceId);
  EXPECT_EQ(calls[1]["code"], "NOT_FOUND");
  EXPECT_EQ(calls[1]["reason"], "CONNECTION_UNKNOWN");
  EXPECT_EQ(calls[1]["flags"], "NR");
  EXPECT_GE(calls[2]["connections"].size(), 2u);
  const std::set<std::string> allowed = {"time",        "level",
                                         "message",     "method",
                                         "connection",  "caller",
                                         "connections", "code",
                                         "reason",      "flags",
                                         "duration_ms", "provider_ms",
                                         "attempts",    "provider_reply_bytes",
                                         "trace_id",    "span_id"};
  for (const Json& call : calls) {
    for (const auto& [field, value] : call.items()) EXPECT_EQ(allowed.count(field), 1u) << field;
  }
}

TEST_F(ProgramTest, ALogThatNobodyReadsHoldsNoCallUp) {
  // Far more lines than the pipe takes.
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(ListOnce("connections/oa").ok()) << i;
}

TEST_F(ProgramTest, TheLogLevelChangesWhileItRuns) {
  httplib::Client client("127.0.0.1", PortOf(admin_));
  EXPECT_TRUE(ListOnce("connections/oa").ok());
  ASSERT_TRUE(client.Put("/log-level", "error", "text/plain"));
  EXPECT_TRUE(ListOnce("connections/oa").ok());
  ASSERT_TRUE(client.Put("/log-level", "info", "text/plain"));
  EXPECT_TRUE(ListOnce("connections/tms").ok());
  const std::vector<Json> calls = LinesOfCalls();
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[1]["connection"], "tms");
}

// The page as a browser shows it, after its script has run.
TEST_F(ProgramTest, TheStatusPageShowsTheConnectionsInABrowser) {
  std::string browser;
  for (const char* each : {"/usr/bin/chromium", "/usr/bin/chromium-browser"}) {
    if (std::filesystem::exists(each)) browser = each;
  }
  if (browser.empty()) GTEST_SKIP() << "needs chromium";
  EXPECT_TRUE(ListOnce("connections/oa").ok());
  const TemporaryFolder folder;
  const Ended ended =
      RunProgram({browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                  "--no-first-run", "--disable-background-networking", "--disable-component-update",
                  "--disable-sync", "--disable-dev-shm-usage",
                  absl::StrCat("--user-data-dir=", folder.path()), "--virtual-time-budget=3000",
                  "--enable-logging=stderr", "--dump-dom", absl::StrCat("http://", admin_, "/")});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("class=\"pill good\" role=\"status\">ready<"));
  for (const char* connection : {"oa", "tms", "m1", "edx"}) {
    EXPECT_THAT(ended.out, HasSubstr(absl::StrCat("data-connection=\"", connection, "\"")));
  }
  EXPECT_THAT(ended.out, HasSubstr("<td>EnrollmentService.ListEnrollments</td>"));
  EXPECT_THAT(ended.out, HasSubstr("<li>TranscriptService.CreateTranscript</li>"));
  EXPECT_THAT(ended.out, HasSubstr("id=\"lost\" role=\"alert\" hidden"));
  // A script or style that the page's own policy refuses would be told here.
  EXPECT_THAT(ended.err, Not(HasSubstr("Content Security Policy")));
  EXPECT_THAT(ended.err, Not(HasSubstr("Uncaught")));
}

}  // namespace
}  // namespace edugate::end_to_end
