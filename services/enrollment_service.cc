#include "services/enrollment_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "edugate/v1/enrollment_service.grpc.pb.h"
#include "runtime/async/when_all.h"
#include "services/bridge.h"
#include "services/gated_service.h"
#include "services/port_calls.h"

namespace edugate::services {
namespace {

using adapters::Resource;

constexpr char kListMethod[] = "EnrollmentService.ListEnrollments";

const ListPort<adapters::EnrollmentQuery, v1::Enrollment> kEnrollments{
    &adapters::Ports::list_enrollments, &adapters::Ports::list_enrollments_traits, kListMethod};

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

// The most enrollments of one batch.
constexpr int kMaxBatch = 100;

// One enrollment of a batch.
struct BatchItem {
  std::string name;
  const adapters::Connection* connection = nullptr;
  adapters::GetQuery query;
  v1::Enrollment* record = nullptr;  // of the response
  absl::Status failure;              // only the first one of a batch is kept
};

// The failure of a batch of which one can't be read, which says which.
absl::Status BecauseOf(const std::string& name, absl::Status failure) {
  return errors::WithMetadata(std::move(failure), "name", name);
}

// The batch, checked before a provider is asked for any of it. Its records are added to `response`.
absl::StatusOr<std::vector<BatchItem>> PrepareBatch(async::CallContext& call,
                                                    const ServiceParts& parts,
                                                    const v1::BatchGetEnrollmentsRequest& request,
                                                    v1::BatchGetEnrollmentsResponse& response) {
  if (request.names().empty() || request.names_size() > kMaxBatch) {
    return errors::ArgumentInvalid("names", absl::StrCat("takes 1 to ", kMaxBatch, " names"));
  }
  std::string parent(adapters::kAnyConnection);
  if (!request.parent().empty()) {
    auto name = adapters::ParseName("parent", Resource::kConnection, request.parent(),
                                    adapters::Wildcard::kAllowed);
    if (!name.ok()) return name.status();
    parent = name->connection;
  }
  std::vector<BatchItem> batch;
  bool several = false;
  for (const std::string& name : request.names()) {
    const std::string field = absl::StrCat("names[", batch.size(), "]");
    auto route = Resolve(call, *parts.connections, field, Resource::kEnrollment, name);
    if (!route.ok()) {
      // What is no name is not repeated: anything may stand there.
      const bool no_name =
          errors::ReasonOf(route.status()) == v1::ERROR_REASON_RESOURCE_NAME_INVALID;
      return no_name ? route.status() : BecauseOf(name, route.status());
    }
    const adapters::Connection& connection = *route->connection;
    if (parent != adapters::kAnyConnection && parent != connection.id) {
      return errors::ArgumentInvalid(field, "isn't of the parent");
    }
    if (!connection.ports.get_enrollment) return BecauseOf(name, NotSupported(call, connection));
    several |= !batch.empty() && batch.front().connection != &connection;
    batch.push_back({.name = name,
                     .connection = &connection,
                     .query = {.name = std::move(route->name), .view = ViewOf(request.view())},
                     .record = response.add_enrollments()});
  }
  if (several) call.set_connection(adapters::kAnyConnection);
  return batch;
}

// Reads one of a batch. A failure ends the others, which are of no use then.
async::Task<bool> ReadItem(async::CallContext& reading, BatchItem& item) {
  if (reading.cancelled()) co_return false;
  async::CallContext call = reading.Child(reading.deadline());
  call.set_connection(item.connection->id);
  absl::Status status =
      co_await item.connection->ports.get_enrollment(call, item.query, *item.record);
  if (reading.cancelled()) co_return false;
  item.failure = std::move(status);
  if (!item.failure.ok()) reading.Cancel();
  co_return item.failure.ok();
}

class EnrollmentService final : public GatedService<v1::EnrollmentService::CallbackService> {
 public:
  EnrollmentService(PartsOfCall parts, Bridge& bridge)
      : handlers_(std::move(parts)), bridge_(bridge) {
    Gate(bridge.options(), 0, &EnrollmentService::GetEnrollment);
    Gate(bridge.options(), 1, &EnrollmentService::BatchGetEnrollments);
    Gate(bridge.options(), 2, &EnrollmentService::ListEnrollments);
    Gate(bridge.options(), 3, &EnrollmentService::StreamEnrollments);
    Gate(bridge.options(), 4, &EnrollmentService::UpdateEnrollment);
    Gate(bridge.options(), 5, &EnrollmentService::BulkEnroll);
    Gate(bridge.options(), 6, &EnrollmentService::VerifyEnrollment);
  }

