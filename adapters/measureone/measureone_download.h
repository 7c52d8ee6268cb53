// The download of documents: the provider's ZIP file goes to the caller while it arrives.
#ifndef ADAPTERS_MEASUREONE_MEASUREONE_DOWNLOAD_H_
#define ADAPTERS_MEASUREONE_MEASUREONE_DOWNLOAD_H_

#include "absl/status/status.h"
#include "adapters/ports.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/rest/client.h"

namespace edugate::adapters {

// Passes the files of the transcript `name` on to `writer`, by `operation` of the API v2.
async::Task<absl::Status> DownloadTranscriptFiles(async::CallContext& call, rest::Client& client,
                                                  const rest::Operation& operation,
                                                  const NameParts& name, DownloadWriter& writer);

}  // namespace edugate::adapters

#endif  // ADAPTERS_MEASUREONE_MEASUREONE_DOWNLOAD_H_
