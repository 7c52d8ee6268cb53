#include "services/license_service.h"

#include "edugate/v1/license_service.grpc.pb.h"
#include "services/bridge.h"
#include "services/gated_service.h"
#include "services/port_calls.h"

namespace edugate::services {
namespace {

using adapters::Ports;
using adapters::Resource;

const ListPort<adapters::PageQuery, v1::SubscriptionPlan> kPlans{
    &Ports::list_subscription_plans, &Ports::list_subscription_plans_traits,
    "LicenseService.ListSubscriptionPlans"};

class LicenseService final : public GatedService<v1::LicenseService::CallbackService> {
 public:
  LicenseService(PartsOfCall parts, Bridge& bridge) : handlers_(std::move(parts)), bridge_(bridge) {
    Gate(bridge.options(), 0, &LicenseService::ListSubscriptionPlans);
    Gate(bridge.options(), 1, &LicenseService::AssignLicenses);
    Gate(bridge.options(), 2, &LicenseService::RevokeLicenses);
  }

  grpc::ServerUnaryReactor* ListSubscriptionPlans(
      grpc::CallbackServerContext* context, const v1::ListSubscriptionPlansRequest* request,
      v1::ListSubscriptionPlansResponse* response) override {
    return bridge_.Unary(context, "LicenseService.ListSubscriptionPlans", request, response,
                         handlers_, &LicenseHandlers::ListSubscriptionPlans);
  }
  grpc::ServerUnaryReactor* AssignLicenses(grpc::CallbackServerContext* context,
                                           const v1::AssignLicensesRequest* request,
                                           v1::AssignLicensesResponse* response) override {
    return bridge_.Unary(context, "LicenseService.AssignLicenses", request, response, handlers_,
                         &LicenseHandlers::AssignLicenses);
  }
  grpc::ServerUnaryReactor* RevokeLicenses(grpc::CallbackServerContext* context,
                                           const v1::RevokeLicensesRequest* request,
                                           v1::RevokeLicensesResponse* response) override {
    return bridge_.Unary(context, "LicenseService.RevokeLicenses", request, response, handlers_,
                         &LicenseHandlers::RevokeLicenses);
  }

 private:
  LicenseHandlers handlers_;
  Bridge& bridge_;
};

}  // namespace

async::Task<absl::Status> LicenseHandlers::ListSubscriptionPlans(
    async::CallContext& call, const v1::ListSubscriptionPlansRequest& request,
    v1::ListSubscriptionPlansResponse& response) {
  return ListRecords(call, parts_(call), {"parent", Resource::kConnection, request.parent()},
                     kPlans, adapters::PageQuery{}, request, response,
                     *response.mutable_subscription_plans());
}

async::Task<absl::StatusOr<v1::AssignLicensesResponse>> LicenseHandlers::AssignLicenses(
    async::CallContext& call, const v1::AssignLicensesRequest& request) {
  return WriteThroughPort(call, parts_(call), {"name", Resource::kSubscriptionPlan, request.name()},
                          &Ports::assign_licenses, request);
}

async::Task<absl::StatusOr<v1::RevokeLicensesResponse>> LicenseHandlers::RevokeLicenses(
    async::CallContext& call, const v1::RevokeLicensesRequest& request) {
  return WriteThroughPort(call, parts_(call), {"name", Resource::kSubscriptionPlan, request.name()},
                          &Ports::revoke_licenses, request);
}

std::unique_ptr<grpc::Service> MakeLicenseService(PartsOfCall parts, Bridge& bridge) {
  return std::make_unique<LicenseService>(std::move(parts), bridge);
}

}  // namespace edugate::services
