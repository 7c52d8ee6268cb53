// The upload of documents: the caller's messages become one request's body while they arrive.
#ifndef ADAPTERS_MEASUREONE_MEASUREONE_UPLOAD_H_
#define ADAPTERS_MEASUREONE_MEASUREONE_UPLOAD_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "adapters/ports.h"
#include "edugate/v1/transcript_service.pb.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/rest/client.h"

namespace edugate::adapters {

// Uploads what `reader` has by `operation` of the API v2. `make_boundary` gives the body's
// boundary, letters and digits that occur in no file; a random one where it is null.
async::Task<absl::StatusOr<v1::UploadTranscriptFilesResponse>> UploadTranscriptFiles(
    async::CallContext& call, rest::Client& client, const rest::Operation& operation,
    const std::function<std::string()>& make_boundary, UploadReader& reader);

}  // namespace edugate::adapters

#endif  // ADAPTERS_MEASUREONE_MEASUREONE_UPLOAD_H_
