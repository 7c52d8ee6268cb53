#include "sandbox/measureone_transcripts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "nlohmann/json.hpp"
#include "sandbox/json_body.h"
#include "sandbox/measureone_ids.h"
#include "sandbox/measureone_records.h"
#include "sandbox/measureone_replies.h"
#include "sandbox/zip_file.h"

namespace edugate::sandbox::m1 {
namespace {

using Json = nlohmann::ordered_json;

// The sessions of a record without what an enrollment summary leaves out.
Json SummaryOf(const Json& raw) {
  Json summary = raw;
  summary.erase("previous_academic_record");
  Json degrees = Json::array();
  for (Json& session : summary["academic_sessions"]) {
    for (Json& degree : session["degrees"]) degrees.push_back(degree);
    session.erase("courses");
    session.erase("degrees");
    session.erase("academic_summary");
    session.erase("other_attributes");
  }
  summary["degrees"] = std::move(degrees);
  return summary;
}

// The document's types: a digest's numbers are numbers and not text.
bool AreNumbers(const Json& digest) {
  if (!digest.is_object()) return false;
  for (const char* name : {"years_in_school", "cgpa", "last_term_gpa", "credits_earned"}) {
    if (digest.contains(name) && !digest[name].is_number()) return false;
  }
  return true;
}

}  // namespace

struct Transcripts::Transcript {
  std::string id;
  Json external_id;
  Json school_unit_id;
  Json source_data;
  Json raw;
  Json digest;
  absl::Time created;
  absl::Time completed;

