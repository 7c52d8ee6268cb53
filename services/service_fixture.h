// What tests of handlers share: connections with fake ports on a loop whose time is the test's.
#ifndef SERVICES_SERVICE_FIXTURE_H_
#define SERVICES_SERVICE_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/arena.h"
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

// A page of a fake provider's.
template <typename Record>
struct WholePage {
  std::vector<Record> records;
  std::string next_cursor;
};

// A list port that answers with the pages of `pages`, and a get port that answers with its records.
// They outlive the port's calls.
template <typename Query, typename Record>
adapters::PagePort<Query, Record> Listing(adapters::Port<Query, WholePage<Record>> pages) {
  struct Reply {
    static async::Task<absl::StatusOr<std::string>> Give(
        std::shared_ptr<adapters::Port<Query, WholePage<Record>>> pages, async::CallContext& call,
        const Query& query, google::protobuf::RepeatedPtrField<Record>& into) {
      auto page = co_await (*pages)(call, query);
      if (!page.ok()) co_return page.status();
      for (Record& record : page->records) *into.Add() = std::move(record);
      co_return page->next_cursor;
    }
  };
  auto shared = std::make_shared<decltype(pages)>(std::move(pages));
  return [shared](async::CallContext& call, const Query& query,
                  google::protobuf::RepeatedPtrField<Record>& into) {
    return Reply::Give(shared, call, query, into);
  };
}
template <typename Record>
adapters::FillingPort<adapters::GetQuery, Record> Filling(
    adapters::Port<adapters::GetQuery, Record> records) {
  struct Reply {
    static async::Task<absl::Status> Give(
        std::shared_ptr<adapters::Port<adapters::GetQuery, Record>> records,
        async::CallContext& call, const adapters::GetQuery& query, Record& into) {
      auto record = co_await (*records)(call, query);
      if (record.ok()) into = *std::move(record);
      co_return record.status();
    }
  };
  auto shared = std::make_shared<decltype(records)>(std::move(records));
  return [shared](async::CallContext& call, const adapters::GetQuery& query, Record& into) {
    return Reply::Give(shared, call, query, into);
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

  // What a handler that fills its response answers. The response lies on an arena, as a call's
  // does.
  template <typename Handlers, typename Request, typename Response>
  absl::StatusOr<Response> Answer(Handlers& handlers,
                                  async::Task<absl::Status> (Handlers::*method)(async::CallContext&,
                                                                                const Request&,
                                                                                Response&),
                                  async::CallContext& call, const Request& request) {
    google::protobuf::Arena arena;
    auto* response = google::protobuf::Arena::CreateMessage<Response>(&arena);
    absl::Status status = loop_.RunToCompletion((handlers.*method)(call, request, *response));
    if (!status.ok()) return status;
    return *response;
  }

  async::TestLoop loop_;
  std::unique_ptr<adapters::ConnectionRegistry> registry_;
  PageTokenSealer sealer_ =
      *PageTokenSealer::Create({*PageTokenKey::FromSecret("a key for tests, which is 32 bytes")});
};

}  // namespace edugate::services

#endif  // SERVICES_SERVICE_FIXTURE_H_
