#include "services/enrollment_service.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "edugate/v1/enrollment_service.grpc.pb.h"
#include "services/bridge.h"
#include "services/list_request.h"
#include "services/paging.h"
#include "services/routing.h"
#include "services/write_request.h"

namespace edugate::services {
namespace {

using adapters::Resource;

// The list's tokens go on in the stream and the other way round.
constexpr char kListMethod[] = "EnrollmentService.ListEnrollments";

// A list, checked against what its connection can do.
struct EnrollmentList {
  Route route;
  adapters::EnrollmentQuery query;
  ReadMask read_mask;
};

// For ListEnrollmentsRequest and StreamEnrollmentsRequest, which have the same fields.
template <typename Request>
absl::StatusOr<EnrollmentList> Prepare(async::CallContext& call, const ServiceParts& parts,
                                       const Request& request) {
  auto route = Resolve(call, *parts.connections, "parent", Resource::kConnection, request.parent());
  if (!route.ok()) return route.status();
  const adapters::Ports& ports = route->connection->ports;
  if (!ports.list_enrollments) return NotSupported(call, *route->connection);
  EnrollmentList list;
  absl::Status prepared =
      PrepareList<v1::Enrollment>(request, ports.list_enrollments_traits, list.query, list.read_mask);
  if (!prepared.ok()) return prepared;
  if (!request.learner().empty() && !ports.list_enrollments_traits.by_learner) {
    return errors::FilterUnsupported("the provider can't list one learner's enrollments", "");
  }
  list.query.learner = request.learner();
  list.query.parent = route->name;
  list.route = *std::move(route);
  return list;
}

// The fields of an update, by the mask or, without one, by what is set (AIP-134). ARGUMENT_INVALID
// where the provider can't change one of them.
absl::StatusOr<std::vector<std::string>> UpdatePaths(const v1::UpdateEnrollmentRequest& request,
                                                     const std::vector<std::string>& updatable) {
  std::vector<std::string> paths;
  if (request.has_update_mask() && request.update_mask().paths_size() > 0) {
    for (const std::string& path : request.update_mask().paths()) {
      if (std::find(updatable.begin(), updatable.end(), path) == updatable.end()) {
        return errors::ArgumentInvalid("update_mask", absl::StrCat("the provider can change ",
                                                                   absl::StrJoin(updatable, ", ")));
      }
      paths.push_back(path);
    }
    return paths;
  }
  for (const std::string& path : updatable) {
    const auto* field = v1::Enrollment::descriptor()->FindFieldByName(path);
    if (request.enrollment().GetReflection()->HasField(request.enrollment(), field)) {
      paths.push_back(path);
    }
  }
  if (paths.empty()) return errors::ArgumentInvalid("update_mask", "names nothing to change");
  return paths;
}

class EnrollmentService final : public v1::EnrollmentService::CallbackService {
 public:
  EnrollmentService(const ServiceParts& parts, Bridge& bridge)
      : handlers_(parts), bridge_(bridge) {}

  grpc::ServerUnaryReactor* GetEnrollment(grpc::CallbackServerContext* context,
                                          const v1::GetEnrollmentRequest* request,
                                          v1::Enrollment* response) override {
    return bridge_.Unary(context, "EnrollmentService.GetEnrollment", request, response, handlers_,
                         &EnrollmentHandlers::GetEnrollment);
  }
  grpc::ServerUnaryReactor* ListEnrollments(grpc::CallbackServerContext* context,
                                            const v1::ListEnrollmentsRequest* request,
                                            v1::ListEnrollmentsResponse* response) override {
    return bridge_.Unary(context, kListMethod, request, response, handlers_,
                         &EnrollmentHandlers::ListEnrollments);
  }
  grpc::ServerWriteReactor<v1::Enrollment>* StreamEnrollments(
      grpc::CallbackServerContext* context, const v1::StreamEnrollmentsRequest* request) override {
    return bridge_.Stream(context, "EnrollmentService.StreamEnrollments", request, handlers_,
                          &EnrollmentHandlers::StreamEnrollments);
  }
  grpc::ServerUnaryReactor* UpdateEnrollment(grpc::CallbackServerContext* context,
                                             const v1::UpdateEnrollmentRequest* request,
                                             v1::Enrollment* response) override {
    return bridge_.Unary(context, "EnrollmentService.UpdateEnrollment", request, response,
                         handlers_, &EnrollmentHandlers::UpdateEnrollment);
  }
  grpc::ServerUnaryReactor* BulkEnroll(grpc::CallbackServerContext* context,
                                       const v1::BulkEnrollRequest* request,
                                       v1::BulkEnrollResponse* response) override {
    return bridge_.Unary(context, "EnrollmentService.BulkEnroll", request, response, handlers_,
                         &EnrollmentHandlers::BulkEnroll);
  }
  grpc::ServerUnaryReactor* VerifyEnrollment(grpc::CallbackServerContext* context,
                                             const v1::VerifyEnrollmentRequest* request,
                                             v1::EnrollmentVerification* response) override {
    return bridge_.Unary(context, "EnrollmentService.VerifyEnrollment", request, response,
                         handlers_, &EnrollmentHandlers::VerifyEnrollment);
  }

