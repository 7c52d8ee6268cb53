#include "services/field_scopes.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "adapters/filter.h"
#include "edugate/v1/enrollment.pb.h"
#include "edugate/v1/license.pb.h"
#include "edugate/v1/license_service.pb.h"
#include "runtime/errors/errors.h"
#include "runtime/privacy/classification.h"
#include "services/caller_rights.h"
#include "services/learner_name.h"

namespace edugate::services {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr absl::string_view kOurPackage = "edugate.v1.";

// A field that may hold the value of another one, too (OpenApply: `custom_id`): it is hidden with
// it.
constexpr char kStudentNumber[] = "Learner.student_number";
constexpr char kHoldsStudentNumber[] = "Learner.identifiers";

// Single fields are those of edugate's own messages, by the message's short name.
bool IsNamed(const std::set<std::string>& hidden, const FieldDescriptor& field) {
  if (hidden.empty()) return false;
  const Descriptor& message = *field.containing_type();
  if (!absl::StartsWith(message.full_name(), kOurPackage)) return false;
  const std::string name = absl::StrCat(message.name(), ".", field.name());
  return hidden.count(name) > 0 ||
         (name == kHoldsStudentNumber && hidden.count(kStudentNumber) > 0);
}

bool Hides(const FieldScope& scope, const FieldDescriptor& field) {
  return !scope.Sees(privacy::ClassOf(field)) || IsNamed(scope.hidden_fields(), field);
}

// Whether single fields are hidden. Which fields of a provider hold the same isn't known.
bool HidesSingleFields(const FieldScope& scope) { return !scope.hidden_fields().empty(); }

// What a scope says, as a key.
void AppendKey(const FieldScope& scope, std::string* key) {
  for (int i = 0; i < privacy::v1::DataClass_ARRAYSIZE; ++i) {
    key->push_back(scope.Sees(static_cast<privacy::v1::DataClass>(i)) ? '1' : '0');
  }
  for (const std::string& field : scope.hidden_fields()) absl::StrAppend(key, ",", field);
  key->push_back(';');
}

absl::Status Denied(const async::CallContext& call, absl::string_view field,
                    absl::string_view why) {
  return errors::WithMetadata(
      errors::CallerDenied(absl::StrCat("the caller doesn't see ", field, ", and so can't ", why),
                           call.method(), call.connection()),
      "field", field);
}

// Names in filters that aren't paths of the record, and what they narrow by.
struct Alias {
  absl::string_view name;
  absl::string_view path;
};
constexpr std::array kEnrollmentAliases = {
    Alias{"class_id", "course.provider_id"},
    Alias{"class_name", "course.title"},
    Alias{"decision_date", "acceptance_date"},
    Alias{"year", "academic_session.school_year"},
};

std::string PathOf(const std::string& name) {
  for (const Alias& alias : kEnrollmentAliases) {
    if (alias.name == absl::string_view(name)) return std::string(alias.path);
  }
  return name;
}

// Whether the request's filter and order are those of enrollments. Other lists hold nothing of
// persons.
bool ListsEnrollments(const Message& request) {
  const std::string& name = request.GetDescriptor()->name();
  return name == "ListEnrollmentsRequest" || name == "StreamEnrollmentsRequest";
}

// The first field with a value, at any depth, by which a provider's message may not ask: a hidden
// one, an order, or what may hold anything. Null where there is none.
const FieldDescriptor* FirstRefused(const privacy::FieldScreen& screen, const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    const bool orders = field->name() == "ordering" || field->name() == "sort";
    if (orders || screen.HidesPath(*message.GetDescriptor(), field->name())) return field;
    if (field->message_type() == nullptr) continue;
    if (field->message_type() == google::protobuf::Any::descriptor()) return field;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const Message& inside = field->is_repeated()
                                  ? reflection.GetRepeatedMessage(message, field, i)
                                  : reflection.GetMessage(message, field);
      if (const FieldDescriptor* refused = FirstRefused(screen, inside)) return refused;
    }
  }
  return nullptr;
}

// The field of an enrollment that a request's learner is compared with; empty where the request
// names none, or nobody that can be asked for.
absl::string_view LearnerFieldOf(const Message& request, absl::string_view connection) {
  const std::string text = StringOf(request, "learner");
  if (text.empty()) return "";
  const auto learner = connection == "-" ? ParseLearnerNameAcross(text) : ParseLearnerName(text);
  if (!learner.ok()) return "";  // The handler refuses it.
  switch (learner->kind) {
    case LearnerName::Kind::kEmail:
      return "learner.email";
    case LearnerName::Kind::kExternalId:
      return "learner.identifiers";
    case LearnerName::Kind::kProviderId:
      return "learner.provider_id";
  }
  return "";
}

}  // namespace

