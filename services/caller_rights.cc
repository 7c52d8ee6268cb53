#include "services/caller_rights.h"

#include <algorithm>
#include <utility>

namespace edugate::services {

FieldScope::FieldScope() : FieldScope({}, {}) {}

FieldScope::FieldScope(const std::vector<privacy::v1::DataClass>& visible,
                       std::set<std::string> hidden)
    : hidden_(std::move(hidden)) {
  if (visible.empty()) visible_.set();
  visible_.set(privacy::v1::DATA_CLASS_UNSPECIFIED);
  for (const privacy::v1::DataClass each : visible) visible_.set(each);
  sees_everything_ = visible_.all() && hidden_.empty();
}

bool Grant::Covers(absl::string_view connection) const {
  return every_connection || connections.count(std::string(connection)) > 0;
}

CallerRights::CallerRights(std::vector<std::shared_ptr<const Grant>> grants)
    : grants_(std::move(grants)),
      sees_everything_(std::all_of(grants_.begin(), grants_.end(), [](const auto& grant) {
        return grant->scope.sees_everything();
      })) {}

bool CallerRights::MayUse(absl::string_view connection) const {
  return std::any_of(grants_.begin(), grants_.end(),
                     [&](const auto& grant) { return grant->Covers(connection); });
}

std::vector<const Grant*> CallerRights::GrantsFor(absl::string_view connection) const {
  std::vector<const Grant*> found;
  for (const auto& grant : grants_) {
    if (grant->Covers(connection)) found.push_back(grant.get());
  }
  return found;
}

const CallerRights* RightsOf(const async::CallContext& call) {
  // Nothing else is ever set as a call's caller data.
  return static_cast<const CallerRights*>(call.caller_data().get());
}

bool MayUse(const async::CallContext& call, absl::string_view connection) {
  const CallerRights* rights = RightsOf(call);
  return rights == nullptr || rights->MayUse(connection);
}

}  // namespace edugate::services
