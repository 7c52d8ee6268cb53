#include "app/published_services.h"

#include <grpcpp/impl/service_type.h>

#include <string>
#include <utility>

#include "app/provider_table.h"
#include "services/assignment_service.h"
#include "services/bridge.h"
#include "services/catalog_service.h"
#include "services/connection_service.h"
#include "services/drain.h"
#include "services/enrollment_service.h"
#include "services/license_service.h"
#include "services/native_service.h"
#include "services/reflection_service.h"
#include "services/transcript_service.h"

namespace edugate::app {
namespace {

std::unique_ptr<grpc::Service> MakeReflection(const std::vector<std::string>& native,
                                              services::Bridge& bridge, services::Drain& drain) {
  std::vector<std::string> names = {"edugate.v1.AssignmentService", "edugate.v1.CatalogService",
                                    "edugate.v1.ConnectionService", "edugate.v1.EnrollmentService",
                                    "edugate.v1.LicenseService",    "edugate.v1.TranscriptService"};
  names.insert(names.end(), native.begin(), native.end());
  return services::MakeReflectionService(std::move(names), bridge, &drain);
}

}  // namespace

std::vector<std::unique_ptr<grpc::Service>> MakePublishedServices(
    const v1::Config& config, const services::PartsOfCall& parts, services::Bridge& bridge,
    services::CheckBook& checks, services::Drain& drain) {
  std::vector<std::unique_ptr<grpc::Service>> made;
  made.push_back(services::MakeAssignmentService(parts, bridge));
  made.push_back(services::MakeCatalogService(parts, bridge));
  made.push_back(services::MakeConnectionService(parts, bridge, &checks));
  made.push_back(services::MakeEnrollmentService(parts, bridge));
  made.push_back(services::MakeLicenseService(parts, bridge));
  made.push_back(services::MakeTranscriptService(parts, bridge));
  // Of every provider: a connection of one that has none now may come with the next
  // configuration.
  const bool native_calls = config.native_calls().enabled();
  const auto native = native_calls ? DeclaredMethods() : std::vector<adapters::NativeMethod>();
  for (auto& service : services::MakeNativeServices(native, parts, bridge)) {
    made.push_back(std::move(service));
  }
  if (!config.server().has_reflection() || config.server().reflection()) {
    made.push_back(MakeReflection(services::NativeServicesOf(native), bridge, drain));
  }
  return made;
}

}  // namespace edugate::app
