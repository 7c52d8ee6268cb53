#include "app/admin_server.h"

#include <httplib.h>

#include <algorithm>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "app/status_page.h"
#include "runtime/telemetry/json_fields.h"
#include "runtime/telemetry/log.h"

namespace edugate::app {
namespace {

constexpr int kOk = 200;
constexpr int kBadRequest = 400;
constexpr int kForbidden = 403;
constexpr int kUnavailable = 503;
// Probes and scrapes are few, and a slow one must not keep the others waiting. Webhooks come in
// bursts: those that wait together share one write to the disk.
constexpr size_t kThreads = 32;
constexpr time_t kTimeoutSeconds = 5;
constexpr size_t kMaxBodyBytes = size_t{64} << 10;

// Whether a browser sends the request for a page of somebody else's. What people and programs send
// has no Origin.
bool IsForeign(const httplib::Request& request) {
  const std::string origin = request.get_header_value("Origin");
  if (origin.empty()) return false;
  const std::size_t host = origin.find("://");
  return host == std::string::npos || origin.substr(host + 3) != request.get_header_value("Host");
}

// The word in `debug`, `"debug"` or `{"level":"debug"}`.
std::string WordOf(std::string body) {
  const std::size_t colon = body.find(':');
  if (colon != std::string::npos) body = body.substr(colon + 1);
  std::string word;
  for (const char c : body) {
    if (absl::ascii_isalpha(c)) word += absl::ascii_tolower(c);
  }
  return word;
}

class HttplibAdminServer final : public AdminServer {
 public:
  explicit HttplibAdminServer(Pages pages) : pages_(std::move(pages)) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server_.set_read_timeout(kTimeoutSeconds);
    server_.set_write_timeout(kTimeoutSeconds);
    server_.set_payload_max_length(std::max(kMaxBodyBytes, pages_.max_webhook_bytes));
    server_.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("ok\n", "text/plain");
    });
    server_.Get("/readyz", [this](const httplib::Request&, httplib::Response& response) {
      const bool ready = pages_.ready();
      response.status = ready ? kOk : kUnavailable;
      response.set_content(ready ? "ready\n" : "not ready\n", "text/plain");
    });
    server_.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(pages_.metrics(), "text/plain; version=0.0.4");
    });
    ServeOperators();
    if (!pages_.webhook) return;
    server_.Post(R"(/webhooks/([a-z][a-z0-9-]{0,62}))",
                 [this](const httplib::Request& request, httplib::Response& response) {
                   services::WebhookRequest webhook;
                   webhook.connection = request.matches[1];
                   webhook.headers.assign(request.headers.begin(), request.headers.end());
                   webhook.body = request.body;
                   response.status = pages_.webhook(std::move(webhook));
                 });
  }

  ~HttplibAdminServer() override {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Listen(const std::string& address) {
    const size_t colon = address.rfind(':');
    host_ = address.substr(0, colon);
    int port = 0;
    if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port)) {
      return absl::InvalidArgumentError("admin_listen needs HOST:PORT");
    }
    // The library's own options let a second process take the same port, and then half of the
    // webhooks.
    server_.set_socket_options([](socket_t socket) {
      const int on = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    });
    if (port == 0) {
      port_ = server_.bind_to_any_port(host_.c_str());
    } else if (server_.bind_to_port(host_.c_str(), port)) {
      port_ = port;
    }
    if (port_ <= 0) return absl::UnavailableError(absl::StrCat("can't listen on ", address));
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    // A stop() that comes before the thread listens is lost, and the thread then listens for ever.
    while (!server_.is_running()) std::this_thread::yield();
    return absl::OkStatus();
  }

  std::string address() const override { return absl::StrCat(host_, ":", port_); }

 private:
  void ServeOperators() {
    if (pages_.config) {
      server_.Get("/config", [this](const httplib::Request&, httplib::Response& response) {
        response.set_content(pages_.config(), "text/plain; charset=utf-8");
      });
    }
    if (pages_.status) {
      server_.Get("/status.json", [this](const httplib::Request&, httplib::Response& response) {
        response.set_header("Cache-Control", "no-store");
        response.set_content(pages_.status(), "application/json");
      });
      server_.Get("/", [](const httplib::Request&, httplib::Response& response) {
        StatusPage page = MakeStatusPage();
        response.set_header("Content-Security-Policy", page.content_security_policy);
        response.set_header("X-Content-Type-Options", "nosniff");
        response.set_header("Referrer-Policy", "no-referrer");
        response.set_header("Cache-Control", "no-store");
        response.set_content(page.html, "text/html; charset=utf-8");
      });
    }
    server_.Get("/log-level", [](const httplib::Request&, httplib::Response& response) {
      ShowLogLevel(response);
    });
    const auto change = [](const httplib::Request& request, httplib::Response& response) {
      if (IsForeign(request)) {
        response.status = kForbidden;
        return;
      }
      const auto level = telemetry::LogLevelNamed(WordOf(request.body));
      if (!level.has_value()) {
        response.status = kBadRequest;
        response.set_content("needs one of debug, info, warn, error\n", "text/plain");
        return;
      }
      telemetry::SetLogLevel(*level);
      ShowLogLevel(response);
    };
    server_.Put("/log-level", change);
    server_.Post("/log-level", change);
  }

  static void ShowLogLevel(httplib::Response& response) {
    telemetry::JsonFields fields;
    fields.Text("level", telemetry::LogLevelName(telemetry::CurrentLogLevel()));
    response.set_content(fields.Object() + "\n", "application/json");
  }

  const Pages pages_;
  httplib::Server server_;
  std::string host_;
  int port_ = -1;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const std::string& address,
                                                                Pages pages) {
  auto server = std::make_unique<HttplibAdminServer>(std::move(pages));
  absl::Status listening = server->Listen(address);
  if (!listening.ok()) return listening;
  return server;
}

}  // namespace edugate::app
