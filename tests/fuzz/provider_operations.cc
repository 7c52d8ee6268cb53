#include "tests/fuzz/provider_operations.h"

#include "adapters/class_enrollment/class_enrollment_adapter.h"
#include "adapters/class_enrollment/class_enrollment_errors.h"
#include "adapters/edx_enterprise/edx_adapter.h"
#include "adapters/edx_enterprise/edx_errors.h"
#include "adapters/measureone/measureone_adapter.h"
#include "adapters/measureone/measureone_errors.h"
#include "adapters/openapply/openapply_adapter.h"
#include "adapters/openapply/openapply_errors.h"

namespace edugate::fuzz {
namespace {

template <typename Errors>
void AddAll(const rest::Api& api, std::vector<ProviderOperation>* operations) {
  static const auto* errors = new Errors;
  for (const rest::Operation& operation : api.operations()) {
    operations->push_back({&operation, errors});
  }
}

}  // namespace

const std::vector<ProviderOperation>& ProviderOperations() {
  static const auto* operations = [] {
    auto* all = new std::vector<ProviderOperation>;
    AddAll<adapters::OpenApplyErrors>(adapters::OpenApplyAdapter::Declaration(), all);
    AddAll<adapters::ClassEnrollmentErrors>(adapters::ClassEnrollmentAdapter::Declaration(), all);
    AddAll<adapters::MeasureOneErrors>(adapters::MeasureOneAdapter::DeclarationV2(), all);
    AddAll<adapters::MeasureOneErrors>(adapters::MeasureOneAdapter::DeclarationV3(), all);
    AddAll<adapters::EdxErrors>(adapters::EdxAdapter::Declaration(), all);
    return all;
  }();
  return *operations;
}

}  // namespace edugate::fuzz
