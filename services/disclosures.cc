#include "services/disclosures.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/resource_name.h"
#include "edugate/rest/v1/options.pb.h"
#include "runtime/privacy/classification.h"
#include "runtime/privacy/disclosure_chain.h"
#include "services/caller_rights.h"
#include "services/field_scopes.h"

namespace edugate::services {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr absl::string_view kOurPackage = "edugate.v1.";

std::vector<std::string> StringsOf(const Message& message, const char* name) {
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(name);
  std::vector<std::string> values;
  if (field == nullptr || !field->is_repeated() ||
      field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    return values;
  }
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    values.push_back(reflection.GetRepeatedString(message, field, i));
  }
  return values;
}

const Message* MessageIn(const Message& message, const char* name) {
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->message_type() == nullptr || field->is_repeated() ||
      !message.GetReflection()->HasField(message, field)) {
    return nullptr;
  }
  return &message.GetReflection()->GetMessage(message, field);
}

// Remembered by type: the answer takes a walk over all that is inside it.
bool SaysSomethingOfPersons(const Descriptor& type) {
  static std::mutex mutex;
  static auto& known = *new absl::flat_hash_map<const Descriptor*, bool>;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto found = known.find(&type);
  if (found != known.end()) return found->second;
  return known[&type] = privacy::SaysSomethingOfPersons(type);
}

// A record about a learner. Those of catalogs name people, too: who teaches, which is published.
// Their provider's record has no class.
bool IsRecord(const Descriptor& type) {
  const FieldDescriptor* const original = type.FindFieldByName("provider_record");
  return privacy::RedactedFieldsOf(type) != nullptr && SaysSomethingOfPersons(type) &&
         (original == nullptr ||
          privacy::ClassOf(*original) != privacy::v1::DATA_CLASS_UNSPECIFIED);
}

std::string HashedEmail(const std::string& email) {
  if (email.empty()) return "";
  return privacy::Chain("").HashOf(absl::AsciiStrToLower(email));
}

// The provider's id of the person that a record is about; empty where the record doesn't say.
std::string LearnerOf(const Message& record) {
  if (const Message* learner = MessageIn(record, "learner")) {
    std::string id = StringOf(*learner, "provider_id");
    if (!id.empty()) return id;
  }
  for (const char* name : {"individual_id", "learner_id", "external_id"}) {
    std::string id = StringOf(record, name);
    if (!id.empty()) return id;
  }
  if (const Message* academic = MessageIn(record, "record")) {
    if (const Message* student = MessageIn(*academic, "student")) {
      return StringOf(*student, "provider_id");
    }
  }
  return "";
}

std::string EmailOf(const Message& record) {
  if (const Message* learner = MessageIn(record, "learner")) return StringOf(*learner, "email");
  return StringOf(record, "learner_email");
}

// What a request without records in its reply is about.
std::string PlaceOf(const async::CallContext& call, const Message* request) {
  if (request != nullptr) {
    for (const char* name : {"name", "parent"}) {
      std::string value = StringOf(*request, name);
      if (!value.empty()) return value;
    }
  }
  return call.connection().empty() ? "" : absl::StrCat("connections/", call.connection());
}

// The connection that a call is for, which its first line tells before the handler has found it.
std::string ConnectionOf(const async::CallContext& call, const Message* request) {
  if (request == nullptr || !call.connection().empty()) return call.connection();
  const std::vector<privacy::DisclosedRecord> subjects = SubjectsOf(request);
  const absl::string_view named = ConnectionIn(subjects.front().name);
  return adapters::IsConnectionId(named) ? std::string(named) : "";
}

const FieldDescriptor* BytesOf(const Descriptor& type) {
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->type() == FieldDescriptor::TYPE_BYTES) return type.field(i);
  }
  return nullptr;
}

std::string Hex(const async::TraceId& id) {
  if (std::all_of(id.begin(), id.end(), [](uint8_t byte) { return byte == 0; })) return "";
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(id.data()), id.size()));
}

}  // namespace

DisclosedRecords::DisclosedRecords(const async::CallContext& call, const Message* request,
                                   const Message& reply) {
  const Descriptor& type = *reply.GetDescriptor();
  // What a reply of open shape says is not declared: of a native call it may be somebody's file.
  const bool open = privacy::IsOpenShape(type);
  if (!open && !SaysSomethingOfPersons(type)) return;
  if (privacy::RedactedFieldsOf(type) != nullptr) {
    if (IsRecord(type)) Add(reply, NameOfRecord(reply));
    return;
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
    if (!IsRecord(*field.message_type())) continue;
    const int count = field.is_repeated() ? reflection.FieldSize(reply, &field)
                                          : (reflection.HasField(reply, &field) ? 1 : 0);
    for (int n = 0; n < count; ++n) {
      const Message& record = field.is_repeated() ? reflection.GetRepeatedMessage(reply, &field, n)
                                                  : reflection.GetMessage(reply, &field);
      std::string name = NameOfRecord(record);
      if (const Message* license = MessageIn(record, "license")) name = NameOfRecord(*license);
      Add(record, name.empty() ? PlaceOf(call, request) : name);
    }
  }
  if (has_records) return;
  // A file comes in many pieces and is one disclosure: that of its beginning. A native call gets it
  // whole.
  const FieldDescriptor* const bytes = BytesOf(type);
  const bool piece =
      !open && bytes != nullptr && type.field_count() > 1 && reflection.HasField(reply, bytes);
  if (!piece) Add(reply, PlaceOf(call, request));
}

