// The program: edugate serve | call | check | capabilities | sandbox.

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "app/call_command.h"
#include "app/capabilities_document.h"
#include "app/config_check.h"
#include "app/serve_command.h"

namespace {

constexpr char kVersion[] = "edugate " EDUGATE_VERSION;

int RunCheck(const std::string& config_file) {
  auto config = edugate::app::LoadConfigFile(config_file);
  if (!config.ok()) {
    std::cerr << std::string(config.status().message()) << std::endl;
    return 1;
  }
  std::cout << config_file << ": " << config->connections_size() << " connection"
            << (config->connections_size() == 1 ? "" : "s") << ", no mistake found" << std::endl;
  return 0;
}

}  // namespace

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
  call_app->add_option("--ca", call.target.ca_file,
                       "PEM file of the server's authority; turns TLS on.");
  call_app->add_option("--metadata", metadata, "KEY:VALUE to send with the call; may be repeated.");
  call_app->add_option("--timeout", timeout_seconds, "Seconds until the deadline.")
      ->capture_default_str();

  std::string check_file;
  CLI::App* check_app =
      app.add_subcommand("check", "Check a configuration and name every mistake.");
  check_app->add_option("--config", check_file, "The configuration (YAML).")->required();

  CLI::App* capabilities_app = app.add_subcommand(
      "capabilities", "Print what each provider supports: the page docs/capabilities.md.");

  int sandbox_port = 0;
  CLI::App* sandbox_app = app.add_subcommand("sandbox", "Serve the simulated providers alone.");
  sandbox_app->add_option("--port", sandbox_port, "The port; 0: any.")->capture_default_str();

  CLI11_PARSE(app, argc, argv);

  if (*serve_app) return edugate::app::RunServe(serve);
  if (*check_app) return RunCheck(check_file);
  if (*capabilities_app) {
    std::cout << edugate::app::CapabilitiesDocument();
    return 0;
  }
  if (*sandbox_app) return edugate::app::RunSandbox(sandbox_port);
  call.target.timeout = absl::Seconds(timeout_seconds);
  for (const std::string& pair : metadata) {
    const std::vector<std::string> parts = absl::StrSplit(pair, absl::MaxSplits(':', 1));
    if (parts.size() != 2) {
      std::cerr << "--metadata needs KEY:VALUE" << std::endl;
      return 1;
    }
    call.target.metadata.emplace_back(parts[0], parts[1]);
  }
  return edugate::app::RunCall(call, std::cout);
}
