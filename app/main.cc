// The program: edugate serve | call | check | audit | capabilities | sandbox.

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "app/audit_command.h"
#include "app/call_command.h"
#include "app/capabilities_document.h"
#include "app/config_check.h"
#include "app/explain.h"
#include "app/explanation.h"
#include "app/serve_command.h"

// Read by jemalloc where the program links it: memory goes back to the system also from threads
// that have become idle.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "background_thread:true";
}

namespace {

constexpr char kVersion[] = "edugate " EDUGATE_VERSION;

struct CheckCommand {
  std::string config_file;
  bool explain = false;
  bool json = false;
};

int RunCheck(const CheckCommand& command) {
  auto config = edugate::app::LoadConfigFile(command.config_file);
  if (!config.ok()) {
    std::cerr << std::string(config.status().message()) << '\n';
    return 1;
  }
  if (command.explain) {
    const auto explained = edugate::app::Explain(*config);
    std::cout << (command.json ? edugate::app::ExplanationJson(explained) + "\n"
                               : edugate::app::ExplanationText(explained));
    return 0;
  }
  std::cout << command.config_file << ": " << config->connections_size() << " connection"
            << (config->connections_size() == 1 ? "" : "s") << ", no mistake found\n";
  return 0;
}

}  // namespace

// Out of memory while it starts, the process ends at once, as it does later.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) {
  CLI::App app(
      "One gRPC API for enrollment, transcript and catalog data, in front of education providers.");
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);

  edugate::app::ServeCommand serve;
  CLI::App* serve_app = app.add_subcommand("serve", "Serve the API until SIGTERM.");
  auto* config_option =
      serve_app->add_option("--config", serve.config_file, "The configuration (YAML).");
  serve_app
      ->add_flag("--sandbox", serve.sandbox,
                 "Serve with simulated providers instead of a configuration.")
      ->excludes(config_option);
  serve_app->add_option("--listen", serve.listen,
                        "HOST:PORT instead of the configuration's server.listen.");

  edugate::app::CallCommand call;
  std::vector<std::string> metadata;
  double timeout_seconds = 60;
  CLI::App* call_app = app.add_subcommand("call", "Make a call and print the reply as JSON.");
  call_app
      ->add_option("method", call.method, "SERVICE.METHOD, as EnrollmentService.ListEnrollments.")
      ->required();
  call_app->add_option("request", call.request, "The request as JSON. Default: {}.");
  call_app->add_option("--target", call.target.address, "HOST:PORT of the server.")
      ->capture_default_str();
  call.target.address = "127.0.0.1:7443";
  call_app->add_option("--tls-ca,--ca", call.target.ca_file,
                       "PEM file of the server's authority; turns TLS on.");
  call_app->add_option("--cert", call.target.certificate_file,
                       "PEM file of the certificate to show; turns TLS on. Needs --key.");
  call_app->add_option("--key", call.target.key_file, "PEM file of the certificate's key.");
  call_app->add_option("--token-file", call.target.token_file,
                       "File with the token to send, so that it stands in no list of processes.");
  call_app->add_option("--metadata", metadata, "KEY:VALUE to send with the call; may be repeated.");
  call_app->add_option("--timeout", timeout_seconds, "Seconds until the deadline.")
      ->capture_default_str();

  CheckCommand check;
  CLI::App* check_app =
      app.add_subcommand("check", "Check a configuration and name every mistake.");
  check_app->add_option("--config", check.config_file, "The configuration (YAML).")->required();
  auto* explain_option = check_app->add_flag(
      "--explain", check.explain,
      "Print every value in force, of the server, each connection and method, and its source.");
  check_app->add_flag("--json", check.json, "Print the explanation as JSON.")
      ->needs(explain_option);

  CLI::App* capabilities_app = app.add_subcommand(
      "capabilities", "Print what each provider supports: the page docs/capabilities.md.");

  edugate::app::AuditCommand audit;
  CLI::App* audit_app = app.add_subcommand("audit", "Work with the disclosure log.");
  audit_app->require_subcommand(1);
  CLI::App* verify_app = audit_app->add_subcommand(
      "verify",
      "Check that no line of the disclosure log was changed, taken out, put in or moved.");
  auto* audit_config = verify_app->add_option("--config", audit.config_file,
                                              "The configuration that names the log.");
  verify_app
      ->add_option("--log", audit.log_file, "The log itself; FILE.1, FILE.2... are read, too.")
      ->excludes(audit_config);
  verify_app->add_option("--key-file", audit.key_file, "The chain's key, for --log.")
      ->excludes(audit_config);
  verify_app->add_option("--expect-last", audit.expect_hash,
                         "A hash that an earlier check printed: the log must have its line.");
  verify_app->add_option("--expect-count", audit.expect_seq,
                         "The last line's number at an earlier check: the log must reach it.");

  int sandbox_port = 0;
  CLI::App* sandbox_app = app.add_subcommand("sandbox", "Serve the simulated providers alone.");
  sandbox_app->add_option("--port", sandbox_port, "The port; 0: any.")->capture_default_str();

  CLI11_PARSE(app, argc, argv);

  if (*serve_app) return edugate::app::RunServe(serve);
  if (*verify_app) return edugate::app::RunAuditVerify(audit, std::cout, std::cerr);
  if (*check_app) return RunCheck(check);
  if (*capabilities_app) {
    std::cout << edugate::app::CapabilitiesDocument();
    return 0;
  }
  if (*sandbox_app) return edugate::app::RunSandbox(sandbox_port);
  call.target.timeout = absl::Seconds(timeout_seconds);
  for (const std::string& pair : metadata) {
    const std::vector<std::string> parts = absl::StrSplit(pair, absl::MaxSplits(':', 1));
    if (parts.size() != 2) {
      std::cerr << "--metadata needs KEY:VALUE\n";
      return 1;
    }
    call.target.metadata.emplace_back(parts[0], parts[1]);
  }
  return edugate::app::RunCall(call, std::cout);
}
