#include "tests/fuzz/provider_messages.h"

#include <algorithm>

#include "adapters/utf8.h"
#include "edugate/provider/class_enrollment/v2/class_enrollment.pb.h"
#include "edugate/provider/edx_enterprise/v1/assignment.pb.h"
#include "edugate/provider/edx_enterprise/v1/catalog.pb.h"
#include "edugate/provider/edx_enterprise/v1/edx_enterprise.pb.h"
#include "edugate/provider/edx_enterprise/v1/learner.pb.h"
#include "edugate/provider/edx_enterprise/v1/subscription.pb.h"
#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "edugate/provider/measureone/v2/transcript.pb.h"
#include "edugate/provider/measureone/v3/measureone.pb.h"
#include "edugate/provider/openapply/v3/openapply.pb.h"
#include "edugate/rest/v1/options.pb.h"
#include "runtime/auth/token_reply.pb.h"
#include "runtime/codec/json_text.h"
#include "runtime/codec/testdata/codec_test.pb.h"
#include "tests/fuzz/invariant.h"

namespace edugate::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

template <typename T>
ProviderMessage Of(absl::string_view response_field = "") {
  return {&T::default_instance(), response_field};
}

void RequireSound(const Message& message) {
  if (message.GetDescriptor() == rest::v1::UnknownField::descriptor()) {
    const auto& unknown = static_cast<const rest::v1::UnknownField&>(message);
    Require(codec::IsJsonText(unknown.json()), "an unknown field is JSON", unknown.json());
    Require(codec::SplitPath(unknown.path()).has_value(), "an unknown field's path is one",
            unknown.path());
  }
  std::vector<const FieldDescriptor*> set;
  const Reflection& reflection = *message.GetReflection();
  reflection.ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        RequireSound(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                          : reflection.GetMessage(message, field));
      } else if (field->type() == FieldDescriptor::TYPE_STRING) {
        const std::string text = field->is_repeated()
                                     ? reflection.GetRepeatedString(message, field, i)
                                     : reflection.GetString(message, field);
        Require(adapters::IsUtf8(text), "decoded text is UTF-8", field->full_name());
      }
    }
  }
}

}  // namespace

const std::vector<ProviderMessage>& ProviderMessages() {
  namespace ce = provider::class_enrollment::v2;
  namespace edx = provider::edx_enterprise::v1;
  namespace m2 = provider::measureone::v2;
  namespace m3 = provider::measureone::v3;
  namespace oa = provider::openapply::v3;
  static const auto* messages = new std::vector<ProviderMessage>{
      Of<oa::ReenrollmentPage>(),
      Of<oa::ReenrollmentEnvelope>(),
      Of<oa::Reenrollment>(),
      Of<ce::ClassEnrollmentReply>(),
      Of<ce::ClassEnrollment>(),
      Of<m2::Transcript>(),
      Of<m2::Digest>(),
      Of<m2::AcademicRecord>(),
      Of<m2::EnrollmentSummary>(),
      Of<m2::MeritScore>(),
      Of<m2::GradScore>(),
      Of<m2::TranscriptReference>(),
      Of<m2::UploadTranscriptFilesReply>("files"),
      Of<m2::TranscriptSession>(),
      Of<m2::ListSchoolsReply>("schools"),
      Of<m2::School>(),
      Of<m2::ErrorReply>(),
      Of<m2::WebhookEvent>(),
      Of<m2::SourceData>(),
      Of<m3::EnrollmentStatusReport>(),
      Of<m3::AccessToken>(),
      Of<m3::InvalidateAccessTokenReply>(),
      Of<m3::ErrorReply>(),
      Of<m3::WebhookEvent>(),
      Of<edx::LearnerEnrollmentPage>(),
      Of<edx::LearnerEnrollment>(),
      Of<edx::BulkEnrollReply>(),
      Of<edx::CatalogPage>(),
      Of<edx::Catalog>(),
      Of<edx::ContentPage>(),
      Of<edx::ContentItem>(),
      Of<edx::Course>(),
      Of<edx::CourseRun>(),
      Of<edx::Program>(),
      Of<edx::SubscriptionPage>(),
      Of<edx::SubscriptionPlan>(),
      Of<edx::AssignLicensesReply>(),
      Of<edx::RevokeLicensesReply>(),
      Of<edx::AllocateAssignmentsReply>(),
      Of<edx::Assignment>(),
      Of<edx::AssignmentActionReply>(),
      Of<edx::AssignmentPage>(),
      Of<edx::SubsidyAccessPolicyPage>(),
      Of<edx::SubsidyAccessPolicy>(),
      Of<edx::ErrorBody>(),
      Of<auth::TokenReply>(),
      Of<codec::testing::Everything>(),
      Of<ce::UserReply>(),
      Of<ce::User>(),
  };
  return *messages;
}

void RequireSoundMessage(const Message& message, absl::string_view body) {
  RequireSound(message);
  // A byte of a body explains some bytes of a message: a path beside an unknown value, the frame
  // around an empty object. It never explains a multiple that grows with the body.
  constexpr size_t kMostPerByte = 64;
  constexpr size_t kMostAtAll = 4096;
  Require(message.ByteSizeLong() <= kMostAtAll + kMostPerByte * body.size(),
          "a message does not outgrow its body");
}

void RequireDiscreetText(absl::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(),
                                 [](char c) { return c >= ' ' && c < 0x7f && c != '@'; });
  Require(plain, "a complaint about a body repeats nothing of it", text);
}

void DiscreetDrift::OnUnknownField(absl::string_view, absl::string_view path) {
  RequireDiscreetText(path);
}
void DiscreetDrift::OnIllFitting(absl::string_view, absl::string_view path) {
  RequireDiscreetText(path);
}
void DiscreetDrift::OnMissing(absl::string_view, absl::string_view path) {
  RequireDiscreetText(path);
}
void DiscreetDrift::OnNewEnumValue(absl::string_view, absl::string_view path) {
  RequireDiscreetText(path);
}

}  // namespace edugate::fuzz