  const char* State(absl::Time now) const {
    if (now >= completed) return "COMPLETED";
    return now < created + (completed - created) / 2 ? "PENDING" : "IN_PROGRESS";
  }
};

Transcripts::Transcripts(Surroundings surroundings, const Documents& documents, Counter& issued)
    : surroundings_(std::move(surroundings)),
      documents_(documents),
      issued_(issued),
      webhooks_(surroundings_.now) {
  Reset();
}

Transcripts::~Transcripts() = default;

void Transcripts::Reset() {
  webhooks_.Clear();
  absl::MutexLock lock(&mutex_);
  transcripts_.clear();

  const Json full = Json::parse(kDocumentedTranscript);
  Transcript documented;
  documented.id = kTranscriptId;
  documented.external_id = full["external_id"];
  documented.school_unit_id = full["school_unit_id"];
  documented.source_data = full["source_data"];
  documented.raw = full["raw"];
  documented.digest = full["digest"];
  documented.created = absl::FromUnixMillis(full["created_at"].get<int64_t>());
  documented.completed = absl::FromUnixMillis(full["updated_at"].get<int64_t>());

  Transcript from_digest = documented;
  from_digest.id = kDigestTranscriptId;
  from_digest.school_unit_id = nullptr;
  from_digest.raw = nullptr;
  from_digest.digest =
      Json{{"degree_type", "BACHELORS"}, {"years_in_school", 2}, {"min_grade", "D"}, {"cgpa", 3.3},
           {"last_term_gpa", 3.5},       {"credits_earned", 65}};
  from_digest.source_data = Json::array({Json{{"referrer", "USER"},
                                              {"source_data_type", "M1_DIGEST"},
                                              {"source_data_value", from_digest.digest}}});

  Transcript stuck = documented;
  stuck.id = kStuckId;
  stuck.completed = absl::InfiniteFuture();
  Transcript unscorable = from_digest;
  unscorable.id = kUnscorableId;
  unscorable.digest.erase("cgpa");
  for (Transcript* each : {&documented, &from_digest, &stuck, &unscorable}) {
    transcripts_[each->id] = std::make_shared<const Transcript>(*each);
  }
}

Reply Transcripts::Create(const Request& request) {
  const Json body = JsonBody(request);
  if (!body.is_object() || !body.contains("source_data") || !body["source_data"].is_array() ||
      body["source_data"].empty()) {
    return ErrorReply(400, "MISSING_FIELDS", "source_data is required");
  }
  const Json full = Json::parse(kDocumentedTranscript);
  Transcript transcript;
  transcript.external_id = body.value("external_id", Json());
  transcript.school_unit_id = body.value("school_unit_id", Json());
  transcript.source_data = body["source_data"];
  transcript.raw = full["raw"];
  transcript.digest = full["digest"];
  bool at_once = false;
  for (Json& source : transcript.source_data) {
    const bool value = source.contains("source_data_value");
    if (value == source.contains("source_data_reference") ||
        (value && transcript.source_data.size() > 1)) {
      return ErrorReply(400, "VALIDATION_FAILED", "source_data is not valid");
    }
    const std::string type = TextAt(source, "source_data_type");
    if (!value) {
      const std::string uri = TextAt(source["source_data_reference"], "uri");
      if (absl::StartsWith(uri, "m1://") && documents_.Find(uri) == nullptr) {
        return ErrorReply(400, "VALIDATION_FAILED", "uri is not known");
      }
      continue;
    }
    at_once = true;
    if (type == "M1_DIGEST") {
      if (!AreNumbers(source["source_data_value"])) {
        return ErrorReply(400, "VALIDATION_FAILED", "source_data_value is not an M1_DIGEST");
      }
      transcript.digest = source["source_data_value"];
      transcript.raw = nullptr;
    } else if (type == "M1_TRANSCRIPT") {
      transcript.raw = source["source_data_value"];
    } else {
      return ErrorReply(400, "VALIDATION_FAILED", "source_data_type is not valid");
    }
  }
  return Admit(std::move(transcript), at_once);
}

Reply Transcripts::GetById(const Request& request) {
  return View(request, [](const Transcript& transcript, Json& body) {
    if (!transcript.raw.is_null()) body["raw"] = transcript.raw;
    body["digest"] = transcript.digest;
  });
}

Reply Transcripts::GetDigest(const Request& request) {
  return View(request,
              [](const Transcript& transcript, Json& body) { body["digest"] = transcript.digest; });
}

Reply Transcripts::GetSummary(const Request& request) {
  return View(request, [this](const Transcript& transcript, Json& body) {
    if (transcript.raw.is_null()) return;
    // State and times are inside, as in the document's sample.
    Json summary = SummaryOf(transcript.raw);
    AddTail(transcript, summary);
    body["enrollment_summary"] = std::move(summary);
  });
}

Reply Transcripts::GetFiles(const Request& request) {
  const std::string id = request.Argument("transcript_id").value_or("");
  std::vector<ZipEntry> entries;
  if (absl::StartsWith(id, kLargePrefix)) {
    constexpr int64_t kMaxMegabytes = 1024;
    const std::optional<int64_t> megabytes = WholeNumber(id.substr(kLargePrefix.size()));
    if (!megabytes || *megabytes > kMaxMegabytes) {
      return ErrorReply(404, "TRANSCRIPT_NOT_FOUND", "Transcript not found");
    }
    entries.push_back({"scan.tiff", std::string(static_cast<size_t>(*megabytes) << 20, 'x')});
  } else {
    const auto transcript = Find(id);
    if (transcript == nullptr) {
      return ErrorReply(404, "TRANSCRIPT_NOT_FOUND", "Transcript not found");
    }
    for (const Json& source : transcript->source_data) {
      if (!source.contains("source_data_reference")) continue;
      const auto document = documents_.Find(TextAt(source["source_data_reference"], "uri"));
      if (document == nullptr) continue;
      entries.push_back({document->file_name, document->content});
    }
  }
  if (entries.empty()) return ErrorReply(404, "FILES_NOT_FOUND", "The transcript has no files");
  Reply reply;
  reply.content_type = "application/zip";
  reply.body = ZipOf(entries);
  return reply;
}

void Transcripts::Fetch(const std::string& external_id) {
  const Json full = Json::parse(kDocumentedTranscript);
  Transcript transcript;
  transcript.external_id = external_id;
  transcript.source_data = full["source_data"];
  transcript.raw = full["raw"];
  transcript.digest = full["digest"];
  Admit(std::move(transcript), /*at_once=*/false);
}

std::optional<absl::Time> Transcripts::CompletionOf(const std::string& id) const {
  const auto transcript = Find(id);
  if (transcript == nullptr) return std::nullopt;
  return transcript->completed;
}

nlohmann::ordered_json Transcripts::DigestOf(const std::string& id) const {
  const auto transcript = Find(id);
  return transcript == nullptr ? Json() : transcript->digest;
}

Reply Transcripts::Admit(Transcript transcript, bool at_once) {
  const absl::Time now = surroundings_.now();
  transcript.created = now;
  transcript.completed = at_once ? now : now + surroundings_.settings().processing_time;
  {
    absl::MutexLock lock(&mutex_);
    transcript.id = NewId("trc", issued_);
    transcripts_[transcript.id] = std::make_shared<const Transcript>(transcript);
  }
  Announce(now, "transcript.created", transcript);
  Announce(transcript.completed, "transcript.processed", transcript);
  return Answer({{"id", transcript.id}, {"processing_status", transcript.State(now)}});
}

void Transcripts::Announce(absl::Time due, const std::string& event, const Transcript& transcript) {
  Json body;
  body["transcript_id"] = transcript.id;
  if (!transcript.external_id.is_null()) body["external_id"] = transcript.external_id;
  body["event"] = event;
  webhooks_.Send(due, {.url = surroundings_.settings().webhook_url,
                       .authorization = kMeasureOneWebhookSecret,
                       .user_agent = "M1-Webhook/1.0",
                       .body = body.dump()});
}

std::shared_ptr<const Transcripts::Transcript> Transcripts::Find(const std::string& id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = transcripts_.find(id);
  return found == transcripts_.end() ? nullptr : found->second;
}

Json Transcripts::HeadOf(const Transcript& transcript) {
  Json body;
  body["id"] = transcript.id;
  if (!transcript.external_id.is_null()) body["external_id"] = transcript.external_id;
  if (!transcript.school_unit_id.is_null()) body["school_unit_id"] = transcript.school_unit_id;
  body["source_data"] = transcript.source_data;
  return body;
}

void Transcripts::AddTail(const Transcript& transcript, Json& body) const {
  const absl::Time now = surroundings_.now();
  body["processing_status"] = transcript.State(now);
  body["created_at"] = absl::ToUnixMillis(transcript.created);
  body["updated_at"] = absl::ToUnixMillis(std::min(now, transcript.completed));
}

Reply Transcripts::View(const Request& request,
                        const std::function<void(const Transcript&, Json& body)>& fill) const {
  const std::string id = TextAt(JsonBody(request), "id");
  if (id.empty()) return ErrorReply(400, "MISSING_FIELDS", "id is required");
  const auto transcript = Find(id);
  if (transcript == nullptr) {
    return ErrorReply(404, "TRANSCRIPT_NOT_FOUND", "Transcript not found");
  }
  Json body = HeadOf(*transcript);
  if (surroundings_.now() >= transcript->completed) fill(*transcript, body);
  if (!body.contains("enrollment_summary")) AddTail(*transcript, body);
  return Answer(body);
}

}  // namespace edugate::sandbox::m1
