#include "runtime/codec/json_decoder.h"

#include <algorithm>
#include <cstring>

#include "absl/container/inlined_vector.h"
#include "absl/strings/match.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "runtime/codec/dates.h"
#include "runtime/codec/decimal.h"
#include "runtime/codec/json_text.h"
#include "runtime/codec/scalar.h"
#include "runtime/codec/value_path.h"
#include "simdjson.h"

namespace edugate::codec {

namespace {

namespace ondemand = simdjson::ondemand;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using rest::v1::UnknownField;

static_assert(kBodyPadding == simdjson::SIMDJSON_PADDING);

// Each level of nesting costs a few frames of recursion, which the stack of an event loop's thread
// must hold.
constexpr int kDeepestEver = 512;
// A parser keeps about six bytes for each byte of the largest body that it has read; one for larger
// bodies isn't kept.
constexpr size_t kLargestKeptBody = 1 << 20;
constexpr size_t kSmallestCapacity = 64 << 10;
// What unknown fields may take in all, paths included: a map's long key can stand in the path of
// many values.
constexpr size_t kFreeKeptBytes = 1 << 20;
constexpr size_t kKeptBytesPerByte = 8;
// A name is compared in place only where the padding behind the body covers it.
constexpr size_t kLongestNameInPlace = kBodyPadding - 2;

// The nearest enclosing message that keeps unknown fields.
class Holder {
 public:
  Holder(Message* message, const FieldDescriptor* field, const ValuePath* at)
      : message_(message), reflection_(message->GetReflection()), field_(field), at_(at) {}

  // Where the message stands; entries' paths start here.
  const ValuePath* at() const { return at_; }

  // The entries so far, marked ones included. Counted here: asking by reflection costs more than
  // reading a field.
  int size() const { return size_; }

  UnknownField* Add() {
    ++size_;
    return static_cast<UnknownField*>(reflection_->AddMessage(message_, field_));
  }

  // Marks the entries of a value that is now kept whole. Positions stay as they are until Sweep.
  void Forget(int begin, int end) {
    for (int i = begin; i < end; ++i) {
      reflection_->MutableRepeatedMessage(message_, field_, i)->Clear();
      forgotten_ = true;
    }
  }

  // Removes the marked entries, when the message is complete.
  void Sweep() {
    if (!forgotten_) return;
    int kept = 0;
    for (int i = 0; i < size_; ++i) {
      const Message& entry = reflection_->GetRepeatedMessage(*message_, field_, i);
      if (static_cast<const UnknownField&>(entry).path().empty()) continue;
      if (kept != i) reflection_->SwapElements(message_, field_, kept, i);
      ++kept;
    }
    for (; size_ > kept; --size_) reflection_->RemoveLast(message_, field_);
  }

