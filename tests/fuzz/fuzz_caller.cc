// Anything that a caller says of itself and of its call. The first byte chooses what, its text is
// the rest.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/resource_name.h"
#include "edugate/v1/enrollment.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "runtime/errors/errors.h"
#include "services/admission.h"
#include "services/learner_name.h"
#include "services/read_mask.h"
#include "services/write_request.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {
namespace {

using services::LearnerName;

bool IsVisible(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

void RequireRefused(const absl::Status& status, v1::ErrorReason reason) {
  fuzz::Require(status.ok() || errors::ReasonOf(status) == reason, "a refusal has its reason");
}

void Certificate(const std::string& name) {
  const std::vector<services::CallerCredentials> all = {
      {.uris = {name}}, {.dns_names = {name, "second.example"}}, {.common_name = name}};
  for (const services::CallerCredentials& credentials : all) {
    const auto names = services::NamesOf(credentials, nullptr);
    RequireRefused(names.status(), v1::ERROR_REASON_CALLER_UNAUTHENTICATED);
    if (!names.ok()) continue;
    fuzz::Require(!names->empty(), "a caller that is known has a name");
    for (const std::string& each : *names) {
      fuzz::Require(absl::StartsWith(each, "cert:") && each.size() > 5 && IsVisible(each),
                    "a name can stand in a log and in a grant", each);
    }
  }
}

void Purpose(const std::string& text) {
  const auto purpose = services::PurposeOf({text});
  RequireRefused(purpose.status(), v1::ERROR_REASON_ARGUMENT_INVALID);
  if (!purpose.ok()) return;
  fuzz::Require(*purpose == text && text.size() <= services::kMaxPurposeBytes,
                "a purpose is kept as it is", text);
  fuzz::Require(
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f'; }),
      "a purpose can stand in the disclosure log", text);
}

void RequestId(const std::string& text) {
  const absl::Status checked = services::CheckRequestId(text);
  RequireRefused(checked, v1::ERROR_REASON_ARGUMENT_INVALID);
  fuzz::Require(!checked.ok() || (IsVisible(text) && text.size() <= 128), "a request id is short",
                text);
}

void Learner(const std::string& text) {
  for (const bool across : {false, true}) {
    const auto name =
        across ? services::ParseLearnerNameAcross(text) : services::ParseLearnerName(text);
    RequireRefused(name.status(), v1::ERROR_REASON_ARGUMENT_INVALID);
    if (!name.ok()) continue;
    std::string again = name->text;
    if (name->kind == LearnerName::Kind::kExternalId) {
      again = absl::StrCat(name->scope, "|", name->text);
      fuzz::Require(!name->scope.empty() && !name->text.empty(), "an external id has both parts");
    } else if (!name->scope.empty()) {
      fuzz::Require(across && adapters::IsConnectionId(name->scope),
                    "an id's scope is a connection");
      again = absl::StrCat(name->scope, ":", name->text);
    }
    fuzz::Require(again == text, "a learner is who was named", text);
    fuzz::Require(!across || name->kind != LearnerName::Kind::kProviderId || !name->scope.empty(),
                  "across connections an id says whose it is", text);
  }
}

void Mask(const std::string& text) {
  google::protobuf::FieldMask mask;
  mask.add_paths(text);
  v1::Enrollment record;
  record.set_name("connections/oa/enrollments/1");
  record.mutable_learner()->set_provider_id("11");
  record.mutable_learner()->set_email("a@example.org");
  const size_t whole = record.ByteSizeLong();
  const absl::Status checked = services::CheckReadMask(mask, v1::Enrollment::descriptor());
  RequireRefused(checked, v1::ERROR_REASON_ARGUMENT_INVALID);
  if (!checked.ok()) return;
  services::ApplyReadMask(mask, record);
  fuzz::Require(record.ByteSizeLong() <= whole, "a mask adds nothing", text);
  fuzz::Require(text == "*" || !record.has_learner() || absl::StartsWith(text, "learner"),
                "a mask leaves what it names", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Take = void (*)(const std::string&);
  constexpr Take kTakes[] = {Certificate, Purpose, RequestId, Learner, Mask};
  fuzz::Input input(data, size);
  const Take take = kTakes[input.Choice(std::size(kTakes))];
  take(std::string(input.Rest()));
  return 0;
}

}  // namespace edugate
