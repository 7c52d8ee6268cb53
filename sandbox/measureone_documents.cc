#include "sandbox/measureone_documents.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "sandbox/measureone_ids.h"
#include "sandbox/measureone_replies.h"

namespace edugate::sandbox::m1 {

using Json = nlohmann::ordered_json;

Documents::Documents(Surroundings surroundings, Counter& issued)
    : surroundings_(std::move(surroundings)), issued_(issued) {
  Reset();
}

void Documents::Reset() {
  absl::MutexLock lock(&mutex_);
  documents_.clear();
  documents_["m1://sdr_1KXGeat97YnOR8AHM4AZWYOAcog"] =
      std::make_shared<const Document>(Document{"fileX.pdf", "%PDF-1.4 the document's\n"});
}

Reply Documents::Upload(const Request& request) {
  Json reply = Json::array();
  absl::MutexLock lock(&mutex_);
  for (const Part& part : request.parts) {
    if (part.name != "files[]") continue;
    const std::string uri = absl::StrCat("m1://", NewId("sdr", issued_));
    documents_[uri] = std::make_shared<const Document>(Document{part.file_name, part.content});
    reply.push_back({{"uri", uri},
                     {"file_name", part.file_name},
                     {"created_at", absl::ToUnixMillis(surroundings_.now())}});
  }
  if (reply.empty()) return ErrorReply(400, "MISSING_FIELDS", "files are required");
  return Answer(reply);
}

std::shared_ptr<const Document> Documents::Find(const std::string& uri) const {
  absl::MutexLock lock(&mutex_);
  const auto found = documents_.find(uri);
  return found == documents_.end() ? nullptr : found->second;
}

}  // namespace edugate::sandbox::m1
