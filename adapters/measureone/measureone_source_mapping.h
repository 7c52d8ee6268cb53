// From a transcript that a caller wants to create to MeasureOne's request, with every rule of its
// document checked on the way. Pure functions.
#ifndef ADAPTERS_MEASUREONE_MEASUREONE_SOURCE_MAPPING_H_
#define ADAPTERS_MEASUREONE_MEASUREONE_SOURCE_MAPPING_H_

#include "absl/status/statusor.h"
#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "edugate/v1/transcript_service.pb.h"
#include "google/type/date.pb.h"

namespace edugate::adapters {

// The provider's request. ARGUMENT_INVALID with one violation for each field that breaks a rule of
// the document ("Create Transcript", "Source Data Schema", "M1-Digest Schema", "M1-Transcript
// Schema"): one value or any number of references and not both; dates that exist and aren't after
// `today`; numbers that aren't negative; values that belong together; words that the document
// lists; and what a valid record must have.
absl::StatusOr<provider::measureone::v2::CreateTranscriptRequest> ToCreateRequest(
    const v1::CreateTranscriptRequest& request, const google::type::Date& today);

}  // namespace edugate::adapters

#endif  // ADAPTERS_MEASUREONE_MEASUREONE_SOURCE_MAPPING_H_
