#include "sandbox/measureone_scores.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "sandbox/json_body.h"
#include "sandbox/measureone_replies.h"

namespace edugate::sandbox::m1 {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kDigestNames[] = {"degree_type", "years_in_school", "min_grade",
                                        "cgpa",        "last_term_gpa",   "credits_earned"};

}  // namespace

Scores::Scores(Surroundings surroundings, const Transcripts& transcripts)
    : surroundings_(std::move(surroundings)), transcripts_(transcripts) {}

Reply Scores::MeritScore(const Request& request) {
  if (auto refusal = RefuseScore(request)) return *refusal;
  return Answer({{"merit_score", 698},
                 {"aa_code_1", 3},
                 {"aa_code_2", 1},
                 {"aa_code_3", 4},
                 {"version", "v1.2"}});
}

Reply Scores::GradScore(const Request& request) {
  if (auto refusal = RefuseScore(request)) return *refusal;
  return Answer({{"grad_score", 652},
                 {"aa_code_1", 2},
                 {"aa_code_2", 3},
                 {"aa_code_3", 1},
                 {"version", "v1.1"}});
}

std::optional<Reply> Scores::RefuseScore(const Request& request) {
  const Json body = JsonBody(request);
  const bool listed = body.is_object() && body.contains("transcripts") &&
                      body["transcripts"].is_array() && body["transcripts"].size() == 1;
  if (!listed) return ErrorReply(400, "VALIDATION_FAILED", "exactly one transcript is required");
  const std::string id = TextAt(body["transcripts"][0], "id");
  const std::optional<absl::Time> completion = transcripts_.CompletionOf(id);
  if (!completion) return ErrorReply(404, "TRANSCRIPT_NOT_FOUND", "Transcript not found");
  if (surroundings_.now() < *completion) {
    return ErrorReply(400, "TRANSCRIPT_NOT_PROCESSED", "The transcript is not processed");
  }
  const Json digest = transcripts_.DigestOf(id);
  for (const char* name : kDigestNames) {
    if (!digest.contains(name) || digest[name].is_null()) {
      return ErrorReply(400, "VALIDATION_FAILED", absl::StrCat(name, " is required"));
    }
  }
  return std::nullopt;
}

}  // namespace edugate::sandbox::m1
