// What tests of the REST client need: a made-up API, a scripted provider, a clock of their own.
#ifndef RUNTIME_REST_CLIENT_FIXTURE_H_
#define RUNTIME_REST_CLIENT_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "runtime/async/test_loop.h"
#include "runtime/codec/testdata/recording_drift.h"
#include "runtime/http/fake_http_client.h"
#include "runtime/rest/client.h"
#include "runtime/rest/testdata/library.h"

namespace edugate::rest::testing {

inline constexpr char kBase[] = "https://library.example.org";
inline constexpr char kBook[] = R"({"id": 7, "title": "Moby"})";

inline http::Exchange With(http::Exchange exchange, const char* header, const char* value) {
  exchange.response.headers.push_back({header, value});
  return exchange;
}

// Hands out token-1, token-2...: a new one after each refusal that it takes.
class FakeAuthorizer : public auth::Authorizer {
 public:
  async::Task<absl::Status> Authorize(async::CallContext& call, http::Request& request) override {
    (void)call;
    if (tokens_ >= tokens_until_failure) co_return errors::Internal("no token");
    std::erase_if(request.headers, [](const auto& each) { return each.name == "Authorization"; });
    request.headers.push_back({"Authorization", "token-" + std::to_string(tokens_ + 1)});
    co_return absl::OkStatus();
  }

  bool OnRefused(const http::Request&) override {
    if (!renews) return false;
    ++tokens_;
    return true;
  }

  bool renews = true;
  int tokens_until_failure = 1000;

 private:
  int tokens_ = 0;
};

// By status alone, but for two titles: a reply with "busy" is a failure that may pass, one with
// "stranger" refuses the credential.
class PlainClassifier : public ErrorClassifier {
 public:
  std::optional<errors::ProviderFailure> Classify(const Operation& operation,
                                                  const http::Response& response) const override {
    return ClassifyByHttpStatus(operation, response, absl::FromUnixSeconds(1767225600));
  }
  std::optional<errors::ProviderFailure> ClassifyReply(
      const Operation&, const google::protobuf::Message& reply) const override {
    if (reply.GetDescriptor() != Book::descriptor()) return std::nullopt;
    const std::string& title = static_cast<const Book&>(reply).title();
    const bool stranger = title == "stranger";
    if (title != "busy" && !stranger) return std::nullopt;
    errors::ProviderFailure failure;
    failure.reason = stranger ? edugate::v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID
                              : edugate::v1::ERROR_REASON_PROVIDER_ERROR;
    failure.message = title;
    failure.transient = !stranger;
    return failure;
  }
};

class ClientFixture : public ::testing::Test {
 protected:
  ClientFixture() {
    parts_.connection = "lib";
    parts_.provider = "library";
    parts_.endpoint = {kBase, {}};
    parts_.http = &http_;
    parts_.authorizer = &authorizer_;
    parts_.classifier = &classifier_;
    parts_.drift = &drift_;
    parts_.random = [] { return 0.5; };
    start_ = loop_.fake_clock().MonotonicNow();
  }

  Client& client() {
    if (client_ == nullptr) {
      parts_.safeguards =
          std::make_shared<resilience::Safeguards>(options_, "lib", parts_.observer);
      client_ = std::make_unique<Client>(parts_);
    }
    return *client_;
  }

  // Calls a method whose request has an id, with 30 seconds for it.
  absl::StatusOr<Book> Call(const std::string& method, absl::Duration allowed = absl::Seconds(30)) {
    async::CallContext call(loop_, async::After(loop_.fake_clock().MonotonicNow(), allowed));
    GetBookRequest get;
    get.set_id("7");
    PutBookRequest put;
    put.set_id("7");
    const bool gets = method == "GetBook" || method == "DeleteBook";
    const google::protobuf::Message& request =
        gets ? static_cast<const google::protobuf::Message&>(get) : put;
    auto book = loop_.RunToCompletion(client().Call<Book>(call, LibraryOperation(method), request));
    if (!book.ok()) return book.status();
    return *book;
  }

  absl::StatusOr<Book> GetBook(absl::Duration allowed = absl::Seconds(30)) {
    return Call("GetBook", allowed);
  }

  void Expect(http::Exchange exchange) {
    http_.Expect("GET", std::string(kBase) + "/books/7", std::move(exchange));
  }
  void ExpectLend(http::Exchange exchange) {
    http_.Expect("POST", std::string(kBase) + "/books/7/lend", std::move(exchange));
  }
  void ExpectPut(http::Exchange exchange) {
    http_.Expect("PUT", std::string(kBase) + "/books/7", std::move(exchange));
  }

  absl::Duration elapsed() { return absl::FromChrono(loop_.fake_clock().MonotonicNow() - start_); }

  async::TestLoop loop_;
  http::FakeHttpClient http_;
  FakeAuthorizer authorizer_;
  PlainClassifier classifier_;
  codec::testing::RecordingDrift drift_;
  ClientParts parts_;
  resilience::SafeguardOptions options_;
  std::unique_ptr<Client> client_;
  async::MonotonicTime start_;
};

}  // namespace edugate::rest::testing

#endif  // RUNTIME_REST_CLIENT_FIXTURE_H_