 private:
  EnrollmentHandlers handlers_;
  Bridge& bridge_;
};

}  // namespace

async::Task<absl::StatusOr<v1::Enrollment>> EnrollmentHandlers::GetEnrollment(
    async::CallContext& call, const v1::GetEnrollmentRequest& request) {
  auto route = Resolve(call, *parts_.connections, "name", Resource::kEnrollment, request.name());
  if (!route.ok()) co_return route.status();
  const auto& port = route->connection->ports.get_enrollment;
  if (!port) co_return NotSupported(call, *route->connection);
  const adapters::GetQuery query{.name = route->name, .view = ViewOf(request.view())};
  auto result = co_await port(call, query);
  co_return result;
}

async::Task<absl::StatusOr<v1::ListEnrollmentsResponse>> EnrollmentHandlers::ListEnrollments(
    async::CallContext& call, const v1::ListEnrollmentsRequest& request) {
  auto list = Prepare(call, parts_, request);
  if (!list.ok()) co_return list.status();
  auto page_size = PageSizeOf(request.page_size());
  if (!page_size.ok()) co_return page_size.status();
  const PageTokens tokens(*parts_.page_tokens, call, kListMethod, request);
  auto state = tokens.Open(request.page_token());
  if (!state.ok()) co_return state.status();
  const auto& port = list->route.connection->ports.list_enrollments;
  auto page =
      co_await AssemblePage(call, port, std::move(list->query), *std::move(state), *page_size);
  if (!page.ok()) co_return page.status();
  v1::ListEnrollmentsResponse response;
  response.mutable_enrollments()->Reserve(static_cast<int>(page->records.size()));
  for (v1::Enrollment& record : page->records) {
    list->read_mask.Apply(record);
    *response.add_enrollments() = std::move(record);
  }
  auto token = tokens.Seal(page->next);
  if (!token.ok()) co_return token.status();
  response.set_next_page_token(*std::move(token));
  co_return response;
}

async::Task<absl::Status> EnrollmentHandlers::StreamEnrollments(
    async::CallContext& call, const v1::StreamEnrollmentsRequest& request,
    StreamWriter<v1::Enrollment>& writer) {
  auto list = Prepare(call, parts_, request);
  if (!list.ok()) co_return list.status();
  if (request.page_size() < 0)
    co_return errors::ArgumentInvalid("page_size", "must not be negative");
  const PageTokens tokens(*parts_.page_tokens, call, kListMethod, request);
  auto state = tokens.Open(request.page_token());
  if (!state.ok()) co_return state.status();
  const auto& port = list->route.connection->ports.list_enrollments;
  list->query.size_hint = request.page_size();
  MaskingWriter<v1::Enrollment> masked(writer, list->read_mask);
  absl::Status status = co_await StreamPages(call, port, list->query, *std::move(state), masked);
  co_return status;
}

async::Task<absl::StatusOr<v1::Enrollment>> EnrollmentHandlers::UpdateEnrollment(
    async::CallContext& call, const v1::UpdateEnrollmentRequest& request) {
  auto route = Resolve(call, *parts_.connections, "enrollment.name", Resource::kEnrollment,
                       request.enrollment().name());
  if (!route.ok()) co_return route.status();
  const adapters::Ports& ports = route->connection->ports;
  if (!ports.update_enrollment) co_return NotSupported(call, *route->connection);
  absl::Status writable = CheckWrite(request.request_id(), request.validate_only());
  if (!writable.ok()) co_return writable;
  auto paths = UpdatePaths(request, ports.update_enrollment_paths);
  if (!paths.ok()) co_return paths.status();
  const adapters::EnrollmentUpdate update{.name = route->name,
                                          .enrollment = request.enrollment(),
                                          .paths = *std::move(paths),
                                          .view = ViewOf(request.view())};
  auto result = co_await ports.update_enrollment(call, update);
  co_return result;
}

async::Task<absl::StatusOr<v1::BulkEnrollResponse>> EnrollmentHandlers::BulkEnroll(
    async::CallContext& call, const v1::BulkEnrollRequest& request) {
  auto route =
      Resolve(call, *parts_.connections, "parent", Resource::kConnection, request.parent());
  if (!route.ok()) co_return route.status();
  const auto& port = route->connection->ports.bulk_enroll;
  if (!port) co_return NotSupported(call, *route->connection);
  absl::Status writable = CheckWrite(request.request_id(), request.validate_only());
  if (!writable.ok()) co_return writable;
  const adapters::Routed<v1::BulkEnrollRequest> routed{route->name, request};
  auto result = co_await port(call, routed);
  co_return result;
}

async::Task<absl::StatusOr<v1::EnrollmentVerification>> EnrollmentHandlers::VerifyEnrollment(
    async::CallContext& call, const v1::VerifyEnrollmentRequest& request) {
  auto route =
      Resolve(call, *parts_.connections, "parent", Resource::kConnection, request.parent());
  if (!route.ok()) co_return route.status();
  const auto& port = route->connection->ports.verify_enrollment;
  if (!port) co_return NotSupported(call, *route->connection);
  const adapters::Routed<v1::VerifyEnrollmentRequest> routed{route->name, request};
  auto result = co_await port(call, routed);
  co_return result;
}

std::unique_ptr<grpc::Service> MakeEnrollmentService(const ServiceParts& parts, Bridge& bridge) {
  return std::make_unique<EnrollmentService>(parts, bridge);
}

}  // namespace edugate::services
