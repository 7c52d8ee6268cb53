// The handlers' common paths: from a request to the connection's port, and from its answer to the
// reply. One template for each kind of method; the services name the port and the fields.
#ifndef SERVICES_PORT_CALLS_H_
#define SERVICES_PORT_CALLS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/ports.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/errors/errors.h"
#include "services/federation.h"
#include "services/learner_name.h"
#include "services/list_port.h"
#include "services/list_request.h"
#include "services/once.h"
#include "services/paging.h"
#include "services/routing.h"
#include "services/service_parts.h"
#include "services/stream_trailers.h"
#include "services/stream_writer.h"

namespace edugate::services {

// Which connection a request is for: the value of one of its fields, and what it must be the name
// of.
struct Address {
  absl::string_view field;
  adapters::Resource resource;
  absl::string_view text;
};

// A request's name, taken apart, and the port of its connection that answers it.
template <typename Function>
struct PortRoute {
  adapters::NameParts name;
  const Function& port;  // lives as long as the call
};

// Errors: those of Resolve(), and OPERATION_NOT_SUPPORTED where the connection has no such port.
template <typename Function>
absl::StatusOr<PortRoute<Function>> ResolvePort(async::CallContext& call, const ServiceParts& parts,
                                                Address address,
                                                Function adapters::Ports::* member) {
  auto route = Resolve(call, *parts.connections, address.field, address.resource, address.text);
  if (!route.ok()) return route.status();
  const Function& port = route->connection->ports.*member;
  if (!port) return NotSupported(call, *route->connection);
  return PortRoute<Function>{std::move(route->name), port};
}

// Reads one record by its name: as a value through a Port, or `into` a record through a
// FillingPort.
template <typename Answer, typename... Into>
async::Task<Answer> GetRecord(
    async::CallContext& call, const ServiceParts& parts, Address address,
    std::function<async::Task<Answer>(async::CallContext&, const adapters::GetQuery&, Into&...)>
        adapters::Ports::* member,
    v1::View view, Into&... into) {
  auto route = ResolvePort(call, parts, address, member);
  if (!route.ok()) co_return route.status();
  const adapters::GetQuery query{.name = std::move(route->name), .view = ViewOf(view)};
  auto answer = co_await route->port(call, query, into...);
  co_return answer;
}

// Passes a read request on to its port.
template <typename Request, typename Response>
async::Task<absl::StatusOr<Response>> CallPort(
    async::CallContext& call, const ServiceParts& parts, Address address,
    adapters::Port<adapters::Routed<Request>, Response> adapters::Ports::* member,
    const Request& request) {
  auto route = ResolvePort(call, parts, address, member);
  if (!route.ok()) co_return route.status();
  const adapters::Routed<Request> routed{std::move(route->name), request};
  auto response = co_await route->port(call, routed);
  co_return response;
}

// The same for a write, whose request has a request_id. Who may not use the connection any more
// doesn't learn what came of an earlier write either.
template <typename Request, typename Response>
async::Task<absl::StatusOr<Response>> WriteThroughPort(
    async::CallContext& call, const ServiceParts& parts, Address address,
    adapters::Port<adapters::Routed<Request>, Response> adapters::Ports::* member,
    const Request& request) {
  auto route = ResolvePort(call, parts, address, member);
  if (!route.ok()) co_return route.status();
  const adapters::Routed<Request> routed{std::move(route->name), request};
  const auto write = [&] { return route->port(call, routed); };
  auto response = co_await Once<Response>(parts.request_log, call, request, Repeatable::kNo, write);
  co_return response;
}

// A list request, checked against its connection.
template <typename Query>
struct PreparedList {
  const adapters::Connection* connection = nullptr;
  Query query;
};

template <typename Query, typename Record, typename Request>
absl::StatusOr<PreparedList<Query>> PrepareListCall(async::CallContext& call,
                                                    const ServiceParts& parts, Address parent,
                                                    const ListPort<Query, Record>& list,
                                                    Query query, const Request& request) {
  auto route = Resolve(call, *parts.connections, parent.field, parent.resource, parent.text);
  if (!route.ok()) return route.status();
  const adapters::Ports& ports = route->connection->ports;
  if (!(ports.*list.port)) return NotSupported(call, *route->connection);
  PreparedList<Query> prepared{.connection = route->connection, .query = std::move(query)};
  absl::Status checked = PrepareList<Record>(request, ports.*list.traits, prepared.query);
  if (!checked.ok()) return checked;
  if constexpr (requires { request.learner(); }) {
    if (!request.learner().empty()) {
      auto learner = ParseLearnerName(request.learner());
      if (!learner.ok()) return learner.status();
      absl::Status asked =
          AskForLearner(*learner, *route->connection, ports.*list.traits, prepared.query);
      if (!asked.ok()) return asked;
    }
  }
  prepared.query.parent = std::move(route->name);
  return prepared;
}

// Whether a list's parent means every connection.
inline bool IsAcross(const Address& parent) {
  return parent.resource == adapters::Resource::kConnection && parent.text == "connections/-";
}

// Sets what a list reply holds beside the records.
template <typename Response>
void FinishPage(ListedPage page, Response& response) {
  response.set_next_page_token(std::move(page.next_page_token));
  if constexpr (requires { response.unreachable_details(); }) {
    for (v1::UnreachableDetail& detail : page.unreachable) {
      response.add_unreachable(detail.connection());
      *response.add_unreachable_details() = std::move(detail);
    }
  }
}

// Answers a list request: adds its records to `into`, an empty field of `response`. `query` holds
// what the request says beside paging, view and filter.
template <typename Query, typename Record, typename Request, typename Response>
async::Task<absl::Status> ListRecords(async::CallContext& call, const ServiceParts& parts,
                                      Address parent, ListPort<Query, Record> list, Query query,
                                      const Request& request, Response& response,
                                      google::protobuf::RepeatedPtrField<Record>& into) {
  if (IsAcross(parent)) {
    auto across = co_await ListAcross(call, parts, list, std::move(query), request, into);
    if (!across.ok()) co_return across.status();
    FinishPage(*std::move(across), response);
    co_return absl::OkStatus();
  }
  auto prepared = PrepareListCall(call, parts, parent, list, std::move(query), request);
  if (!prepared.ok()) co_return prepared.status();
  auto page_size = PageSizeOf(request.page_size());
  if (!page_size.ok()) co_return page_size.status();
  const PageTokens tokens(*parts.page_tokens, call, list.token_method, request);
  auto state = tokens.Open(request.page_token());
  if (!state.ok()) co_return state.status();
  std::optional<int64_t> total_size;
  prepared->query.total_size = &total_size;
  auto next = co_await AssemblePage(call, prepared->connection->ports.*list.port,
                                    std::move(prepared->query), *std::move(state), *page_size,
                                    prepared->connection->max_pages, into);
  if (!next.ok()) co_return next.status();
  auto token = tokens.Seal(*next);
  if (!token.ok()) co_return token.status();
  response.set_next_page_token(*std::move(token));
  if constexpr (requires { response.approximate_total_size(); }) {
    if (total_size.has_value()) response.set_approximate_total_size(*total_size);
  }
  co_return absl::OkStatus();
}

// Answers a stream request.
template <typename Query, typename Record, typename Request>
async::Task<absl::Status> StreamRecords(async::CallContext& call, const ServiceParts& parts,
                                        Address parent, ListPort<Query, Record> list, Query query,
                                        const Request& request, StreamWriter<Record>& writer) {
  if (IsAcross(parent)) {
    absl::Status across =
        co_await StreamAcross(call, parts, list, std::move(query), request, writer);
    co_return across;
  }
  auto prepared = PrepareListCall(call, parts, parent, list, std::move(query), request);
  if (!prepared.ok()) co_return prepared.status();
  if (request.page_size() < 0)
    co_return errors::ArgumentInvalid("page_size", "must not be negative");
  prepared->query.size_hint = std::min(request.page_size(), kMaxPageSize);
  const PageTokens tokens(*parts.page_tokens, call, list.token_method, request);
  auto state = tokens.Open(request.page_token());
  if (!state.ok()) co_return state.status();
  PageState reached;
  absl::Status status = co_await StreamPages(call, prepared->connection->ports.*list.port,
                                             prepared->query, *std::move(state), writer, &reached);
  if (!status.ok()) {
    // A token that can't be made is a convenience less; the status is told all the same.
    auto token = tokens.Seal(std::move(reached));
    std::vector<StreamTrailer> trailers;
    if (token.ok()) trailers.push_back({kNextPageTokenTrailer, *std::move(token)});
    for (const StreamTrailer& each : TrailersThatFit(status, std::move(trailers))) {
      writer.AddTrailer(each.key, each.value);
    }
  }
  co_return status;
}

}  // namespace edugate::services

#endif  // SERVICES_PORT_CALLS_H_
