// An adapter on a fake transport.
#ifndef ADAPTERS_TESTING_ADAPTER_FIXTURE_H_
#define ADAPTERS_TESTING_ADAPTER_FIXTURE_H_

#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "adapters/ports.h"
#include "adapters/testing/whole_page.h"
#include "google/protobuf/arena.h"
#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"
#include "runtime/auth/authorizer.h"
#include "runtime/http/fake_http_client.h"
#include "runtime/rest/client.h"

namespace edugate::adapters::testing {

// Adds no credential.
class NoAuthorizer final : public auth::Authorizer {
 public:
  async::Task<absl::Status> Authorize(async::CallContext&, http::Request&) override {
    co_return absl::OkStatus();
  }
  bool OnRefused(const http::Request&) override { return false; }
};

// The contents of a file of the repository.
inline std::string FileText(const std::string& path) {
  std::ifstream stream(std::string(EDUGATE_SOURCE_DIR "/") + path);
  std::ostringstream text;
  text << stream.rdbuf();
  EXPECT_FALSE(text.str().empty()) << path;
  return text.str();
}

// Safeguards that try once, so that a script holds each exchange once.
inline std::shared_ptr<resilience::Safeguards> OneAttempt() {
  resilience::SafeguardOptions options;
  options.policy.max_attempts = 1;
  return std::make_shared<resilience::Safeguards>(std::move(options), "conn", nullptr);
}

// Calls the ports of an adapter whose provider answers by script. `ProviderAdapter` is made of a
// rest::Client and declares its error dialect.
template <typename ProviderAdapter>
class AdapterFixture : public ::testing::Test {
 protected:
  static constexpr char kBase[] = "https://provider.example.org";

  explicit AdapterFixture(const std::string& provider) {
    rest::ClientParts parts;
    parts.connection = "conn";
    parts.provider = provider;
    parts.endpoint.base_url = kBase;
    parts.http = &http_;
    parts.authorizer = &authorizer_;
    parts.classifier = &ProviderAdapter::Errors();
    parts.safeguards = OneAttempt();
    client_.emplace(std::move(parts));
    adapter_.emplace(*client_);
    ports_ = adapter_->ports();
  }

  void Expect(const std::string& method, const std::string& target, http::Exchange exchange) {
    http_.Expect(method, kBase + target, std::move(exchange));
  }
  void Expect(const std::string& method, const std::string& target, int status, std::string body,
              std::string content_type = "application/json") {
    Expect(method, target, http::Answer(status, std::move(body), std::move(content_type)));
  }

  template <typename Argument, typename Result>
  absl::StatusOr<Result> Run(const Port<Argument, Result>& port, const Argument& argument) {
    async::CallContext call(loop_, async::kNever);
    return loop_.RunToCompletion(port(call, argument));
  }

  template <typename Argument, typename Record>
  absl::StatusOr<Record> Run(const FillingPort<Argument, Record>& port, const Argument& argument) {
    async::CallContext call(loop_, async::kNever);
    google::protobuf::Arena arena;
    auto* record = google::protobuf::Arena::CreateMessage<Record>(&arena);
    absl::Status status = loop_.RunToCompletion(port(call, argument, *record));
    if (!status.ok()) return status;
    return *record;
  }

  template <typename Query, typename Record>
  absl::StatusOr<WholePage<Record>> Run(const PagePort<Query, Record>& port, const Query& query) {
    async::CallContext call(loop_, async::kNever);
    return loop_.RunToCompletion(ReadWholePage(call, port, query));
  }

  async::TestLoop loop_;
  http::FakeHttpClient http_;
  NoAuthorizer authorizer_;
  std::optional<rest::Client> client_;
  std::optional<ProviderAdapter> adapter_;
  Ports ports_;
};

}  // namespace edugate::adapters::testing

#endif  // ADAPTERS_TESTING_ADAPTER_FIXTURE_H_
