// Any record of a provider in the domain's terms. The first byte chooses the record, the second the
// view; the rest is the record as JSON.

#include <string>

#include "adapters/class_enrollment/class_enrollment_mapping.h"
#include "adapters/edx_enterprise/edx_assignment_mapping.h"
#include "adapters/edx_enterprise/edx_catalog_mapping.h"
#include "adapters/edx_enterprise/edx_enrollment_mapping.h"
#include "adapters/edx_enterprise/edx_license_mapping.h"
#include "adapters/measureone/measureone_transcript_mapping.h"
#include "adapters/measureone/measureone_verification_mapping.h"
#include "adapters/openapply/openapply_mapping.h"
#include "adapters/resource_name.h"
#include "adapters/utf8.h"
#include "runtime/codec/dates.h"
#include "runtime/codec/decimal.h"
#include "runtime/codec/json_decoder.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr char kConnection[] = "lincoln";

void RequireSoundValue(const Message& message) {
  const std::string& type = message.GetDescriptor()->full_name();
  if (type == "google.protobuf.Timestamp") {
    fuzz::Require(
        !codec::FormatRfc3339(static_cast<const google::protobuf::Timestamp&>(message)).empty(),
        "an instant is a valid one");
  } else if (type == "google.type.Date") {
    fuzz::Require(!codec::FormatDate(static_cast<const google::type::Date&>(message)).empty(),
                  "a date is a valid one");
  } else if (type == "google.type.Decimal") {
    const std::string& value = static_cast<const google::type::Decimal&>(message).value();
    fuzz::Require(codec::NormalizeDecimal(value) == value, "a decimal is a normal one", value);
  }
}

void RequireSound(const Message& message) {
  RequireSoundValue(message);
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
        fuzz::Require(adapters::IsUtf8(text), "text is UTF-8", field->full_name());
      }
    }
  }
}

void RequireName(adapters::Resource resource, const std::string& name) {
  if (name.empty() || name.size() > adapters::kMaxNameBytes) return;
  const auto parts = adapters::ParseName("name", resource, name);
  fuzz::Require(parts.ok() && parts->connection == kConnection, "a record's name can be asked for",
                name);
}

template <typename Record, typename Map>
void Run(absl::string_view body, Map map) {
  Record record;
  if (!codec::DecodeJson(std::string(body), {}, &record).ok()) return;
  const auto mapped = map(record);
  RequireSound(mapped);
  fuzz::Require(map(record).SerializeAsString().size() == mapped.SerializeAsString().size(),
                "the same record is mapped alike");
}

template <typename Record, typename Map>
void RunNamed(absl::string_view body, adapters::Resource resource, Map map) {
  Run<Record>(body, [&](const Record& record) {
    auto mapped = map(record);
    RequireName(resource, mapped.name());
    return mapped;
  });
}

// The learner whom the requests for licenses name.
constexpr char kLearner[] = "abc@example.com";

template <typename Request>
adapters::Routed<Request> ForLicenses(v1::View view) {
  adapters::Routed<Request> call{{kConnection, {"p1"}}, {}};
  call.request.add_learner_emails(kLearner);
  call.request.set_view(view);
  return call;
}