  grpc::ServerUnaryReactor* GetEnrollment(grpc::CallbackServerContext* context,
                                          const v1::GetEnrollmentRequest* request,
                                          v1::Enrollment* response) override {
    return bridge_.Unary(context, "EnrollmentService.GetEnrollment", request, response, handlers_,
                         &EnrollmentHandlers::GetEnrollment);
  }
  grpc::ServerUnaryReactor* BatchGetEnrollments(
      grpc::CallbackServerContext* context, const v1::BatchGetEnrollmentsRequest* request,
      v1::BatchGetEnrollmentsResponse* response) override {
    return bridge_.Unary(context, "EnrollmentService.BatchGetEnrollments", request, response,
                         handlers_, &EnrollmentHandlers::BatchGetEnrollments);
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

async::Task<absl::Status> EnrollmentHandlers::GetEnrollment(async::CallContext& call,
                                                            const v1::GetEnrollmentRequest& request,
                                                            v1::Enrollment& response) {
  return GetRecord(call, parts_(call), {"name", Resource::kEnrollment, request.name()},
                   &adapters::Ports::get_enrollment, request.view(), response);
}

async::Task<absl::Status> EnrollmentHandlers::BatchGetEnrollments(
    async::CallContext& call, const v1::BatchGetEnrollmentsRequest& request,
    v1::BatchGetEnrollmentsResponse& response) {
  auto batch = PrepareBatch(call, parts_(call), request, response);
  if (!batch.ok()) co_return batch.status();
  async::CallContext reading = call.Child(call.deadline());
  std::vector<async::Task<bool>> reads;
  for (BatchItem& item : *batch) reads.push_back(ReadItem(reading, item));
  // What each read brought is in its item.
  co_await async::WhenAll(std::move(reads), parts_(call).fan_out.max_parallel);
  absl::Status ended = EndedCall(call);
  if (!ended.ok()) co_return ended;
  for (const BatchItem& item : *batch) {
    if (!item.failure.ok()) co_return BecauseOf(item.name, item.failure);
  }
  co_return absl::OkStatus();
}

async::Task<absl::Status> EnrollmentHandlers::ListEnrollments(
    async::CallContext& call, const v1::ListEnrollmentsRequest& request,
    v1::ListEnrollmentsResponse& response) {
  return ListRecords(call, parts_(call), {"parent", Resource::kConnection, request.parent()},
                     kEnrollments, adapters::EnrollmentQuery(), request, response,
                     *response.mutable_enrollments());
}

async::Task<absl::Status> EnrollmentHandlers::StreamEnrollments(
    async::CallContext& call, const v1::StreamEnrollmentsRequest& request,
    StreamWriter<v1::Enrollment>& writer) {
  return StreamRecords(call, parts_(call), {"parent", Resource::kConnection, request.parent()},
                       kEnrollments, adapters::EnrollmentQuery(), request, writer);
}

async::Task<absl::StatusOr<v1::Enrollment>> EnrollmentHandlers::UpdateEnrollment(
    async::CallContext& call, const v1::UpdateEnrollmentRequest& request) {
  auto route = Resolve(call, *parts_(call).connections, "enrollment.name", Resource::kEnrollment,
                       request.enrollment().name());
  if (!route.ok()) co_return route.status();
  const adapters::Ports& ports = route->connection->ports;
  if (!ports.update_enrollment) co_return NotSupported(call, *route->connection);
  auto paths = UpdatePaths(request, ports.update_enrollment_paths);
  if (!paths.ok()) co_return paths.status();
  const adapters::EnrollmentUpdate update{.name = route->name,
                                          .enrollment = request.enrollment(),
                                          .paths = *std::move(paths),
                                          .validate_only = request.validate_only(),
                                          .view = ViewOf(request.view())};
  // Every provider's update sets values: twice is as once.
  const auto write = [&] { return ports.update_enrollment(call, update); };
  auto result = co_await Once<v1::Enrollment>(parts_(call).request_log, call, request,
                                              Repeatable::kYes, write);
  co_return result;
}

async::Task<absl::StatusOr<v1::BulkEnrollResponse>> EnrollmentHandlers::BulkEnroll(
    async::CallContext& call, const v1::BulkEnrollRequest& request) {
  return WriteThroughPort(call, parts_(call), {"parent", Resource::kConnection, request.parent()},
                          &adapters::Ports::bulk_enroll, request);
}

async::Task<absl::StatusOr<v1::EnrollmentVerification>> EnrollmentHandlers::VerifyEnrollment(
    async::CallContext& call, const v1::VerifyEnrollmentRequest& request) {
  return CallPort(call, parts_(call), {"parent", Resource::kConnection, request.parent()},
                  &adapters::Ports::verify_enrollment, request);
}

std::unique_ptr<grpc::Service> MakeEnrollmentService(PartsOfCall parts, Bridge& bridge) {
  return std::make_unique<EnrollmentService>(std::move(parts), bridge);
}

}  // namespace edugate::services