 private:
  Message* const message_;
  const Reflection* const reflection_;
  const FieldDescriptor* const field_;
  const ValuePath* const at_;
  int size_ = 0;
  bool forgotten_ = false;
};

// The message that is being read.
struct Scope {
  Message* message;
  const Reflection* reflection;
  const Schema* schema;
  const ValuePath* at;
  Holder* holder;  // null where no enclosing message keeps unknown fields
};

// One value of the body, seen but not yet read.
struct Value {
  ondemand::value json;
  // A scalar's own characters; of a list or object only the bracket.
  absl::string_view token;
  Sort sort;
};

bool IsJsonWhite(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

absl::string_view StripJsonWhite(absl::string_view text) {
  while (!text.empty() && IsJsonWhite(text.back())) text.remove_suffix(1);
  while (!text.empty() && IsJsonWhite(text.front())) text.remove_prefix(1);
  return text;
}

Value Look(ondemand::value json) {
  const std::string_view raw = json.raw_json_token();
  absl::string_view token(raw.data(), raw.size());
  while (!token.empty() && IsJsonWhite(token.back())) token.remove_suffix(1);
  return {json, token, SortOf(token)};
}

class JsonReader {
 public:
  JsonReader(const DecodeOptions& options, const std::string& body)
      : end_(body.data() + body.size()),
        max_depth_(std::min(options.max_depth, kDeepestEver)),
        nodes_left_(options.max_nodes),
        message_bytes_left_(options.max_message_bytes),
        promised_lists_(options.promised_lists),
        kept_bytes_left_(kFreeKeptBytes + kKeptBytesPerByte * body.size()),
        drift_(options.drift) {}

  const absl::Status& status() const { return status_; }

  // The body is the message.
  bool ReadBody(ondemand::value json, Message* out) {
    if (!CountNode(nullptr)) return false;
    return ReadMessage(Look(json), Schema::For(out->GetDescriptor()), out, nullptr, nullptr, 1);
  }

  // The body is one field of the message.
  bool ReadBodyIntoField(ondemand::value json, const FieldPlan& plan, Message* out) {
    if (!CountNode(nullptr)) return false;
    const Schema& schema = Schema::For(out->GetDescriptor());
    std::optional<Holder> holder;
    if (schema.unknown_fields() != nullptr) holder.emplace(out, schema.unknown_fields(), nullptr);
    const Scope scope{out, out->GetReflection(), &schema, nullptr, holder ? &*holder : nullptr};
    const ValuePath path = ValuePath::Field(nullptr, plan.field->json_name());
    if (!ReadField(Look(json), scope, plan, path, 0)) return false;
    if (holder) holder->Sweep();
    return true;
  }

  bool Fail(const ValuePath* at, absl::string_view problem) {
    const std::string path = PathText(at, nullptr, PathStyle::kError);
    status_ = absl::InternalError(path.empty() ? absl::StrCat("the body ", problem)
                                               : absl::StrCat(path, " ", problem));
    return false;
  }

  bool FailSyntax(const ValuePath* at) { return Fail(at, "is not valid JSON"); }

 private:
  // What an object has held so far of one field.
  struct Seen {
    const char* start;  // null: nothing yet
    int spelling;
    bool null;
    // The entries that the value left among the unknown fields.
    int entries_begin;
    int entries_end;
  };

  static int EntryCount(const Scope& scope) {
    return scope.holder != nullptr ? scope.holder->size() : 0;
  }

  bool CountNode(const ValuePath* at) {
    if (nodes_left_ == 0) return Fail(at, "holds too many values");
    --nodes_left_;
    return true;
  }

  // Whether the field is a list without whose records the body would pass for one that has none.
  bool MustBeList(const FieldPlan& plan, int depth) const {
    return promised_lists_ && depth == 1 && plan.repeated && plan.documented_required;
  }

  bool CheckDepth(const ValuePath* at, int depth) {
    return depth <= max_depth_ || Fail(at, "is nested too deeply");
  }

  // ---- objects

  bool ReadMessage(const Value& value, const Schema& schema, Message* out, const ValuePath* at,
                   Holder* outer, int depth) {
    if (schema.message_bytes() > message_bytes_left_) return Fail(at, "holds too many objects");
    message_bytes_left_ -= schema.message_bytes();
    if (schema.unknown_fields() == nullptr) {
      return ReadMembers(value, Scope{out, out->GetReflection(), &schema, at, outer}, depth);
    }
    Holder holder(out, schema.unknown_fields(), at);
    if (!ReadMembers(value, Scope{out, out->GetReflection(), &schema, at, &holder}, depth))
      return false;
    holder.Sweep();
    return true;
  }

  bool ReadMembers(const Value& value, const Scope& scope, int depth) {
    if (!CheckDepth(scope.at, depth)) return false;
    const Schema& schema = *scope.schema;
    Value object_value = value;
    ondemand::object object;
    if (object_value.json.get_object().get(object)) return FailSyntax(scope.at);
    absl::InlinedVector<Seen, 32> seen(schema.fields().size());
    size_t expected = 0;
    for (auto item : object) {
      ondemand::field member;
      if (std::move(item).get(member)) return FailSyntax(scope.at);
      if (!CountNode(scope.at)) return false;
      absl::string_view name;
      int spelling = Schema::kUnknown;
      if (!FindSpelling(member, schema, expected, &name, &spelling)) return FailSyntax(scope.at);
      const Value child = Look(member.value());
      if (spelling == Schema::kUnknown) {
        const ValuePath path = ValuePath::Foreign(scope.at, name);
        if (child.sort == Sort::kInvalid) return FailSyntax(&path);
        if (!KeepUnknown(child.token.data(), scope, path, depth)) return false;
        continue;
      }
      const FieldPlan& plan = *schema.spellings()[spelling].plan;
      expected = plan.index + 1;
      const ValuePath path = ValuePath::Field(scope.at, schema.spellings()[spelling].name);
      if (child.sort == Sort::kInvalid) return FailSyntax(&path);
      if (MustBeList(plan, depth) && child.sort != Sort::kList && child.sort != Sort::kNull) {
        return Fail(&path, "is not a list");
      }
      Seen& before = seen[plan.index];
      if (before.start != nullptr) {
        if (before.spelling != spelling && !before.null) {
          if (!KeepUnknown(child.token.data(), scope, path, depth)) return false;
          continue;
        }
        scope.reflection->ClearField(scope.message, plan.field);
        const ValuePath earlier =
            ValuePath::Field(scope.at, schema.spellings()[before.spelling].name);
        if (!KeepEarlier(before, scope, earlier, depth)) return false;
      }
      before = {child.token.data(), spelling, child.sort == Sort::kNull, EntryCount(scope), 0};
      if (!ReadField(child, scope, plan, path, depth)) return false;
      before.entries_end = EntryCount(scope);
    }
    for (size_t index : schema.documented_required()) {
      if (seen[index].start != nullptr) continue;
      const FieldPlan& plan = schema.fields()[index];
      const std::string& name = plan.field->json_name();
      if (MustBeList(plan, depth)) {
        const ValuePath path = ValuePath::Field(scope.at, name);
        return Fail(&path, "is missing");
      }
      if (drift_ != nullptr) drift_->OnMissing(schema.descriptor()->full_name(), name);
    }
    return true;
  }

  // Replies repeat their fields in one order: the field after the last one is tried first, in
  // place. False where the name is no JSON string.
  bool FindSpelling(ondemand::field& member, const Schema& schema, size_t expected,
                    absl::string_view* name, int* spelling) const {
    const char* raw = member.key().raw();
    if (expected < schema.fields().size()) {
      const std::string& guess = schema.spellings()[expected].name;
      if (guess.size() <= kLongestNameInPlace && raw[guess.size()] == '"' &&
          std::memcmp(raw, guess.data(), guess.size()) == 0) {
        *name = guess;
        *spelling = static_cast<int>(expected);
        return true;
      }
    }
    if (!NameOf(member, name)) return false;
    *spelling = schema.Find(*name);
    return true;
  }

  // A member's name, without its escapes unless one of them stands for no character. Lives as long
  // as the body and the parser's buffer. False where the name is no JSON string.
  bool NameOf(ondemand::field& member, absl::string_view* name) const {
    const char* raw = member.key().raw();
    const char* close = raw;
    bool escaped = false;
    // The parser's first pass has seen the closing quote.
    for (; *close != '"'; ++close) {
      if (*close == '\\') {
        escaped = true;
        ++close;
      }
    }
    *name = absl::string_view(raw, close - raw);
    if (!escaped) return true;
    std::string_view unescaped;
    if (!member.unescaped_key().get(unescaped)) {
      *name = absl::string_view(unescaped.data(), unescaped.size());
      return true;
    }
    JsonBudget budget{0, 1};
    JsonFlaw flaw = JsonFlaw::kNone;
    return ScanJsonValue(raw - 1, end_, &budget, &flaw) != nullptr;
  }

  // ---- what doesn't go into a typed field

  // The end of the value that starts at `start`, which is checked; null when the body is refused.
  const char* EndOf(const char* start, const ValuePath& path, int depth, size_t* nodes) {
    JsonBudget budget{max_depth_ - depth, *nodes};
    JsonFlaw flaw = JsonFlaw::kNone;
    const char* end = ScanJsonValue(start, end_, &budget, &flaw);
    *nodes = budget.nodes;
    switch (flaw) {
      case JsonFlaw::kNone:
        return end;
      case JsonFlaw::kSyntax:
        FailSyntax(&path);
        break;
      case JsonFlaw::kTooDeep:
        Fail(&path, "is nested too deeply");
        break;
      case JsonFlaw::kTooManyValues:
        Fail(&path, "holds too many values");
        break;
    }
    return nullptr;
  }

  bool Keep(const char* start, const Scope& scope, const ValuePath& path, int depth,
            bool ill_fitting) {
    // The value itself is counted already.
    size_t nodes = nodes_left_ + 1;
    const char* end = EndOf(start, path, depth, &nodes);
    if (end == nullptr) return false;
    nodes_left_ = nodes;
    return AddEntry(absl::string_view(start, end - start), scope, path, ill_fitting);
  }

  bool AddEntry(absl::string_view json, const Scope& scope, const ValuePath& path,
                bool ill_fitting) {
    if (scope.holder == nullptr) return true;
    std::string text = PathText(&path, scope.holder->at(), PathStyle::kExact);
    const size_t size = json.size() + text.size();
    if (size > kept_bytes_left_) return Fail(&path, "holds too much outside its schema");
    kept_bytes_left_ -= size;
    UnknownField* entry = scope.holder->Add();
    entry->set_path(std::move(text));
    entry->set_json(std::string(json));
    entry->set_ill_fitting(ill_fitting);
    return true;
  }

  void TellUnknown(const Scope& scope, const ValuePath& path) {
    if (drift_ == nullptr) return;
    drift_->OnUnknownField(scope.schema->descriptor()->full_name(),
                           PathText(&path, scope.at, PathStyle::kDrift));
  }

  bool KeepUnknown(const char* start, const Scope& scope, const ValuePath& path, int depth) {
    TellUnknown(scope, path);
    return Keep(start, scope, path, depth, false);
  }

  bool KeepIllFitting(const char* start, const Scope& scope, const ValuePath& path, int depth,
                      Fit fit = Fit::kIllFitting) {
    if (drift_ != nullptr) {
      const std::string& message = scope.schema->descriptor()->full_name();
      const std::string drift_path = PathText(&path, scope.at, PathStyle::kDrift);
      if (fit == Fit::kNewEnumValue) {
        drift_->OnNewEnumValue(message, drift_path);
      } else {
        drift_->OnIllFitting(message, drift_path);
      }
    }
    return Keep(start, scope, path, depth, true);
  }

  // Keeps, as an unknown field, what stood under a name before the name came again.
  bool KeepEarlier(const Seen& earlier, const Scope& scope, const ValuePath& path, int depth) {
    if (scope.holder != nullptr) scope.holder->Forget(earlier.entries_begin, earlier.entries_end);
    size_t nodes = SIZE_MAX;
    const char* end = EndOf(earlier.start, path, depth, &nodes);
    if (end == nullptr) return false;
    TellUnknown(scope, path);
    return AddEntry(absl::string_view(earlier.start, end - earlier.start), scope, path, false);
  }

  bool Settle(Fit fit, const Value& value, const Scope& scope, const ValuePath& path, int depth) {
    if (fit == Fit::kFits) return true;
    if (fit == Fit::kFailed) return false;
    return KeepIllFitting(value.token.data(), scope, path, depth, fit);
  }

  // ---- fields

  // `depth` is that of the object in which the field stands; 0 where the field is the whole body.
  bool ReadField(const Value& value, const Scope& scope, const FieldPlan& plan,
                 const ValuePath& path, int depth) {
    if (value.sort == Sort::kNull && plan.kind != ValueKind::kValue) return true;
    if (plan.kind == ValueKind::kMap) return ReadMap(value, scope, plan, path, depth);
    if (plan.repeated) return ReadList(value, scope, plan, path, depth);
    if (const auto* oneof = plan.field->real_containing_oneof();
        oneof != nullptr && scope.reflection->HasOneof(*scope.message, oneof)) {
      return KeepIllFitting(value.token.data(), scope, path, depth);
    }
    const Fit fit =
        ReadOne(value, scope, plan, Slot(scope.message, scope.reflection, plan.field), path, depth);
    return Settle(fit, value, scope, path, depth);
  }

  bool ReadList(const Value& value, const Scope& scope, const FieldPlan& plan,
                const ValuePath& path, int depth) {
    const Slot slot(scope.message, scope.reflection, plan.field);
    if (value.sort == Sort::kNull && plan.kind == ValueKind::kValue) return true;
    if (value.sort != Sort::kList) {
      if (!plan.accept_single) {
        return KeepIllFitting(value.token.data(), scope, path, depth);
      }
      return Settle(ReadOne(value, scope, plan, slot, path, depth), value, scope, path, depth);
    }
    if (!CheckDepth(&path, depth + 1)) return false;
    Value list = value;
    ondemand::array array;
    if (list.json.get_array().get(array)) return FailSyntax(&path);
    size_t index = 0;
    for (auto item : array) {
      ondemand::value json;
      const ValuePath element_path = ValuePath::Element(&path, index++);
      if (std::move(item).get(json)) return FailSyntax(&element_path);
      if (!CountNode(&path)) return false;
      const Value element = Look(json);
      const Fit fit = ReadOne(element, scope, plan, slot, element_path, depth + 1);
      if (!Settle(fit, element, scope, element_path, depth + 1)) return false;
    }
    return true;
  }

  bool ReadMap(const Value& value, const Scope& scope, const FieldPlan& plan, const ValuePath& path,
               int depth) {
    if (value.sort != Sort::kObject) {
      return KeepIllFitting(value.token.data(), scope, path, depth);
    }
    if (!CheckDepth(&path, depth + 1)) return false;
    const FieldPlan& key_plan = plan.nested->fields()[0];
    const FieldPlan& value_plan = plan.nested->fields()[1];
    const Reflection* reflection = scope.reflection;
    Value map = value;
    ondemand::object object;
    if (map.json.get_object().get(object)) return FailSyntax(&path);
    struct Entry {
      Seen seen;
      int position;  // in the field; negative: it isn't there
    };
    std::map<std::string, Entry> entries;
    std::vector<Entry*> by_position;
    const auto remove = [&](int position) {
      const int last = static_cast<int>(by_position.size()) - 1;
      reflection->SwapElements(scope.message, plan.field, position, last);
      reflection->RemoveLast(scope.message, plan.field);
      by_position[position] = by_position[last];
      by_position[position]->position = position;
      by_position.pop_back();
    };
    for (auto item : object) {
      ondemand::field member;
      if (std::move(item).get(member)) return FailSyntax(&path);
      if (!CountNode(&path)) return false;
      absl::string_view name;
      if (!NameOf(member, &name)) return FailSyntax(&path);
      const Value child = Look(member.value());
      const ValuePath child_path = ValuePath::Foreign(&path, name);
      if (child.sort == Sort::kInvalid) return FailSyntax(&child_path);
      auto [it, is_new] = entries.try_emplace(std::string(name));
      Entry& entry = it->second;
      if (!is_new) {
        if (entry.position >= 0) remove(entry.position);
        if (!KeepEarlier(entry.seen, scope, child_path, depth + 1)) return false;
      }
      entry.seen = {child.token.data(), 0, false, EntryCount(scope), 0};
      entry.position = -1;
      Message* pair = reflection->AddMessage(scope.message, plan.field);
      Fit fit =
          PutMapKey(name, key_plan, Slot(pair, key_plan.field)) ? Fit::kFits : Fit::kIllFitting;
      if (fit == Fit::kFits) {
        fit =
            ReadOne(child, scope, value_plan, Slot(pair, value_plan.field), child_path, depth + 1);
      }
      if (fit == Fit::kFits) {
        entry.position = static_cast<int>(by_position.size());
        by_position.push_back(&entry);
      } else {
        reflection->RemoveLast(scope.message, plan.field);
      }
      if (!Settle(fit, child, scope, child_path, depth + 1)) return false;
      entry.seen.entries_end = EntryCount(scope);
    }
    return true;
  }

  // ---- one value

  Fit ReadOne(const Value& value, const Scope& scope, const FieldPlan& plan, const Slot& slot,
              const ValuePath& path, int depth) {
    if (value.sort == Sort::kInvalid) {
      FailSyntax(&path);
      return Fit::kFailed;
    }
    switch (plan.kind) {
      case ValueKind::kMessage: {
        if (value.sort != Sort::kObject) return Fit::kIllFitting;
        return ReadMessage(value, *plan.nested, slot.Submessage(), &path, scope.holder, depth + 1)
                   ? Fit::kFits
                   : Fit::kFailed;
      }
      case ValueKind::kStruct: {
        if (value.sort != Sort::kObject) return Fit::kIllFitting;
        auto* message = static_cast<google::protobuf::Struct*>(slot.Submessage());
        return ReadStruct(value, message, scope, path, depth) ? Fit::kFits : Fit::kFailed;
      }
      case ValueKind::kListValue: {
        if (value.sort != Sort::kList) return Fit::kIllFitting;
        auto* message = static_cast<google::protobuf::ListValue*>(slot.Submessage());
        return ReadListValue(value, message, scope, path, depth) ? Fit::kFits : Fit::kFailed;
      }
      case ValueKind::kValue: {
        auto* message = static_cast<google::protobuf::Value*>(slot.Submessage());
        const Fit fit = ReadValue(value, message, scope, path, depth);
        if (fit == Fit::kIllFitting) slot.Drop();
        return fit;
      }
      case ValueKind::kTimestamp: {
        const std::optional<google::protobuf::Timestamp> instant = Instant(value, plan.date);
        if (!instant) return Fit::kIllFitting;
        slot.Submessage()->CopyFrom(*instant);
        return Fit::kFits;
      }
      case ValueKind::kWrapper: {
        const FieldPlan& inner = plan.nested->fields()[0];
        const Fit fit = ReadScalar(value, inner, Slot(slot.Submessage(), inner.field));
        if (fit != Fit::kFits) slot.Drop();
        return fit;
      }
      case ValueKind::kJsonText: {
        size_t nodes = nodes_left_ + 1;
        const char* start = value.token.data();
        const char* end = EndOf(start, path, depth, &nodes);
        if (end == nullptr) return Fit::kFailed;
        nodes_left_ = nodes;
        slot.String(std::string(start, end));
        return Fit::kFits;
      }
      default:
        return ReadScalar(value, plan, slot);
    }
  }

  // The characters of a string value; nothing where an escape stands for no character (half of a
  // surrogate pair). A wrong escape is found by whoever keeps the value then.
  static std::optional<absl::string_view> Text(const Value& value) {
    const absl::string_view inside = value.token.substr(1, value.token.size() - 2);
    if (std::memchr(inside.data(), '\\', inside.size()) == nullptr) return inside;
    std::string_view text;
    Value string = value;
    if (string.json.get_string().get(text)) return std::nullopt;
    return absl::string_view(text.data(), text.size());
  }

  static std::optional<google::protobuf::Timestamp> Instant(const Value& value,
                                                            rest::v1::DateKind kind) {
    const bool epoch =
        kind == rest::v1::DATE_KIND_EPOCH_SECONDS || kind == rest::v1::DATE_KIND_EPOCH_MILLIS;
    if (value.sort == Sort::kNumber && epoch) {
      return ParseEpoch(value.token, kind == rest::v1::DATE_KIND_EPOCH_SECONDS
                                         ? EpochUnit::kSeconds
                                         : EpochUnit::kMillis);
    }
    if (value.sort != Sort::kString) return std::nullopt;
    const std::optional<absl::string_view> text = Text(value);
    if (!text) return std::nullopt;
    if (kind == rest::v1::DATE_KIND_UNSPECIFIED) return ParseInstant(*text);
    const std::optional<DateOrInstant> parsed = ParseByKind(*text, kind);
    if (!parsed || !std::holds_alternative<google::protobuf::Timestamp>(*parsed)) {
      return std::nullopt;
    }
    return std::get<google::protobuf::Timestamp>(*parsed);
  }

  static Fit ReadScalar(const Value& value, const FieldPlan& plan, const Slot& slot) {
    if (value.sort != Sort::kString) return PutScalar(value.sort, value.token, plan, slot);
    const std::optional<absl::string_view> text = Text(value);
    return text ? PutScalar(Sort::kString, *text, plan, slot) : Fit::kIllFitting;
  }

  // ---- values without a schema

  Fit ReadValue(const Value& value, google::protobuf::Value* out, const Scope& scope,
                const ValuePath& path, int depth) {
    switch (value.sort) {
      case Sort::kNull:
        out->set_null_value(google::protobuf::NULL_VALUE);
        return Fit::kFits;
      case Sort::kTrue:
      case Sort::kFalse:
        out->set_bool_value(value.sort == Sort::kTrue);
        return Fit::kFits;
      case Sort::kNumber: {
        const std::optional<double> number = NearestDouble(value.token);
        if (!number) return Fit::kIllFitting;
        out->set_number_value(*number);
        return Fit::kFits;
      }
      case Sort::kString: {
        const std::optional<absl::string_view> text = Text(value);
        if (!text) return Fit::kIllFitting;
        out->set_string_value(std::string(*text));
        return Fit::kFits;
      }
      case Sort::kObject:
        return ReadStruct(value, out->mutable_struct_value(), scope, path, depth) ? Fit::kFits
                                                                                  : Fit::kFailed;
      case Sort::kList:
        return ReadListValue(value, out->mutable_list_value(), scope, path, depth) ? Fit::kFits
                                                                                   : Fit::kFailed;
      case Sort::kInvalid:
        FailSyntax(&path);
        return Fit::kFailed;
    }
    return Fit::kIllFitting;
  }

  bool ReadStruct(const Value& value, google::protobuf::Struct* out, const Scope& scope,
                  const ValuePath& path, int depth) {
    if (!CheckDepth(&path, depth + 1)) return false;
    Value struct_value = value;
    ondemand::object object;
    if (struct_value.json.get_object().get(object)) return FailSyntax(&path);
    absl::flat_hash_map<std::string, Seen> members;
    for (auto item : object) {
      ondemand::field member;
      if (std::move(item).get(member)) return FailSyntax(&path);
      if (!CountNode(&path)) return false;
      absl::string_view name_view;
      if (!NameOf(member, &name_view)) return FailSyntax(&path);
      const std::string name(name_view);
      const Value child = Look(member.value());
      const ValuePath child_path = ValuePath::Foreign(&path, name);
      auto [it, is_new] = members.try_emplace(name);
      if (!is_new) {
        out->mutable_fields()->erase(name);
        if (!KeepEarlier(it->second, scope, child_path, depth + 1)) return false;
      }
      it->second = {child.token.data(), 0, false, EntryCount(scope), 0};
      const Fit fit =
          ReadValue(child, &(*out->mutable_fields())[name], scope, child_path, depth + 1);
      if (fit == Fit::kIllFitting) out->mutable_fields()->erase(name);
      if (!Settle(fit, child, scope, child_path, depth + 1)) return false;
      it->second.entries_end = EntryCount(scope);
    }
    return true;
  }

  bool ReadListValue(const Value& value, google::protobuf::ListValue* out, const Scope& scope,
                     const ValuePath& path, int depth) {
    if (!CheckDepth(&path, depth + 1)) return false;
    Value list = value;
    ondemand::array array;
    if (list.json.get_array().get(array)) return FailSyntax(&path);
    size_t index = 0;
    for (auto item : array) {
      ondemand::value json;
      const ValuePath element_path = ValuePath::Element(&path, index++);
      if (std::move(item).get(json)) return FailSyntax(&element_path);
      if (!CountNode(&path)) return false;
      const Value element = Look(json);
      const Fit fit = ReadValue(element, out->add_values(), scope, element_path, depth + 1);
      if (fit == Fit::kIllFitting) out->mutable_values()->RemoveLast();
      if (!Settle(fit, element, scope, element_path, depth + 1)) return false;
    }
    return true;
  }

  const char* const end_;
  const int max_depth_;
  size_t nodes_left_;
  size_t message_bytes_left_;
  const bool promised_lists_;
  size_t kept_bytes_left_;
  DriftSink* const drift_;
  absl::Status status_;
};

absl::Status Refusal(absl::string_view problem) {
  return absl::InternalError(absl::StrCat("the body ", problem));
}

absl::Status FirstPassRefusal(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR:
      return Refusal("is not valid UTF-8");
    case simdjson::EMPTY:
      return Refusal("is empty");
    default:
      return Refusal("is not valid JSON");
  }
}

absl::string_view Name(char first) {
  switch (first) {
    case '{':
      return "an object";
    case '[':
      return "a list";
    case '"':
      return "text";
    case 'n':
      return "null";
    default:
      return "a bare value";
  }
}

absl::Status Parse(ondemand::parser& parser, const std::string& body, const DecodeOptions& options,
                   const FieldPlan* plan, bool wrapped, Message* out) {
  const size_t wanted = std::max(body.size(), kSmallestCapacity);
  if (parser.capacity() < wanted && parser.allocate(wanted)) {
    return Refusal("could not be parsed for want of memory");
  }
  ondemand::document document;
  if (auto error = parser.iterate(body).get(document)) return FirstPassRefusal(error);
  ondemand::value root;
  if (document.get_value().get(root)) return Refusal("is not valid JSON");
  JsonReader reader(options, body);
  bool read = false;
  if (wrapped) {
    ondemand::array array;
    if (root.get_array().get(array)) return Refusal("is not valid JSON");
    for (auto item : array) {
      ondemand::value json;
      if (std::move(item).get(json)) return Refusal("is not valid JSON");
      read = reader.ReadBodyIntoField(json, *plan, out);
      if (!read) break;
    }
  } else {
    read =
        plan != nullptr ? reader.ReadBodyIntoField(root, *plan, out) : reader.ReadBody(root, out);
  }
  if (!read) return reader.status();
  // A value that was kept as text was not walked by the parser; its own end was checked then, but
  // not what follows it.
  const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  if (!at_end && !IsJsonText(body)) return Refusal("is not one complete JSON text");
  return absl::OkStatus();
}

}  // namespace

absl::Status DecodeJson(std::string body, const DecodeOptions& options, Message* out) {
  out->Clear();
  if (body.size() > options.max_bytes) return Refusal("is too large");
  if (absl::StartsWith(body, "\xEF\xBB\xBF")) body.erase(0, 3);
  const absl::string_view text = StripJsonWhite(body);
  if (text.empty()) return Refusal("is empty");
  const FieldPlan* plan = nullptr;
  if (!options.response_field.empty()) {
    plan = Schema::For(out->GetDescriptor()).FindField(options.response_field);
    if (plan == nullptr) {
      return absl::InternalError(absl::StrCat("the message has no field ", options.response_field));
    }
  }
  const char first = text.front();
  const bool container = first == '{' || first == '[';
  if (container) {
    // Anything behind the outermost value, or its missing end, shows here; the rest of the nesting
    // is checked on the way.
    if (text.back() != (first == '{' ? '}' : ']')) {
      return Refusal("is not one complete JSON text");
    }
    if (plan == nullptr && first != '{') return Refusal("is a list, not an object");
  } else {
    if (!simdjson::validate_utf8(text.data(), text.size())) return Refusal("is not valid UTF-8");
    if (!IsJsonText(text)) return Refusal("is not valid JSON");
    if (plan == nullptr) return Refusal(absl::StrCat("is ", Name(first), ", not an object"));
    // The parser reads bare values by other functions than those inside a list.
    body = absl::StrCat("[", text, "]");
  }
  if (body.capacity() < body.size() + kBodyPadding) body.reserve(body.size() + kBodyPadding);
  if (body.size() > kLargestKeptBody) {
    ondemand::parser parser;
    return Parse(parser, body, options, plan, !container, out);
  }
  thread_local ondemand::parser parser;
  return Parse(parser, body, options, plan, !container, out);
}

}  // namespace edugate::codec
