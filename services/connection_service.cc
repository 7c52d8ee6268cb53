#include "services/connection_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "edugate/v1/connection_service.grpc.pb.h"
#include "runtime/telemetry/drift_counter.h"
#include "services/bridge.h"
#include "services/caller_rights.h"
#include "services/capabilities.h"
#include "services/gated_service.h"
#include "services/list_request.h"
#include "services/native_service.h"
#include "services/paging.h"
#include "services/routing.h"

namespace edugate::services {
namespace {

using adapters::Resource;

constexpr char kListMethod[] = "ConnectionService.ListConnections";
constexpr char kListDriftMethod[] = "ConnectionService.ListDrift";

// A check that its caller's deadline ends sooner than this says nothing about the provider
// (docs/decisions/a-deadline-within-a-second-says-nothing.md).
constexpr absl::Duration kTimeThatTells = absl::Seconds(1);

const adapters::ListTraits& ListTraitsOfConnections() {
  static const adapters::ListTraits* traits = new adapters::ListTraits{
      .filters = {{"provider", {"="}, adapters::FilterType::kString, "the provider's id"},
                  {"method",
                   {"="},
                   adapters::FilterType::kString,
                   "a method that the connection supports"}}};
  return *traits;
}

bool Matches(const adapters::Filter& filter, const adapters::Connection& connection) {
  const adapters::Comparison* provider = filter.Find("provider");
  if (provider != nullptr && provider->value != connection.provider) return false;
  const adapters::Comparison* method = filter.Find("method");
  if (method == nullptr) return true;
  const std::vector<std::string> supported = SupportedMethods(connection.ports);
  return std::find(supported.begin(), supported.end(), method->value) != supported.end();
}

const adapters::ListTraits& ListTraitsOfDrift() {
  static const adapters::ListTraits* traits = new adapters::ListTraits{
      .filters = {{"provider", {"="}, adapters::FilterType::kString, "the provider's id"},
                  {"kind", {"="}, adapters::FilterType::kString, "what differs"}}};
  return *traits;
}

v1::DriftKind ToDriftKind(telemetry::DriftKind kind) {
  switch (kind) {
    case telemetry::DriftKind::kUnknownField:
      return v1::DRIFT_KIND_UNKNOWN_FIELD;
    case telemetry::DriftKind::kIllFitting:
      return v1::DRIFT_KIND_ILL_FITTING;
    case telemetry::DriftKind::kMissing:
      return v1::DRIFT_KIND_MISSING;
    case telemetry::DriftKind::kNewEnumValue:
      return v1::DRIFT_KIND_NEW_ENUM_VALUE;
  }
  return v1::DRIFT_KIND_UNSPECIFIED;
}

// The kind that a filter names, with or without its prefix; UNSPECIFIED for none.
v1::DriftKind KindNamed(const std::string& name) {
  v1::DriftKind kind = v1::DRIFT_KIND_UNSPECIFIED;
  if (v1::DriftKind_Parse(absl::StrCat("DRIFT_KIND_", name), &kind)) return kind;
  v1::DriftKind_Parse(name, &kind);
  return kind;
}

// Where a page of drift ends: the list grows between two pages, so that its positions move. Sorts
// as the list does, since names hold no control characters.
std::string CursorOf(const telemetry::DriftRecord& record) {
  constexpr char kSeparator[] = "\x01";
  return absl::StrCat(record.connection, kSeparator, record.message, kSeparator, record.path,
                      kSeparator, static_cast<int>(record.kind), kSeparator, record.provider);
}

v1::ConnectionState StateOf(const absl::Status& status) {
  if (status.ok()) return v1::CONNECTION_STATE_WORKING;
  switch (errors::ReasonOf(status)) {
    case v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID:
      return v1::CONNECTION_STATE_CREDENTIALS_INVALID;
    case v1::ERROR_REASON_CONNECTION_MISCONFIGURED:
    case v1::ERROR_REASON_OPERATION_NOT_SUPPORTED:
    case v1::ERROR_REASON_RESOURCE_NOT_FOUND:
      return v1::CONNECTION_STATE_MISCONFIGURED;
    case v1::ERROR_REASON_PROVIDER_UNAVAILABLE:
    case v1::ERROR_REASON_PROVIDER_ERROR:
    case v1::ERROR_REASON_DEADLINE_EXCEEDED:
      return v1::CONNECTION_STATE_UNAVAILABLE;
    default:
      return v1::CONNECTION_STATE_UNKNOWN;
  }
}

void SetTime(absl::Time time, google::protobuf::Timestamp& out) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  out.set_seconds(seconds);
  out.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

v1::DriftEntry ToDriftEntry(const telemetry::DriftRecord& record) {
  v1::DriftEntry out;
  out.set_provider(record.provider);
  out.set_connection(adapters::MakeName<Resource::kConnection>(record.connection));
  out.set_kind(ToDriftKind(record.kind));
  out.set_message(record.message);
  out.set_path(record.path);
  out.set_count(record.count);
  SetTime(record.first_seen, *out.mutable_first_seen_time());
  SetTime(record.last_seen, *out.mutable_last_seen_time());
  return out;
}

void SetDuration(absl::Duration duration, google::protobuf::Duration& out) {
  const int64_t nanos = absl::ToInt64Nanoseconds(duration);
  out.set_seconds(nanos / 1'000'000'000);
  out.set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
}

class ConnectionService final : public GatedService<v1::ConnectionService::CallbackService> {
 public:
  ConnectionService(PartsOfCall parts, Bridge& bridge, CheckBook* checks)
      : handlers_(std::move(parts), checks), bridge_(bridge) {
    Gate(bridge.options(), 0, &ConnectionService::ListConnections);
    Gate(bridge.options(), 1, &ConnectionService::GetConnection);
    Gate(bridge.options(), 2, &ConnectionService::CheckConnection);
    Gate(bridge.options(), 3, &ConnectionService::ListDrift);
  }

  grpc::ServerUnaryReactor* ListConnections(grpc::CallbackServerContext* context,
                                            const v1::ListConnectionsRequest* request,
                                            v1::ListConnectionsResponse* response) override {
    return bridge_.Unary(context, kListMethod, request, response, handlers_,
                         &ConnectionHandlers::ListConnections);
  }
  grpc::ServerUnaryReactor* GetConnection(grpc::CallbackServerContext* context,
                                          const v1::GetConnectionRequest* request,
                                          v1::Connection* response) override {
    return bridge_.Unary(context, "ConnectionService.GetConnection", request, response, handlers_,
                         &ConnectionHandlers::GetConnection);
  }
  grpc::ServerUnaryReactor* CheckConnection(grpc::CallbackServerContext* context,
                                            const v1::CheckConnectionRequest* request,
                                            v1::CheckConnectionResponse* response) override {
    return bridge_.Unary(context, "ConnectionService.CheckConnection", request, response, handlers_,
                         &ConnectionHandlers::CheckConnection);
  }
  grpc::ServerUnaryReactor* ListDrift(grpc::CallbackServerContext* context,
                                      const v1::ListDriftRequest* request,
                                      v1::ListDriftResponse* response) override {
    return bridge_.Unary(context, kListDriftMethod, request, response, handlers_,
                         &ConnectionHandlers::ListDrift);
  }

 private:
  ConnectionHandlers handlers_;
  Bridge& bridge_;
};

}  // namespace

v1::Connection ConnectionHandlers::ToConnection(const adapters::Connection& connection) const {
  v1::Connection out;
  out.set_name(adapters::MakeName<Resource::kConnection>(connection.id));
  out.set_provider(connection.provider);
  out.set_display_name(connection.display_name);
  for (v1::MethodCapability& capability : CapabilitiesOf(connection.ports)) {
    *out.add_capabilities() = std::move(capability);
  }
  for (std::string& service : NativeServicesOf(connection)) {
    out.add_native_services(std::move(service));
  }
  if (auto check = checks_.Last(connection.id)) *out.mutable_last_check() = *std::move(check);
  return out;
}

async::Task<absl::StatusOr<v1::ListConnectionsResponse>> ConnectionHandlers::ListConnections(
    async::CallContext& call, const v1::ListConnectionsRequest& request) {
  auto page_size = PageSizeOf(request.page_size());
  if (!page_size.ok()) co_return page_size.status();
  auto filter = CheckedFilter(request.filter(), ListTraitsOfConnections());
  if (!filter.ok()) co_return filter.status();
  const PageTokens tokens(*parts_(call).page_tokens, call, kListMethod, request);
  auto state = tokens.Open(request.page_token());
  if (!state.ok()) co_return state.status();

  // A page ends at an id: the configuration may be loaded again between two pages, so that
  // positions move, and the last connection itself may be gone.
  std::vector<const adapters::Connection*> rest;
  for (const adapters::Connection& connection : parts_(call).connections->connections()) {
    if (connection.id <= state->cursor) continue;
    if (MayUse(call, connection.id) && Matches(*filter, connection)) rest.push_back(&connection);
  }
  std::sort(rest.begin(), rest.end(),
            [](const auto* left, const auto* right) { return left->id < right->id; });
  v1::ListConnectionsResponse response;
  std::optional<PageState> next;
  if (rest.size() > static_cast<size_t>(*page_size)) {
    rest.resize(*page_size);
    next = PageState{.cursor = rest.back()->id};
  }
  for (const adapters::Connection* each : rest) {
    *response.add_connections() = ToConnection(*each);
  }
  auto token = tokens.Seal(next);
  if (!token.ok()) co_return token.status();
  response.set_next_page_token(*std::move(token));
  co_return response;
}

async::Task<absl::StatusOr<v1::Connection>> ConnectionHandlers::GetConnection(
    async::CallContext& call, const v1::GetConnectionRequest& request) {
  auto route =
      Resolve(call, *parts_(call).connections, "name", Resource::kConnection, request.name());
  if (!route.ok()) co_return route.status();
  co_return ToConnection(*route->connection);
}

async::Task<absl::StatusOr<v1::CheckConnectionResponse>> ConnectionHandlers::CheckConnection(
    async::CallContext& call, const v1::CheckConnectionRequest& request) {
  auto route =
      Resolve(call, *parts_(call).connections, "name", Resource::kConnection, request.name());
  if (!route.ok()) co_return route.status();
  const auto& probe = route->connection->ports.probe;
  if (!probe) co_return NotSupported(call, *route->connection);
  const async::Clock& clock = call.loop().clock();
  const async::MonotonicTime started = clock.MonotonicNow();
  const adapters::Probe nothing;
  auto probed = co_await probe(call, nothing);
  // The caller's own end is no news about the connection, nor is a deadline that left it no time.
  const absl::Duration taken = absl::FromChrono(clock.MonotonicNow() - started);
  const bool no_time = absl::IsDeadlineExceeded(probed.status()) && taken < kTimeThatTells;
  if (absl::IsCancelled(probed.status()) || no_time) co_return probed.status();

  v1::CheckConnectionResponse response;
  v1::ConnectionCheck& check = *response.mutable_check();
  check.set_state(StateOf(probed.status()));
  SetTime(clock.WallNow(), *check.mutable_check_time());
  SetDuration(taken, *check.mutable_latency());
  if (probed.ok() && probed->provider_time.has_value()) {
    SetDuration(*probed->provider_time - clock.WallNow(), *check.mutable_clock_skew());
  }
  if (!probed.ok()) {
    check.set_reason(errors::ReasonName(errors::ReasonOf(probed.status())));
    check.set_message(std::string(probed.status().message()));
  }
  checks_.Note(route->connection->id, check);
  co_return response;
}

async::Task<absl::StatusOr<v1::ListDriftResponse>> ConnectionHandlers::ListDrift(
    async::CallContext& call, const v1::ListDriftRequest& request) {
  const std::string parent = request.parent().empty() ? "connections/-" : request.parent();
  auto name =
      adapters::ParseName("parent", Resource::kConnection, parent, adapters::Wildcard::kAllowed);
  if (!name.ok()) co_return name.status();
  if (!name->any_connection()) {
    absl::Status allowed = CheckMayUse(call, name->connection);
    if (!allowed.ok()) co_return allowed;
    auto connection = parts_(call).connections->Find(name->connection);
    if (!connection.ok()) co_return connection.status();
    call.set_connection(name->connection);
  }
  auto page_size = PageSizeOf(request.page_size());
  if (!page_size.ok()) co_return page_size.status();
  auto filter = CheckedFilter(request.filter(), ListTraitsOfDrift());
  if (!filter.ok()) co_return filter.status();
  const adapters::Comparison* provider = filter->Find("provider");
  const adapters::Comparison* kind = filter->Find("kind");
  if (kind != nullptr && KindNamed(kind->value) == v1::DRIFT_KIND_UNSPECIFIED) {
    co_return errors::FilterUnsupported("there is no such kind of drift",
                                        "UNKNOWN_FIELD, ILL_FITTING, MISSING, NEW_ENUM_VALUE");
  }
  const PageTokens tokens(*parts_(call).page_tokens, call, kListDriftMethod, request);
  auto state = tokens.Open(request.page_token());
  if (!state.ok()) co_return state.status();

  v1::ListDriftResponse response;
  std::optional<PageState> next;
  std::string last = std::move(state->cursor);
  std::vector<telemetry::DriftRecord> records;
  if (parts_(call).drift != nullptr) records = parts_(call).drift->List();
  for (const telemetry::DriftRecord& record : records) {
    if (!name->any_connection() && record.connection != name->connection) continue;
    if (!MayUse(call, record.connection)) continue;
    if (provider != nullptr && provider->value != record.provider) continue;
    if (kind != nullptr && KindNamed(kind->value) != ToDriftKind(record.kind)) continue;
    std::string cursor = CursorOf(record);
    if (cursor <= last) continue;
    if (response.drift_size() == *page_size) {
      next = PageState{.cursor = std::move(last)};
      break;
    }
    *response.add_drift() = ToDriftEntry(record);
    last = std::move(cursor);
  }
  auto token = tokens.Seal(next);
  if (!token.ok()) co_return token.status();
  response.set_next_page_token(*std::move(token));
  co_return response;
}

std::unique_ptr<grpc::Service> MakeConnectionService(PartsOfCall parts, Bridge& bridge,
                                                     CheckBook* checks) {
  return std::make_unique<ConnectionService>(std::move(parts), bridge, checks);
}

}  // namespace edugate::services