void DisclosedRecords::Add(const Message& record, std::string name) {
  privacy::DisclosedRecord disclosed;
  disclosed.name = std::move(name);
  disclosed.learner = LearnerOf(record);
  if (disclosed.learner.empty()) disclosed.email_sha256 = HashedEmail(EmailOf(record));
  found_.push_back({&record, std::move(disclosed)});
}

std::vector<privacy::DisclosedRecord> DisclosedRecords::Fields() const {
  std::vector<privacy::DisclosedRecord> records;
  records.reserve(found_.size());
  std::vector<const FieldDescriptor*> set;
  for (const Found& found : found_) {
    privacy::DisclosedRecord record = found.disclosed;
    const FieldDescriptor* const redacted =
        privacy::RedactedFieldsOf(*found.record->GetDescriptor());
    set.clear();
    found.record->GetReflection()->ListFields(*found.record, &set);
    for (const FieldDescriptor* field : set) {
      // Where the record comes from is no news about the person.
      if (field == redacted || field->name() == "name" || field->name() == "provider") continue;
      record.fields.push_back(field->name());
    }
    if (redacted != nullptr) record.redacted = StringsOf(*found.record, "redacted_fields");
    records.push_back(std::move(record));
  }
  return records;
}

privacy::DisclosureEntry EntryOf(const async::CallContext& call, const Message* request,
                                 std::string kind) {
  privacy::DisclosureEntry entry;
  entry.kind = std::move(kind);
  entry.caller = call.caller();
  entry.connection = ConnectionOf(call, request);
  if (const CallerRights* rights = RightsOf(call)) {
    for (const auto& grant : rights->grants()) {
      const bool several = entry.connection.empty() || entry.connection == "-";
      if (several || grant->Covers(entry.connection)) {
        entry.grants.push_back(grant->name);
      }
    }
  }
  entry.method = std::string(call.method());
  entry.purpose = call.purpose();
  if (request != nullptr) entry.request_id = StringOf(*request, "request_id");
  entry.trace_id = Hex(call.record().trace.trace_id);
  return entry;
}

bool IsWrite(const async::CallContext& call, const Message* request) {
  if (request == nullptr) return true;
  const Descriptor& type = *request->GetDescriptor();
  if (absl::StartsWith(type.full_name(), kOurPackage)) {
    const FieldDescriptor* const dry = type.FindFieldByName("validate_only");
    return type.FindFieldByName("request_id") != nullptr &&
           (dry == nullptr || !request->GetReflection()->GetBool(*request, dry));
  }
  // A provider's own method, called natively as `Service.Method` of the request's package.
  const auto* method = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
      absl::StrCat(type.file()->package(), ".", call.method()));
  return method != nullptr &&
         method->options().GetExtension(rest::v1::operation).effect() != rest::v1::EFFECT_READ;
}

bool StreamsRecords(absl::string_view method) {
  const auto* const declared = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
      absl::StrCat(kOurPackage, method));
  return declared != nullptr && declared->server_streaming() && IsRecord(*declared->output_type());
}

std::vector<privacy::DisclosedRecord> SubjectsOf(const Message* request) {
  std::vector<privacy::DisclosedRecord> subjects;
  if (request == nullptr) return subjects;
  std::string place = StringOf(*request, "name");
  if (place.empty()) place = StringOf(*request, "parent");
  for (const char* name : {"enrollment", "transcript"}) {
    if (const Message* record = MessageIn(*request, name)) {
      std::string own = NameOfRecord(*record);
      subjects.push_back(
          {.name = own.empty() ? place : std::move(own), .learner = LearnerOf(*record)});
    }
  }
  for (std::string& name : StringsOf(*request, "assignments")) {
    subjects.push_back({.name = std::move(name)});
  }
  for (const char* name : {"learner_emails", "user_emails"}) {
    for (const std::string& email : StringsOf(*request, name)) {
      subjects.push_back({.name = place, .email_sha256 = HashedEmail(email)});
    }
  }
  if (subjects.empty()) {
    subjects.push_back({.name = place, .learner = StringOf(*request, "external_id")});
  }
  return subjects;
}

}  // namespace edugate::services
