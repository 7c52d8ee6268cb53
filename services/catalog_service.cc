#include "services/catalog_service.h"

#include "edugate/v1/catalog_service.grpc.pb.h"
#include "services/bridge.h"
#include "services/gated_service.h"
#include "services/port_calls.h"

namespace edugate::services {
namespace {

using adapters::Ports;
using adapters::Resource;

const ListPort<adapters::PageQuery, v1::Catalog> kCatalogs{
    &Ports::list_catalogs, &Ports::list_catalogs_traits, "CatalogService.ListCatalogs"};

const ListPort<adapters::PageQuery, v1::CatalogItem> kCatalogItems{
    &Ports::list_catalog_items, &Ports::list_catalog_items_traits,
    "CatalogService.ListCatalogItems"};

class CatalogService final : public GatedService<v1::CatalogService::CallbackService> {
 public:
  CatalogService(PartsOfCall parts, Bridge& bridge) : handlers_(std::move(parts)), bridge_(bridge) {
    Gate(bridge.options(), 0, &CatalogService::ListCatalogs);
    Gate(bridge.options(), 1, &CatalogService::ListCatalogItems);
    Gate(bridge.options(), 2, &CatalogService::StreamCatalogItems);
    Gate(bridge.options(), 3, &CatalogService::GetCourse);
    Gate(bridge.options(), 4, &CatalogService::GetCourseRun);
    Gate(bridge.options(), 5, &CatalogService::GetProgram);
  }

  grpc::ServerUnaryReactor* ListCatalogs(grpc::CallbackServerContext* context,
                                         const v1::ListCatalogsRequest* request,
                                         v1::ListCatalogsResponse* response) override {
    return bridge_.Unary(context, "CatalogService.ListCatalogs", request, response, handlers_,
                         &CatalogHandlers::ListCatalogs);
  }
  grpc::ServerUnaryReactor* ListCatalogItems(grpc::CallbackServerContext* context,
                                             const v1::ListCatalogItemsRequest* request,
                                             v1::ListCatalogItemsResponse* response) override {
    return bridge_.Unary(context, "CatalogService.ListCatalogItems", request, response, handlers_,
                         &CatalogHandlers::ListCatalogItems);
  }
  grpc::ServerWriteReactor<v1::CatalogItem>* StreamCatalogItems(
      grpc::CallbackServerContext* context, const v1::StreamCatalogItemsRequest* request) override {
    return bridge_.Stream(context, "CatalogService.StreamCatalogItems", request, handlers_,
                          &CatalogHandlers::StreamCatalogItems);
  }
  grpc::ServerUnaryReactor* GetCourse(grpc::CallbackServerContext* context,
                                      const v1::GetCourseRequest* request,
                                      v1::Course* response) override {
    return bridge_.Unary(context, "CatalogService.GetCourse", request, response, handlers_,
                         &CatalogHandlers::GetCourse);
  }
  grpc::ServerUnaryReactor* GetCourseRun(grpc::CallbackServerContext* context,
                                         const v1::GetCourseRunRequest* request,
                                         v1::CourseRun* response) override {
    return bridge_.Unary(context, "CatalogService.GetCourseRun", request, response, handlers_,
                         &CatalogHandlers::GetCourseRun);
  }
  grpc::ServerUnaryReactor* GetProgram(grpc::CallbackServerContext* context,
                                       const v1::GetProgramRequest* request,
                                       v1::Program* response) override {
    return bridge_.Unary(context, "CatalogService.GetProgram", request, response, handlers_,
                         &CatalogHandlers::GetProgram);
  }

 private:
  CatalogHandlers handlers_;
  Bridge& bridge_;
};

}  // namespace

async::Task<absl::Status> CatalogHandlers::ListCatalogs(async::CallContext& call,
                                                        const v1::ListCatalogsRequest& request,
                                                        v1::ListCatalogsResponse& response) {
  return ListRecords(call, parts_(call), {"parent", Resource::kConnection, request.parent()},
                     kCatalogs, adapters::PageQuery{}, request, response,
                     *response.mutable_catalogs());
}

async::Task<absl::Status> CatalogHandlers::ListCatalogItems(
    async::CallContext& call, const v1::ListCatalogItemsRequest& request,
    v1::ListCatalogItemsResponse& response) {
  return ListRecords(call, parts_(call), {"parent", Resource::kCatalog, request.parent()},
                     kCatalogItems, adapters::PageQuery{}, request, response,
                     *response.mutable_items());
}

async::Task<absl::Status> CatalogHandlers::StreamCatalogItems(
    async::CallContext& call, const v1::StreamCatalogItemsRequest& request,
    StreamWriter<v1::CatalogItem>& writer) {
  return StreamRecords(call, parts_(call), {"parent", Resource::kCatalog, request.parent()},
                       kCatalogItems, adapters::PageQuery{}, request, writer);
}

async::Task<absl::StatusOr<v1::Course>> CatalogHandlers::GetCourse(
    async::CallContext& call, const v1::GetCourseRequest& request) {
  return GetRecord(call, parts_(call), {"name", Resource::kCourse, request.name()},
                   &Ports::get_course, request.view());
}

async::Task<absl::StatusOr<v1::CourseRun>> CatalogHandlers::GetCourseRun(
    async::CallContext& call, const v1::GetCourseRunRequest& request) {
  return GetRecord(call, parts_(call), {"name", Resource::kCourseRun, request.name()},
                   &Ports::get_course_run, request.view());
}

async::Task<absl::StatusOr<v1::Program>> CatalogHandlers::GetProgram(
    async::CallContext& call, const v1::GetProgramRequest& request) {
  return GetRecord(call, parts_(call), {"name", Resource::kProgram, request.name()},
                   &Ports::get_program, request.view());
}

std::unique_ptr<grpc::Service> MakeCatalogService(PartsOfCall parts, Bridge& bridge) {
  return std::make_unique<CatalogService>(std::move(parts), bridge);
}

}  // namespace edugate::services
