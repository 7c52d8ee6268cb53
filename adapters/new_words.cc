#include "adapters/new_words.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace edugate::adapters {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The class-enrollment API numbers it 0.
bool MeansUnknown(const std::string& word) {
  return word.empty() || word == "0" || absl::EqualsIgnoreCase(word, "unknown") ||
         absl::EqualsIgnoreCase(word, "other");
}

std::set<int> CatchAllOf(const EnumDescriptor& type) {
  std::set<int> numbers;
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string& name = type.value(i)->name();
    if (absl::EndsWith(name, "_UNKNOWN") || absl::EndsWith(name, "_OTHER")) {
      numbers.insert(type.value(i)->number());
    }
  }
  return numbers;
}

template <typename Record>
const NewWords& WordsOf() {
  static const NewWords* words = new NewWords(Record::descriptor());
  return *words;
}

// Whether a record has new words: most have none, and looking for them by reflection takes longer
// than this.
template <typename Record>
bool MayHaveNewWords(const Record&) {
  return true;
}

// Enrollments come by thousands.
bool MayHaveNewWords(const v1::Enrollment& record) {
  const auto is_new = [](bool caught, const std::string& word) {
    return caught && !MeansUnknown(word);
  };
  const v1::CourseOfferingRef& course = record.course();
  const v1::AcademicSession& session = record.academic_session();
  return is_new(record.status() == v1::ENROLLMENT_STATUS_UNKNOWN, record.provider_status()) ||
         is_new(record.completion() == v1::COMPLETION_STATUS_UNKNOWN,
                record.provider_completion()) ||
         is_new(record.mode() == v1::ENROLLMENT_MODE_OTHER, record.provider_mode()) ||
         is_new(course.pacing() == v1::PACING_UNKNOWN, course.provider_pacing()) ||
         is_new(course.delivery_mode() == v1::DELIVERY_MODE_OTHER,
                course.provider_delivery_mode()) ||
         is_new(session.type() == v1::ACADEMIC_SESSION_TYPE_UNKNOWN ||
                    session.type() == v1::ACADEMIC_SESSION_TYPE_OTHER,
                session.provider_type());
}

template <typename Record>
void CountIn(const Record& record, const NewWords& words, codec::DriftSink& drift) {
  if (MayHaveNewWords(record)) words.Count(record, drift);
}

template <typename Argument, typename Result>
async::Task<absl::StatusOr<Result>> CallAndCount(const Port<Argument, Result>& port,
                                                 const NewWords& words, codec::DriftSink& drift,
                                                 async::CallContext& call,
                                                 const Argument& argument) {
  auto result = co_await port(call, argument);
  if (result.ok()) CountIn(*result, words, drift);
  co_return result;
}

template <typename Argument, typename Record>
async::Task<absl::Status> FillAndCount(const FillingPort<Argument, Record>& port,
                                       const NewWords& words, codec::DriftSink& drift,
                                       async::CallContext& call, const Argument& argument,
                                       Record& into) {
  absl::Status status = co_await port(call, argument, into);
  if (status.ok()) CountIn(into, words, drift);
  co_return status;
}

template <typename Query, typename Record>
async::Task<absl::StatusOr<std::string>> ReadAndCount(
    const PagePort<Query, Record>& port, const NewWords& words, codec::DriftSink& drift,
    async::CallContext& call, const Query& query,
    google::protobuf::RepeatedPtrField<Record>& into) {
  const int before = into.size();
  auto next_cursor = co_await port(call, query, into);
  if (!next_cursor.ok()) co_return next_cursor;
  for (int i = before; i < into.size(); ++i) CountIn(into.Get(i), words, drift);
  co_return next_cursor;
}

template <typename Argument, typename Result>
void Watch(Port<Argument, Result>& port, const NewWords& words, codec::DriftSink& drift) {
  if (!port) return;
  // Shared, so that it outlives calls whichever copy of the port they came through.
  auto watched = std::make_shared<const Port<Argument, Result>>(std::move(port));
  port = [watched, &words, &drift](async::CallContext& call, const Argument& argument) {
    return CallAndCount(*watched, words, drift, call, argument);
  };
}

template <typename Argument, typename Record>
void Watch(FillingPort<Argument, Record>& port, const NewWords& words, codec::DriftSink& drift) {
  if (!port) return;
  auto watched = std::make_shared<const FillingPort<Argument, Record>>(std::move(port));
  port = [watched, &words, &drift](async::CallContext& call, const Argument& argument,
                                   Record& into) {
    return FillAndCount(*watched, words, drift, call, argument, into);
  };
}

