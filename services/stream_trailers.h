// What a stream says in its trailing metadata, as far as the caller's end takes it.
#ifndef SERVICES_STREAM_TRAILERS_H_
#define SERVICES_STREAM_TRAILERS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace edugate::services {

// The most metadata that a client of gRPC takes unless it is told otherwise, in bytes: keys and
// values, and kTrailerOverhead for each pair (RFC 9113, 10.5.1). Where more comes, the client
// reports RESOURCE_EXHAUSTED and hears neither the status nor any trailer.
inline constexpr size_t kMaxTrailerBytes = 8192;
inline constexpr size_t kTrailerOverhead = 32;

struct StreamTrailer {
  absl::string_view key;  // a literal
  std::string value;
};

// Those of `trailers` that fit beside the status that the stream ends with. The first ones are the
// ones that matter most; one that is too large leaves its place to those after it.
std::vector<StreamTrailer> TrailersThatFit(const absl::Status& status,
                                           std::vector<StreamTrailer> trailers);

}  // namespace edugate::services

#endif  // SERVICES_STREAM_TRAILERS_H_