// `reported` is how many licenses the provider's reply is about.
void RequireResults(const google::protobuf::RepeatedPtrField<v1::LicenseResult>& results,
                    int reported) {
  bool answered = false;
  for (const v1::LicenseResult& each : results) {
    answered = answered || each.learner_email() == kLearner;
    RequireName(adapters::Resource::kLicense, each.license().name());
  }
  fuzz::Require(answered, "every learner who was named has a result");
  fuzz::Require(results.size() >= reported, "no result is lost");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace ce = provider::class_enrollment::v2;
  namespace edx = provider::edx_enterprise::v1;
  namespace m2 = provider::measureone::v2;
  namespace m3 = provider::measureone::v3;
  namespace oa = provider::openapply::v3;
  using adapters::Resource;
  fuzz::Input input(data, size);
  const size_t choice = input.Choice(20);
  const bool full = input.Choice(2) == 1;
  const v1::View view = full ? v1::VIEW_FULL : v1::VIEW_BASIC;
  const adapters::CatalogScope scope{kConnection, "catalog"};
  const absl::string_view body = input.Rest();
  switch (choice) {
    case 0:
      RunNamed<oa::Reenrollment>(body, Resource::kEnrollment, [&](const auto& record) {
        return adapters::ToEnrollment(record, kConnection, view);
      });
      break;
    case 1:
      RunNamed<ce::ClassEnrollment>(body, Resource::kEnrollment, [&](const auto& record) {
        return adapters::ToEnrollment(record, kConnection, view);
      });
      break;
    case 2:
      RunNamed<edx::LearnerEnrollment>(body, Resource::kEnrollment, [&](const auto& record) {
        return adapters::ToEnrollment(record, kConnection, view);
      });
      break;
    case 3:
      RunNamed<edx::Catalog>(body, Resource::kCatalog, [&](const auto& record) {
        return adapters::ToCatalog(record, kConnection, view);
      });
      break;
    case 4:
      RunNamed<edx::Course>(body, Resource::kCourse, [&](const auto& record) {
        return adapters::ToCourse(record, scope, view);
      });
      break;
    case 5:
      RunNamed<edx::CourseRun>(body, Resource::kCourseRun, [&](const auto& record) {
        return adapters::ToCourseRun(record, scope, view);
      });
      break;
    case 6:
      RunNamed<edx::Program>(body, Resource::kProgram, [&](const auto& record) {
        return adapters::ToProgram(record, scope, view);
      });
      break;
    case 7:
      Run<edx::ContentItem>(
          body, [&](const auto& record) { return adapters::ToCatalogItem(record, scope, view); });
      break;
    case 8:
      RunNamed<edx::SubscriptionPlan>(body, Resource::kSubscriptionPlan, [&](const auto& record) {
        return adapters::ToSubscriptionPlan(record, kConnection, view);
      });
      break;
    case 9:
      RunNamed<edx::Assignment>(body, Resource::kAssignment, [&](const auto& record) {
        return adapters::ToAssignment(record, kConnection, view);
      });
      break;
    case 10:
      RunNamed<m2::Transcript>(body, Resource::kTranscript, [&](const auto& record) {
        return adapters::ToTranscript(record, kConnection,
                                      full ? v1::TRANSCRIPT_VIEW_FULL : v1::TRANSCRIPT_VIEW_BASIC);
      });
      break;
    case 11:
      RunNamed<m2::School>(body, Resource::kSchool, [&](const auto& record) {
        return adapters::ToSchool(record, kConnection, "US", view);
      });
      break;
    case 12:
      Run<m3::EnrollmentStatusReport>(body, [&](const auto& record) {
        return adapters::ToVerification(record, kConnection, view);
      });
      break;
    case 13:
      Run<m2::MeritScore>(body, [&](const auto& record) {
        return adapters::ToScore(record, "connections/lincoln/transcripts/t", view);
      });
      break;
    case 15:
      Run<edx::AllocateAssignmentsReply>(body, [&](const auto& reply) {
        auto mapped = adapters::ToAllocateResponse(reply, kConnection, view);
        for (const auto* each : {&mapped.created(), &mapped.updated(), &mapped.no_change()}) {
          for (const v1::Assignment& one : *each) RequireName(Resource::kAssignment, one.name());
        }
        return mapped;
      });
      break;
    case 16:
      Run<edx::AssignLicensesReply>(body, [&](const auto& reply) {
        const auto call = ForLicenses<v1::AssignLicensesRequest>(view);
        auto mapped = adapters::ToAssignResponse(reply, call);
        RequireResults(mapped.results(), reply.license_assignments_size());
        return mapped;
      });
      break;
    case 17:
      Run<edx::RevokeLicensesReply>(body, [&](const auto& reply) {
        const auto call = ForLicenses<v1::RevokeLicensesRequest>(view);
        auto mapped = adapters::ToRevokeResponse(reply, /*silent=*/!full, call);
        RequireResults(mapped.results(),
                       reply.successful_revocations_size() + reply.unsuccessful_revocations_size());
        return mapped;
      });
      break;
    case 18:
      RunNamed<m2::TranscriptSession>(
          body, Resource::kTranscriptAccessSession, [&](const auto& record) {
            return adapters::ToSession(record, kConnection,
                                       v1::TRANSCRIPT_ACCESS_STATE_MFA_REQUIRED);
          });
      break;
    case 19:
      Run<m2::SourceDataReference>(body, [&](const auto& record) {
        return adapters::ToUploadedFile(record, "application/pdf");
      });
      break;
    default:
      Run<m2::GradScore>(body, [&](const auto& record) {
        return adapters::ToScore(record, "connections/lincoln/transcripts/t", view);
      });
      break;
  }
  return 0;
}

}  // namespace edugate