template <typename Query, typename Record>
void Watch(PagePort<Query, Record>& port, const NewWords& words, codec::DriftSink& drift) {
  if (!port) return;
  auto watched = std::make_shared<const PagePort<Query, Record>>(std::move(port));
  port = [watched, &words, &drift](async::CallContext& call, const Query& query,
                                   google::protobuf::RepeatedPtrField<Record>& into) {
    return ReadAndCount(*watched, words, drift, call, query, into);
  };
}

}  // namespace

NewWords::NewWords(const Descriptor* record) {
  Build(record);
  DropDeadEnds();
}

void NewWords::Build(const Descriptor* message) {
  if (!plans_.emplace(message, Plan()).second) return;
  Plan plan;
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM && !field->is_repeated()) {
      const auto* word = message->FindFieldByName(absl::StrCat("provider_", field->name()));
      const bool text = word != nullptr && !word->is_repeated() &&
                        word->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
      if (text) {
        std::set<int> catch_all = CatchAllOf(*field->enum_type());
        const int largest = catch_all.empty() ? -1 : *catch_all.rbegin();
        plan.pairs.push_back({field, word, std::move(catch_all), largest});
      }
    }
    const Descriptor* inner = field->message_type();
    if (inner == nullptr || field->is_map() || inner->file()->package() != "edugate.v1") continue;
    Build(inner);
    plan.inner.push_back({field, &plans_.at(inner)});
  }
  plans_[message] = std::move(plan);
}

void NewWords::DropDeadEnds() {
  for (bool changed = true; changed;) {
    changed = false;
    for (auto& [message, plan] : plans_) {
      const size_t dropped = std::erase_if(plan.inner, [](const Inner& inner) {
        return inner.plan->pairs.empty() && inner.plan->inner.empty();
      });
      changed = changed || dropped > 0;
    }
  }
}

void NewWords::Count(const Message& record, codec::DriftSink& drift) const {
  Count(record, plans_.at(record.GetDescriptor()), drift);
}

void NewWords::Count(const Message& record, const Plan& plan, codec::DriftSink& drift) {
  const Reflection& reflection = *record.GetReflection();
  for (const Pair& pair : plan.pairs) {
    const int value = reflection.GetEnumValue(record, pair.value);
    if (value > pair.largest_catch_all || pair.catch_all.count(value) == 0) continue;
    std::string scratch;
    if (MeansUnknown(reflection.GetStringReference(record, pair.word, &scratch))) continue;
    drift.OnNewEnumValue(record.GetDescriptor()->full_name(), pair.value->name());
  }
  for (const Inner& inner : plan.inner) {
    if (!inner.field->is_repeated()) {
      if (reflection.HasField(record, inner.field)) {
        Count(reflection.GetMessage(record, inner.field), *inner.plan, drift);
      }
      continue;
    }
    const int size = reflection.FieldSize(record, inner.field);
    for (int i = 0; i < size; ++i) {
      Count(reflection.GetRepeatedMessage(record, inner.field, i), *inner.plan, drift);
    }
  }
}

Ports CountingNewWords(Ports ports, codec::DriftSink& drift) {
  Watch(ports.get_enrollment, WordsOf<v1::Enrollment>(), drift);
  Watch(ports.list_enrollments, WordsOf<v1::Enrollment>(), drift);
  Watch(ports.update_enrollment, WordsOf<v1::Enrollment>(), drift);
  Watch(ports.bulk_enroll, WordsOf<v1::BulkEnrollResponse>(), drift);
  Watch(ports.verify_enrollment, WordsOf<v1::EnrollmentVerification>(), drift);
  Watch(ports.list_catalogs, WordsOf<v1::Catalog>(), drift);
  Watch(ports.list_catalog_items, WordsOf<v1::CatalogItem>(), drift);
  Watch(ports.get_course, WordsOf<v1::Course>(), drift);
  Watch(ports.get_course_run, WordsOf<v1::CourseRun>(), drift);
  Watch(ports.get_program, WordsOf<v1::Program>(), drift);
  Watch(ports.list_subscription_plans, WordsOf<v1::SubscriptionPlan>(), drift);
  Watch(ports.assign_licenses, WordsOf<v1::AssignLicensesResponse>(), drift);
  Watch(ports.revoke_licenses, WordsOf<v1::RevokeLicensesResponse>(), drift);
  Watch(ports.allocate_assignments, WordsOf<v1::AllocateAssignmentsResponse>(), drift);
  Watch(ports.create_transcript, WordsOf<v1::Transcript>(), drift);
  Watch(ports.get_transcript, WordsOf<v1::Transcript>(), drift);
  Watch(ports.score_transcript, WordsOf<v1::TranscriptScore>(), drift);
  Watch(ports.list_schools, WordsOf<v1::School>(), drift);
  return ports;
}

}  // namespace edugate::adapters