std::string StringOf(const Message& message, absl::string_view name) {
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(std::string(name));
  if (field == nullptr || field->is_repeated() ||
      field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    return "";
  }
  return message.GetReflection()->GetString(message, field);
}

absl::string_view ConnectionIn(absl::string_view name) {
  constexpr absl::string_view kPrefix = "connections/";
  if (!absl::StartsWith(name, kPrefix)) return {};
  name.remove_prefix(kPrefix.size());
  return name.substr(0, name.find('/'));
}

std::string NameOfRecord(const Message& record) {
  std::string name = StringOf(record, "name");
  return name.empty() ? StringOf(record, "transcript") : name;
}

bool FieldScopes::Limits(const async::CallContext& call) {
  const CallerRights* const rights = RightsOf(call);
  return rights != nullptr && !rights->sees_everything();
}

const privacy::FieldScreen* FieldScopes::ScreenFor(const async::CallContext& call,
                                                   absl::string_view connection) {
  const CallerRights* const rights = RightsOf(call);
  if (rights == nullptr || rights->sees_everything()) return nullptr;
  bool every = connection.empty() || connection == "-";
  std::vector<FieldScope> scopes;
  for (const auto& grant : rights->grants()) {
    if (every || grant->Covers(connection)) scopes.push_back(grant->scope);
  }
  if (scopes.empty()) {
    // A record of a connection that no grant covers, which nobody should have got so far: what any
    // of them hides is hidden.
    every = true;
    for (const auto& grant : rights->grants()) scopes.push_back(grant->scope);
  }
  const auto sees_everything = [](const FieldScope& scope) { return scope.sees_everything(); };
  if (!every && std::any_of(scopes.begin(), scopes.end(), sees_everything)) return nullptr;
  std::string key = every ? "all " : "one ";
  for (const FieldScope& scope : scopes) AppendKey(scope, &key);
  const std::lock_guard<std::mutex> lock(mutex_);
  std::unique_ptr<privacy::FieldScreen>& screen = screens_[key];
  if (screen == nullptr) {
    std::vector<privacy::ScreenRules> views;
    if (every) {
      // What one grant doesn't show is hidden.
      const bool packed = std::any_of(scopes.begin(), scopes.end(), HidesSingleFields);
      const auto hides = [scopes = std::move(scopes)](const FieldDescriptor& field) {
        return std::any_of(scopes.begin(), scopes.end(),
                           [&field](const FieldScope& scope) { return Hides(scope, field); });
      };
      views.push_back({.hides = hides, .hides_packed = packed});
    } else {
      for (FieldScope& scope : scopes) {
        const bool packed = HidesSingleFields(scope);
        const auto hides = [scope = std::move(scope)](const FieldDescriptor& field) {
          return Hides(scope, field);
        };
        views.push_back({.hides = hides, .hides_packed = packed});
      }
    }
    screen = std::make_unique<privacy::FieldScreen>(std::move(views));
  }
  return screen.get();
}

absl::Status FieldScopes::CheckNative(const async::CallContext& call, const Message& request) {
  const privacy::FieldScreen* const screen = ScreenFor(call, call.connection());
  if (screen == nullptr) return absl::OkStatus();
  const CallerRights* const rights = RightsOf(call);
  for (const Grant* grant : rights->GrantsFor(call.connection())) {
    if (HidesSingleFields(grant->scope)) {
      return errors::CallerDenied(
          "fields that the grant hides can't be told in a provider's own messages", call.method(),
          call.connection());
    }
  }
  const Descriptor& type = *request.GetDescriptor();
  if (privacy::IsOpenShape(type)) return Denied(call, type.full_name(), "ask by it");
  const FieldDescriptor* const refused = FirstRefused(*screen, request);
  return refused == nullptr ? absl::OkStatus() : Denied(call, refused->full_name(), "ask by it");
}

