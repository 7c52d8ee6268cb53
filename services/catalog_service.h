// edugate.v1.CatalogService: validates, routes to a connection, replies.
#ifndef SERVICES_CATALOG_SERVICE_H_
#define SERVICES_CATALOG_SERVICE_H_

#include <memory>
#include <utility>

#include "edugate/v1/catalog_service.pb.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "services/parts_of_call.h"
#include "services/stream_writer.h"

namespace edugate::services {

// The service's methods, without gRPC.
class CatalogHandlers {
 public:
  explicit CatalogHandlers(PartsOfCall parts) : parts_(std::move(parts)) {}

  async::Task<absl::Status> ListCatalogs(async::CallContext& call,
                                         const v1::ListCatalogsRequest& request,
                                         v1::ListCatalogsResponse& response);
  async::Task<absl::Status> ListCatalogItems(async::CallContext& call,
                                             const v1::ListCatalogItemsRequest& request,
                                             v1::ListCatalogItemsResponse& response);
  async::Task<absl::Status> StreamCatalogItems(async::CallContext& call,
                                               const v1::StreamCatalogItemsRequest& request,
                                               StreamWriter<v1::CatalogItem>& writer);
  async::Task<absl::StatusOr<v1::Course>> GetCourse(async::CallContext& call,
                                                    const v1::GetCourseRequest& request);
  async::Task<absl::StatusOr<v1::CourseRun>> GetCourseRun(async::CallContext& call,
                                                          const v1::GetCourseRunRequest& request);
  async::Task<absl::StatusOr<v1::Program>> GetProgram(async::CallContext& call,
                                                      const v1::GetProgramRequest& request);

 private:
  const PartsOfCall parts_;
};

// The service for a gRPC server. `bridge` outlives it.
std::unique_ptr<grpc::Service> MakeCatalogService(PartsOfCall parts, Bridge& bridge);

}  // namespace edugate::services

#endif  // SERVICES_CATALOG_SERVICE_H_
