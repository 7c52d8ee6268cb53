// What all list requests share: view, filter, order and read mask, checked against what the
// connection's port can do. The read mask is applied where the reply is sent.
#ifndef SERVICES_LIST_REQUEST_H_
#define SERVICES_LIST_REQUEST_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "adapters/ports.h"
#include "runtime/errors/errors.h"
#include "services/read_mask.h"
#include "services/routing.h"

namespace edugate::services {

// Reads and checks a filter. FILTER_UNSUPPORTED.
absl::StatusOr<adapters::Filter> CheckedFilter(absl::string_view text,
                                               const adapters::ListTraits& traits);

// Fills a query's view and filter from a list request of records of type Record. A filter or an
// order that the provider can't apply is refused and never ignored.
template <typename Record, typename Request>
absl::Status PrepareList(const Request& request, const adapters::ListTraits& traits,
                         adapters::PageQuery& query) {
  query.view = ViewOf(request.view());
  auto filter = CheckedFilter(request.filter(), traits);
  if (!filter.ok()) return filter.status();
  query.filter = *std::move(filter);
  if constexpr (requires { request.order_by(); }) {
    if (!request.order_by().empty()) {
      return errors::ArgumentInvalid("order_by", "the provider offers no order");
    }
  }
  if constexpr (requires { request.read_mask(); }) {
    absl::Status mask = CheckReadMask(request.read_mask(), Record::descriptor());
    if (!mask.ok()) return mask;
  }
  return absl::OkStatus();
}

}  // namespace edugate::services

#endif  // SERVICES_LIST_REQUEST_H_
