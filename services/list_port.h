// What a list method reads from, and what comes of it.
#ifndef SERVICES_LIST_PORT_H_
#define SERVICES_LIST_PORT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "adapters/ports.h"
#include "edugate/v1/common.pb.h"
#include "runtime/errors/errors.h"

namespace edugate::services {

// A list's port and what it can do.
template <typename Query, typename Record>
struct ListPort {
  adapters::PagePort<Query, Record> adapters::Ports::* port;
  adapters::ListTraits adapters::Ports::* traits;
  // The method that its page tokens are bound to. A list and the stream of the same records share
  // it, so that either can go on from the other's tokens.
  absl::string_view token_method;
};

// What a page of the caller's holds beside its records.
struct ListedPage {
  std::string next_page_token;
  // The connections that the page lacks, where several were asked.
  std::vector<v1::UnreachableDetail> unreachable;
};

// The trailers of streams: where to go on after a failure, and a connection that is missing.
inline constexpr char kNextPageTokenTrailer[] = "edugate-next-page-token";
inline constexpr char kUnreachableTrailer[] = "edugate-unreachable";

}  // namespace edugate::services

#endif  // SERVICES_LIST_PORT_H_
