#include "services/list_request.h"

namespace edugate::services {

absl::StatusOr<adapters::Filter> CheckedFilter(absl::string_view text,
                                               const adapters::ListTraits& traits) {
  auto filter = adapters::ParseFilter(text);
  if (!filter.ok()) return filter.status();
  absl::Status checked = adapters::CheckFilter(*filter, traits.filters);
  if (!checked.ok()) return checked;
  return filter;
}

}  // namespace edugate::services
