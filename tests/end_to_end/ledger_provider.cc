#include "tests/end_to_end/ledger_provider.h"

#include <httplib.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace edugate::end_to_end {
namespace {

constexpr int kUnauthorized = 401;
constexpr int kCreated = 201;
constexpr char kJson[] = "application/json";
constexpr size_t kThreads = 96;

}  // namespace

LedgerProvider::LedgerProvider() : server_(std::make_unique<httplib::Server>()) {
  server_->new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server_->set_tcp_nodelay(true);
  server_->Get("/api/v3/reenrollments", [this](const httplib::Request& request,
                                               httplib::Response& response) {
    const std::string credential = request.get_header_value("Authorization");
    bool accepted = false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (const std::string& token : tokens_) accepted |= credential == "Bearer " + token;
    }
    if (!accepted) {
      response.status = kUnauthorized;
      response.set_content(R"({"error":"unauthorized"})", kJson);
      return;
    }
    response.set_content(R"({"reenrollments":[],"meta":{"page":1,"pages":1,"count":0}})", kJson);
  });
  server_->Post("/oauth2/v1/access_token",
                [](const httplib::Request&, httplib::Response& response) {
                  response.set_content(
                      R"({"access_token":"ledger","token_type":"JWT","expires_in":3600})", kJson);
                });
  server_->Post("/enterprise/v1/bulk-license-enrollment",
                [this](const httplib::Request& request, httplib::Response& response) {
                  absl::Duration pause;
                  {
                    const std::lock_guard<std::mutex> lock(mutex_);
                    pause = pause_;
                  }
                  const auto body = nlohmann::json::parse(request.body, nullptr, false);
                  absl::SleepFor(pause);
                  {
                    const std::lock_guard<std::mutex> lock(mutex_);
                    for (const auto& email : body["emails"]) ++effects_[email.get<std::string>()];
                  }
                  absl::SleepFor(pause);
                  {
                    std::unique_lock<std::mutex> lock(mutex_);
                    may_answer_.wait(lock, [this] { return answers_left_ > 0; });
                    --answers_left_;
                  }
                  response.status = kCreated;
                  response.set_content(R"({"job_id":"job-1"})", kJson);
                });
  port_ = server_->bind_to_any_port("127.0.0.1");
  thread_ = std::thread([this] { server_->listen_after_bind(); });
}

LedgerProvider::~LedgerProvider() {
  Release();
  server_->stop();
  thread_.join();
}

std::string LedgerProvider::url() const { return absl::StrCat("http://127.0.0.1:", port_); }

void LedgerProvider::Accept(std::set<std::string> tokens) {
  const std::lock_guard<std::mutex> lock(mutex_);
  tokens_ = std::move(tokens);
}

void LedgerProvider::SetPause(absl::Duration pause) {
  const std::lock_guard<std::mutex> lock(mutex_);
  pause_ = pause;
}

void LedgerProvider::AnswerOnly(int64_t writes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  answers_left_ = writes;
}

void LedgerProvider::Release() {
  AnswerOnly(std::numeric_limits<int64_t>::max());
  may_answer_.notify_all();
}

int LedgerProvider::EffectsOf(const std::string& email) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = effects_.find(email);
  return found == effects_.end() ? 0 : found->second;
}

int64_t LedgerProvider::effects() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  int64_t all = 0;
  for (const auto& [email, count] : effects_) all += count;
  return all;
}

std::string LedgerProvider::WriteConnection() const {
  return absl::StrCat("  - id: ledger\n    provider: edx_enterprise\n    base_url: ", url(),
                      "\n    auth: { oauth2_client: { token_url: \"", url(),
                      "/oauth2/v1/access_token\", client_id: { value: x }, client_secret: { value: "
                      "y } } }\n    options: { enterprise_customer_uuid: "
                      "904b1785-9d3a-1000-848d-6ae7a56e6355 }\n"
                      "    concurrency: { max_in_flight: 600, initial: 600, max_queued: 1000 }\n");
}

std::string LedgerProvider::ReadConnection(const std::string& token_file) const {
  return absl::StrCat("  - id: reads\n    provider: openapply\n    base_url: ", url(),
                      "\n    auth: { bearer: { file: ", token_file, " } }\n");
}

}  // namespace edugate::end_to_end
