#include "runtime/privacy/field_screen.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "runtime/digest/message_bytes.h"
#include "runtime/privacy/classification.h"

namespace edugate::privacy {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::Reflection;

bool IsAny(const Descriptor* type) { return type == google::protobuf::Any::descriptor(); }

bool HasValue(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  return field.is_repeated() ? reflection.FieldSize(message, &field) > 0
                             : reflection.HasField(message, &field);
}

// `type.googleapis.com/a.b.C` is a.b.C.
const Descriptor* TypeOf(const google::protobuf::Any& any) {
  const std::string& url = any.type_url();
  return DescriptorPool::generated_pool()->FindMessageTypeByName(url.substr(url.rfind('/') + 1));
}

}  // namespace

// What is done about one field.
struct FieldScreen::Step {
  enum class Kind { kHide, kLookInside, kPacked };
  const FieldDescriptor* field;
  Kind kind;
  const Plan* inside = nullptr;  // for kLookInside
  Views views = {};              // for kPacked
};

// What is done about the messages of one type.
struct FieldScreen::Plan {
  const FieldDescriptor* redacted = nullptr;
  std::vector<Step> steps;
  bool touches = false;
};

// Where the paths of hidden fields go.
struct FieldScreen::Report {
  Message* record = nullptr;                  // has the list, or null:
  std::vector<std::string>* list = nullptr;   // the list itself
  const FieldDescriptor* redacted = nullptr;  // of `record`
  std::string path;                           // from there to the message that is screened

  void Add(const std::string& field_path) const {
    if (record == nullptr) {
      if (std::find(list->begin(), list->end(), field_path) == list->end()) {
        list->push_back(field_path);
      }
      return;
    }
    const Reflection& reflection = *record->GetReflection();
    std::string scratch;
    for (int i = 0; i < reflection.FieldSize(*record, redacted); ++i) {
      if (reflection.GetRepeatedStringReference(*record, redacted, i, &scratch) == field_path) {
        return;
      }
    }
    reflection.AddString(record, redacted, field_path);
  }
};

FieldScreen::FieldScreen(ScreenRules rules)
    : FieldScreen(std::vector<ScreenRules>{std::move(rules)}) {}

FieldScreen::FieldScreen(std::vector<ScreenRules> views)
    : views_(std::move(views)), every_(views_.size()) {
  std::iota(every_.begin(), every_.end(), std::size_t{0});
}

FieldScreen::~FieldScreen() = default;

FieldScreen::Views FieldScreen::Showing(const FieldDescriptor& field, const Views& views) const {
  Views showing;
  if (IsOpenShape(field)) return showing;
  for (const std::size_t each : views) {
    const ScreenRules& view = views_[each];
    const bool hides = view.hides(field) || (view.hides_packed && IsAny(field.message_type()));
    if (!hides) showing.push_back(each);
  }
  return showing;
}

FieldScreen::Plan* FieldScreen::Build(const Descriptor& type, const Views& views,
                                      Made& made) const {
  const auto found = made.find(Seen(&type, views));
  if (found != made.end()) return found->second;
  plans_.push_back(std::make_unique<Plan>());
  Plan* const plan = plans_.back().get();
  made[Seen(&type, views)] = plan;
  plan->redacted = RedactedFieldsOf(type);
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    Views showing = Showing(field, views);
    if (showing.empty()) {
      plan->steps.push_back({&field, Step::Kind::kHide});
    } else if (IsAny(field.message_type())) {
      plan->steps.push_back({&field, Step::Kind::kPacked, nullptr, std::move(showing)});
    } else if (field.message_type() != nullptr) {
      plan->steps.push_back(
          {&field, Step::Kind::kLookInside, Build(*field.message_type(), showing, made)});
    }
  }
  return plan;
}