absl::Status FieldScopes::CheckRequest(const async::CallContext& call, const Message& request) {
  if (!Limits(call)) return absl::OkStatus();
  const Descriptor& type = *request.GetDescriptor();
  if (!absl::StartsWith(type.full_name(), kOurPackage)) return CheckNative(call, request);
  std::string place = StringOf(request, "parent");
  if (place.empty()) place = StringOf(request, "name");
  const privacy::FieldScreen* const screen = ScreenFor(call, ConnectionIn(place));
  if (screen == nullptr) return absl::OkStatus();
  // What selects records: who sees the answer learns the value.
  for (const char* selector : {"learner", "email_contains"}) {
    if (!StringOf(request, selector).empty() && screen->HidesPath(type, selector)) {
      return Denied(call, absl::StrCat(type.name(), ".", selector), "select by it");
    }
  }
  if (!StringOf(request, "email_contains").empty()) {
    for (const Descriptor* record : {v1::License::descriptor(), v1::LicenseResult::descriptor()}) {
      if (screen->HidesPath(*record, "learner_email")) {
        return Denied(call, absl::StrCat(record->name(), ".learner_email"), "select by it");
      }
    }
  }
  const FieldDescriptor* const statuses = type.FindFieldByName("statuses");
  if (statuses != nullptr && request.GetReflection()->FieldSize(request, statuses) > 0) {
    // Those before the call, after which the state is another.
    for (const char* field : {"status", "previous_status"}) {
      if (screen->HidesPath(*v1::LicenseResult::descriptor(), absl::StrCat("license.", field))) {
        return Denied(call, absl::StrCat("License.", field), "select by it");
      }
    }
  }
  // A file is given whole or not at all.
  if (type.name() == "DownloadTranscriptFilesRequest") {
    const auto* chunk = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
        absl::StrCat(kOurPackage, "DownloadTranscriptFilesResponse"));
    if (chunk != nullptr && screen->HiddenBytesOf(*chunk) != nullptr) {
      return Denied(call, "DownloadTranscriptFilesResponse.chunk", "download files");
    }
  }
  if (!ListsEnrollments(request)) return absl::OkStatus();
  const std::string learner_field(LearnerFieldOf(request, ConnectionIn(place)));
  if (!learner_field.empty() && screen->HidesPath(*v1::Enrollment::descriptor(), learner_field)) {
    return Denied(call, learner_field, "select by it");
  }
  std::vector<std::string> names;
  const auto filter = adapters::ParseFilter(StringOf(request, "filter"));
  // A filter that can't be read is refused by the handler.
  if (filter.ok()) {
    for (const adapters::Comparison& each : filter->comparisons) names.push_back(each.field);
  }
  for (const absl::string_view part : absl::StrSplit(StringOf(request, "order_by"), ',')) {
    const std::vector<std::string> words = absl::StrSplit(part, ' ', absl::SkipEmpty());
    if (!words.empty()) names.push_back(words.front());
  }
  for (const std::string& name : names) {
    if (screen->HidesPath(*v1::Enrollment::descriptor(), PathOf(name))) {
      return Denied(call, name, "filter or order by it");
    }
  }
  return absl::OkStatus();
}

absl::Status FieldScopes::Screen(const async::CallContext& call, Message& reply,
                                 std::vector<std::string>* redacted) {
  if (!Limits(call)) return absl::OkStatus();
  const Descriptor& type = *reply.GetDescriptor();
  const auto screen_record = [&](Message& record) {
    const std::string name = NameOfRecord(record);
    const absl::string_view in_name = ConnectionIn(name);
    const privacy::FieldScreen* const screen =
        ScreenFor(call, in_name.empty() ? absl::string_view(call.connection()) : in_name);
    if (screen != nullptr) screen->Screen(record, redacted);
  };
  if (privacy::RedactedFieldsOf(type) != nullptr) {
    screen_record(reply);
    return absl::OkStatus();
  }
  const privacy::FieldScreen* const screen = ScreenFor(call, call.connection());
  if (screen != nullptr) {
    if (privacy::IsOpenShape(type)) return Denied(call, type.full_name(), "read it");
    if (const FieldDescriptor* bytes = screen->HiddenBytesOf(type)) {
      return Denied(call, bytes->full_name(), "download files");
    }
  }
  const Reflection& reflection = *reply.GetReflection();
  bool has_records = false;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.message_type() == nullptr ||
        privacy::RedactedFieldsOf(*field.message_type()) == nullptr) {
      continue;
    }
    has_records = true;
    if (!field.is_repeated()) {
      if (reflection.HasField(reply, &field)) {
        screen_record(*reflection.MutableMessage(&reply, &field));
      }
      continue;
    }
    const int count = reflection.FieldSize(reply, &field);
    for (int n = 0; n < count; ++n) {
      screen_record(*reflection.MutableRepeatedMessage(&reply, &field, n));
    }
  }
  if (!has_records && screen != nullptr) screen->Screen(reply, redacted);
  return absl::OkStatus();
}

}  // namespace edugate::services
