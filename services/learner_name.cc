#include "services/learner_name.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "adapters/resource_name.h"
#include "runtime/errors/errors.h"

namespace edugate::services {
namespace {

constexpr char kField[] = "learner";

// `issuer|id`, as health care writes the same (HL7 FHIR, search parameters of type token). No
// provider's ids have a bar.
absl::StatusOr<std::optional<LearnerName>> ParseExternalId(absl::string_view text) {
  const size_t bar = text.find('|');
  if (bar == absl::string_view::npos) return std::nullopt;
  if (bar == 0 || bar + 1 == text.size()) {
    return errors::ArgumentInvalid(kField, "takes an external id as {issuer}|{id}");
  }
  return LearnerName{LearnerName::Kind::kExternalId, std::string(text.substr(0, bar)),
                     std::string(text.substr(bar + 1))};
}

absl::Status Unsupported(const char* why) {
  return errors::FromProvider({.reason = v1::ERROR_REASON_FILTER_UNSUPPORTED,
                               .message = absl::StrCat(kField, ": ", why),
                               .fields = {{kField, why}}},
                              {});
}

std::optional<LearnerName> ParseEmail(absl::string_view text) {
  const size_t at = text.find('@');
  if (at == absl::string_view::npos || at == 0 || at + 1 == text.size()) return std::nullopt;
  return LearnerName{LearnerName::Kind::kEmail, "", std::string(text)};
}

}  // namespace

absl::StatusOr<LearnerName> ParseLearnerName(absl::string_view text) {
  auto external = ParseExternalId(text);
  if (!external.ok()) return external.status();
  if (external->has_value()) return **std::move(external);
  if (auto email = ParseEmail(text)) return *std::move(email);
  return LearnerName{LearnerName::Kind::kProviderId, "", std::string(text)};
}

absl::StatusOr<LearnerName> ParseLearnerNameAcross(absl::string_view text) {
  auto external = ParseExternalId(text);
  if (!external.ok()) return external.status();
  if (external->has_value()) return **std::move(external);
  const size_t colon = text.find(':');
  if (colon != absl::string_view::npos && colon + 1 < text.size() &&
      adapters::IsConnectionId(text.substr(0, colon))) {
    return LearnerName{LearnerName::Kind::kProviderId, std::string(text.substr(0, colon)),
                       std::string(text.substr(colon + 1))};
  }
  if (auto email = ParseEmail(text)) return *std::move(email);
  return errors::ArgumentInvalid(kField,
                                 "across connections takes {connection}:{the provider's id there}, "
                                 "an e-mail address or {issuer}|{id}");
}

absl::Status AskForLearner(const LearnerName& learner, const adapters::Connection& connection,
                           const adapters::ListTraits& traits, adapters::EnrollmentQuery& query) {
  switch (learner.kind) {
    case LearnerName::Kind::kProviderId:
      if (!learner.scope.empty() && learner.scope != connection.id) {
        return Unsupported("the id is of another connection");
      }
      if (!traits.by_learner) {
        return Unsupported("the provider can't list one learner's records");
      }
      query.learner = learner.text;
      return absl::OkStatus();
    case LearnerName::Kind::kEmail:
      if (!traits.by_learner_email) {
        return Unsupported("the provider can't find a learner by e-mail address");
      }
      query.learner_email = learner.text;
      return absl::OkStatus();
    case LearnerName::Kind::kExternalId:
      if (!traits.by_learner_external_id || connection.learner_id_issuer != learner.scope) {
        return Unsupported("the connection's learners are not known by ids of this issuer");
      }
      query.learner_external_id = learner.text;
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

}  // namespace edugate::services
