// The documents that MeasureOne takes.
#ifndef ADAPTERS_MEASUREONE_MEASUREONE_FILES_H_
#define ADAPTERS_MEASUREONE_MEASUREONE_FILES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "edugate/v1/transcript_service.pb.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {

// Limits of an upload. The vendor documents none; these bound what one call can make edugate pass
// on.
inline constexpr int64_t kMaxUploadBytes = int64_t{1} << 30;
inline constexpr int64_t kMaxUploadFiles = 100;
inline constexpr size_t kMaxUploadChunkBytes = 1 << 20;
inline constexpr size_t kMaxFileNameBytes = 255;

// Whether the provider takes documents of this media type ("Source Data Reference Schema").
bool IsSupportedMediaType(absl::string_view media_type);

// Those media types, for an error's text.
std::string ListedMediaTypes();

// What is wrong with a file's header: the media type, the name, or a name whose ending belongs to
// another media type ("Supported File Types"). Empty where all is well.
std::vector<errors::FieldViolation> CheckFileHeader(const v1::TranscriptFileHeader& header);

}  // namespace edugate::adapters

#endif  // ADAPTERS_MEASUREONE_MEASUREONE_FILES_H_
