#ifndef EDUGATE_SANDBOX_MEASUREONE_TRANSCRIPTS_H_
#define EDUGATE_SANDBOX_MEASUREONE_TRANSCRIPTS_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "nlohmann/json_fwd.hpp"
#include "sandbox/counter.h"
#include "sandbox/measureone_documents.h"
#include "sandbox/provider.h"
#include "sandbox/webhook_sender.h"

namespace edugate::sandbox::m1 {

// The transcripts of MeasureOne's API v2: handed in, processed in their time and viewed, with the
// webhooks that tell of it.
class Transcripts {
 public:
  // `documents` holds the files that transcripts are made from, `issued` numbers the transcripts;
  // both outlive it.
  Transcripts(Surroundings surroundings, const Documents& documents, Counter& issued);
  ~Transcripts();

  void Reset();

  Reply Create(const Request& request);
  Reply GetById(const Request& request);
  Reply GetDigest(const Request& request);
  Reply GetSummary(const Request& request);
  // The files that a transcript was made from, as a ZIP file.
  Reply GetFiles(const Request& request);

  // The student's record, fetched from the school.
  void Fetch(const std::string& external_id);

  // When the transcript is processed; nothing where there is none.
  std::optional<absl::Time> CompletionOf(const std::string& id) const;
  // Its digest; null where there is none.
  nlohmann::ordered_json DigestOf(const std::string& id) const;

 private:
  // A transcript as it was handed in; what is shown of it depends on the time.
  struct Transcript;

  // Takes a transcript in and sends the webhooks of its life.
  Reply Admit(Transcript transcript, bool at_once);
  void Announce(absl::Time due, const std::string& event, const Transcript& transcript);

  // Null where there is none.
  std::shared_ptr<const Transcript> Find(const std::string& id) const;

  // What every view of a transcript begins with.
  static nlohmann::ordered_json HeadOf(const Transcript& transcript);
  // And what it ends with.
  void AddTail(const Transcript& transcript, nlohmann::ordered_json& body) const;
  // A view of the transcript that the body names.
  Reply View(
      const Request& request,
      const std::function<void(const Transcript&, nlohmann::ordered_json& body)>& fill) const;

  const Surroundings surroundings_;
  const Documents& documents_;
  Counter& issued_;
  mutable absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<const Transcript>> transcripts_ ABSL_GUARDED_BY(mutex_);
  WebhookSender webhooks_;
};

}  // namespace edugate::sandbox::m1

#endif  // EDUGATE_SANDBOX_MEASUREONE_TRANSCRIPTS_H_