const FieldScreen::Plan& FieldScreen::PlanFor(const Descriptor& type, const Views& views) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto ready = ready_.find(Seen(&type, views));
  if (ready != ready_.end()) return *ready->second;
  Made made;
  const Plan* const plan = Build(type, views, made);
  // Types may hold themselves, so what touches nothing is found by going round until nothing
  // changes.
  bool changed = true;
  while (changed) {
    changed = false;
    for (auto& [seen, each] : made) {
      if (each->touches) continue;
      each->touches = std::any_of(each->steps.begin(), each->steps.end(), [](const Step& step) {
        return step.kind != Step::Kind::kLookInside || step.inside->touches;
      });
      changed = changed || each->touches;
    }
  }
  for (auto& [seen, each] : made) {
    each->steps.erase(std::remove_if(each->steps.begin(), each->steps.end(),
                                     [](const Step& step) {
                                       return step.kind == Step::Kind::kLookInside &&
                                              !step.inside->touches;
                                     }),
                      each->steps.end());
    ready_.try_emplace(seen, each);
  }
  return *plan;
}

void FieldScreen::Screen(Message& message, std::vector<std::string>* outside) const {
  const Plan& plan = PlanFor(*message.GetDescriptor(), every_);
  if (!plan.touches) return;
  Run(plan, message, {.list = outside});
}

void FieldScreen::Run(const Plan& plan, Message& message, const Report& around) const {
  const Reflection& reflection = *message.GetReflection();
  // Nobody can say what they are.
  reflection.MutableUnknownFields(&message)->Clear();
  Report own;
  if (plan.redacted != nullptr) own = {.record = &message, .redacted = plan.redacted};
  const Report& report = plan.redacted != nullptr ? own : around;
  for (const Step& step : plan.steps) {
    const FieldDescriptor& field = *step.field;
    if (!HasValue(message, field)) continue;
    const std::string path =
        report.path.empty() ? field.name() : absl::StrCat(report.path, ".", field.name());
    if (step.kind == Step::Kind::kHide) {
      reflection.ClearField(&message, &field);
      report.Add(path);
      continue;
    }
    const Report below{report.record, report.list, report.redacted, path};
    const int count = field.is_repeated() ? reflection.FieldSize(message, &field) : 1;
    for (int i = 0; i < count; ++i) {
      Message& inside = field.is_repeated()
                            ? *reflection.MutableRepeatedMessage(&message, &field, i)
                            : *reflection.MutableMessage(&message, &field);
      if (step.kind == Step::Kind::kPacked) {
        ScreenPacked(inside, step.views, below, path);
      } else {
        Run(*step.inside, inside, below);
      }
    }
  }
}

void FieldScreen::ScreenPacked(Message& message, const Views& views, const Report& report,
                               const std::string& path) const {
  auto& any = static_cast<google::protobuf::Any&>(message);
  const Descriptor* const type = TypeOf(any);
  std::unique_ptr<Message> content;
  if (type != nullptr && !IsOpenShape(*type)) {
    content.reset(MessageFactory::generated_factory()->GetPrototype(type)->New());
  }
  if (content == nullptr || !content->ParseFromString(any.value())) {
    any.Clear();
    report.Add(path);
    return;
  }
  const Plan& plan = PlanFor(*type, views);
  if (!plan.touches) return;
  Run(plan, *content, report);
  // As an Any that was not touched is.
  any.set_value(digest::MessageBytes(*content));
}

bool FieldScreen::Touches(const Descriptor& type) const { return PlanFor(type, every_).touches; }

const FieldDescriptor* FieldScreen::HiddenBytesOf(const Descriptor& type) const {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.type() == FieldDescriptor::TYPE_BYTES && Showing(field, every_).empty()) {
      return &field;
    }
  }
  return nullptr;
}

bool FieldScreen::HidesPath(const Descriptor& type, const std::string& path) const {
  const Descriptor* at = &type;
  Views views = every_;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    const FieldDescriptor* const field =
        at == nullptr ? nullptr : at->FindFieldByName(std::string(name));
    if (field == nullptr) return true;
    views = Showing(*field, views);
    if (views.empty()) return true;
    at = field->message_type();
  }
  return false;
}

}  // namespace edugate::privacy
