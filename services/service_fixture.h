// What tests of handlers share: connections with fake ports on a loop whose time is the test's.
#ifndef SERVICES_SERVICE_FIXTURE_H_
#define SERVICES_SERVICE_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"
#include "runtime/errors/errors.h"
#include "services/page_token.h"
#include "services/service_parts.h"

namespace edugate::services {

// A port that answers everything with `result`, and keeps what it was asked last.
template <typename Argument, typename Result>
adapters::Port<Argument, Result> Answering(absl::StatusOr<Result> result, Argument* asked) {
  struct Reply {
    static async::Task<absl::StatusOr<Result>> Give(absl::StatusOr<Result> result) {
      co_return result;
    }
  };
  return [result = std::move(result), asked](async::CallContext&, const Argument& argument) {
    if (asked != nullptr) *asked = argument;
    return Reply::Give(result);
  };
}

class ServiceFixture : public ::testing::Test {
 protected:
  void Configure(std::vector<adapters::Connection> connections) {
    registry_ = std::make_unique<adapters::ConnectionRegistry>(std::move(connections));
  }

  ServiceParts parts() const { return {.connections = registry_.get(), .page_tokens = &sealer_}; }

  // A call of `method`, a literal.
  std::unique_ptr<async::CallContext> Call(absl::string_view method) {
    auto call = std::make_unique<async::CallContext>(loop_, async::kNever);
    call->set_method(method);
    return call;
  }

  async::TestLoop loop_;
  std::unique_ptr<adapters::ConnectionRegistry> registry_;
  PageTokenSealer sealer_ =
      *PageTokenSealer::Create({*PageTokenKey::FromSecret("a key for tests, which is 32 bytes")});
};

}  // namespace edugate::services

#endif  // SERVICES_SERVICE_FIXTURE_H_
