#include "runtime/codec/json_decoder.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "absl/container/inlined_vector.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "runtime/codec/dates.h"
#include "runtime/codec/decimal.h"
#include "runtime/codec/json_text.h"
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
// A name is compared in place only where the padding behind the body covers it.
constexpr size_t kLongestNameInPlace = kBodyPadding - 2;

// Where a value stands: a chain from the value to the body's outermost one, on the stack of the
// recursion.
struct Path {
  enum Kind {
    kName,     // a field, by a spelling that the schema knows
    kForeign,  // a name that comes from the body: an unknown field or a map's key
    kIndex,    // a position in a list
  };
  const Path* parent;
  Kind kind;
  absl::string_view name;
  size_t index;
};

// Names that look like identifiers may be shown; anything else may be a person's data used as a
// key.
bool LooksLikeIdentifier(absl::string_view name) {
  constexpr size_t kLongest = 64;
  constexpr int kMostDigits = 6;
  if (name.empty() || name.size() > kLongest) return false;
  if (!absl::ascii_isalpha(name[0]) && name[0] != '_' && name[0] != '#') return false;
  int digits = 0;
  for (char c : name) {
    if (absl::ascii_isdigit(c)) {
      ++digits;
    } else if (!absl::ascii_isalpha(c) && c != '_' && c != '-' && c != '#') {
      return false;
    }
  }
  return digits <= kMostDigits;
}

enum class PathStyle {
  kExact,    // for UnknownField: names and positions as they are
  kMessage,  // for an error: positions, but no name that may be data
  kDrift,    // for a metric: neither positions nor names that may be data
};

void AppendPath(const Path* at, const Path* from, PathStyle style, std::string* text) {
  if (at == from) return;
  AppendPath(at->parent, from, style, text);
  if (at->kind == Path::kIndex) {
    if (style == PathStyle::kDrift) {
      text->append("[]");
    } else {
      AppendPathIndex(at->index, text);
    }
  } else if (style == PathStyle::kExact || at->kind == Path::kName) {
    AppendPathName(at->name, text);
  } else {
    absl::StrAppend(text, text->empty() ? "" : ".", LooksLikeIdentifier(at->name) ? at->name : "*");
  }
}

std::string PathText(const Path* at, const Path* from, PathStyle style) {
  std::string text;
  AppendPath(at, from, style, &text);
  return text;
}

// The nearest enclosing message that keeps unknown fields.
struct Holder {
  Message* message;
  const FieldDescriptor* field;
  const Path* at;

  UnknownField* Add() const {
    return static_cast<UnknownField*>(message->GetReflection()->AddMessage(message, field));
  }

  template <typename Predicate>
  void RemoveIf(Predicate predicate) const {
    const Reflection* reflection = message->GetReflection();
    const int size = reflection->FieldSize(*message, field);
    int kept = 0;
    for (int i = 0; i < size; ++i) {
      const Message& entry = reflection->GetRepeatedMessage(*message, field, i);
      if (predicate(static_cast<const UnknownField&>(entry))) continue;
      if (kept != i) reflection->SwapElements(message, field, kept, i);
      ++kept;
    }
    for (int i = kept; i < size; ++i) reflection->RemoveLast(message, field);
  }
};

// The message that is being read.
struct Scope {
  Message* message;
  const Schema* schema;
  const Path* at;
  const Holder* holder;  // null where no enclosing message keeps unknown fields
};

// Where one value goes: a field, or the end of a list.
struct Slot {
  Message* message;
  const Reflection* reflection;
  const FieldDescriptor* field;

  Slot(Message* message, const FieldDescriptor* field)
      : message(message), reflection(message->GetReflection()), field(field) {}

  void Bool(bool v) const { Put(&Reflection::SetBool, &Reflection::AddBool, v); }
  void Int32(int32_t v) const { Put(&Reflection::SetInt32, &Reflection::AddInt32, v); }
  void Int64(int64_t v) const { Put(&Reflection::SetInt64, &Reflection::AddInt64, v); }
  void Uint32(uint32_t v) const { Put(&Reflection::SetUInt32, &Reflection::AddUInt32, v); }
  void Uint64(uint64_t v) const { Put(&Reflection::SetUInt64, &Reflection::AddUInt64, v); }
  void Float(float v) const { Put(&Reflection::SetFloat, &Reflection::AddFloat, v); }
  void Double(double v) const { Put(&Reflection::SetDouble, &Reflection::AddDouble, v); }
  void Enum(int v) const { Put(&Reflection::SetEnumValue, &Reflection::AddEnumValue, v); }
  void String(std::string v) const {
    if (field->is_repeated()) {
      reflection->AddString(message, field, std::move(v));
    } else {
      reflection->SetString(message, field, std::move(v));
    }
  }
  Message* Submessage() const {
    return field->is_repeated() ? reflection->AddMessage(message, field)
                                : reflection->MutableMessage(message, field);
  }
  // Takes back what Submessage gave.
  void Drop() const {
    if (field->is_repeated()) {
      reflection->RemoveLast(message, field);
    } else {
      reflection->ClearField(message, field);
    }
  }

 private:
  template <typename Set, typename Add, typename T>
  void Put(Set set, Add add, T v) const {
    if (field->is_repeated()) {
      (reflection->*add)(message, field, v);
    } else {
      (reflection->*set)(message, field, v);
    }
  }
};

enum class Sort { kObject, kList, kString, kNumber, kTrue, kFalse, kNull, kInvalid };

// One value of the body, seen but not yet read.
struct Value {
  ondemand::value json;
  // A scalar's own characters; of a list or object only the bracket.
  absl::string_view token;
  Sort sort;
};

enum class Fit {
  kFits,
  kIllFitting,
  kNewEnumValue,
  kFailed,  // the body is refused; the reader holds the status
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
  Sort sort = Sort::kInvalid;
  if (!token.empty()) {
    switch (token.front()) {
      case '{':
        sort = Sort::kObject;
        break;
      case '[':
        sort = Sort::kList;
        break;
      case '"':
        if (token.size() > 1 && token.back() == '"') sort = Sort::kString;
        break;
      case 't':
        if (token == "true") sort = Sort::kTrue;
        break;
      case 'f':
        if (token == "false") sort = Sort::kFalse;
        break;
      case 'n':
        if (token == "null") sort = Sort::kNull;
        break;
      default:
        if (IsJsonNumber(token)) sort = Sort::kNumber;
        break;
    }
  }
  return {json, token, sort};
}

bool IsLongInteger(absl::string_view number) {
  constexpr size_t kAlwaysExact = 7;  // a float's significant digits, with room for a sign
  return number.size() > kAlwaysExact && number.find_first_of(".eE") == absl::string_view::npos;
}

// The nearest number of the type, unless there is none or the text is an integer that the type
// can't hold.
template <typename Float>
std::optional<Float> NearestFloat(absl::string_view number) {
  Float value = 0;
  const char* end = number.data() + number.size();
  const auto [stop, error] = std::from_chars(number.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  if (IsLongInteger(number)) {
    char exact[400];
    const int size = std::snprintf(exact, sizeof exact, "%.0f", static_cast<double>(value));
    if (number != absl::string_view(exact, size)) return std::nullopt;
  }
  return value;
}

std::optional<bool> BoolFromText(absl::string_view text) {
  if (absl::EqualsIgnoreCase(text, "true")) return true;
  if (absl::EqualsIgnoreCase(text, "false")) return false;
  return std::nullopt;
}

class JsonReader {
 public:
  JsonReader(const DecodeOptions& options, const char* end)
      : end_(end),
        max_depth_(std::min(options.max_depth, kDeepestEver)),
        nodes_left_(options.max_nodes),
        drift_(options.drift) {}

  const absl::Status& status() const { return status_; }

  // The body is the message.
  bool ReadBody(ondemand::value json, Message* out) {
    const Value value = Look(json);
    if (!CountNode(nullptr)) return false;
    const Schema& schema = Schema::For(out->GetDescriptor());
    const Holder holder{out, schema.unknown_fields(), nullptr};
    const Scope scope{out, &schema, nullptr, holder.field != nullptr ? &holder : nullptr};
    return ReadMessage(value, scope, 1);
  }

  // The body is one field of the message.
  bool ReadBodyIntoField(ondemand::value json, const FieldPlan& plan, Message* out) {
    const Value value = Look(json);
    if (!CountNode(nullptr)) return false;
    const Schema& schema = Schema::For(out->GetDescriptor());
    const Holder holder{out, schema.unknown_fields(), nullptr};
    const Scope scope{out, &schema, nullptr, holder.field != nullptr ? &holder : nullptr};
    const Path path{nullptr, Path::kName, plan.field->json_name(), 0};
    return ReadField(value, scope, plan, path, 0);
  }

  bool Fail(const Path* at, absl::string_view problem) {
    const std::string path = PathText(at, nullptr, PathStyle::kMessage);
    status_ = absl::InternalError(path.empty() ? absl::StrCat("the body ", problem)
                                               : absl::StrCat(path, " ", problem));
    return false;
  }

  bool FailSyntax(const Path* at) { return Fail(at, "is not valid JSON"); }

 private:
  // What an object has held so far of one field.
  struct Seen {
    const char* start;  // null: nothing yet
    int spelling;
    bool null;
  };

  bool CountNode(const Path* at) {
    if (nodes_left_ == 0) return Fail(at, "holds too many values");
    --nodes_left_;
    return true;
  }

  bool CheckDepth(const Path* at, int depth) {
    return depth <= max_depth_ || Fail(at, "is nested too deeply");
  }

  // ---- objects

  bool ReadMessage(const Value& value, const Scope& scope, int depth) {
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
        const Path path{scope.at, Path::kForeign, name, 0};
        if (!KeepUnknown(child.token.data(), scope, path, depth)) return false;
        continue;
      }
      const FieldPlan& plan = *schema.spellings()[spelling].plan;
      expected = plan.index + 1;
      const Path path{scope.at, Path::kName, schema.spellings()[spelling].name, 0};
      Seen& before = seen[plan.index];
      if (before.start != nullptr) {
        if (before.spelling != spelling && !before.null) {
          if (!KeepUnknown(child.token.data(), scope, path, depth)) return false;
          continue;
        }
        const Path earlier{scope.at, Path::kName, schema.spellings()[before.spelling].name, 0};
        if (!GiveUpEarlier(before.start, scope, plan, earlier, depth)) return false;
      }
      before = {child.token.data(), spelling, child.sort == Sort::kNull};
      if (!ReadField(child, scope, plan, path, depth)) return false;
    }
    for (size_t index : schema.documented_required()) {
      if (seen[index].start == nullptr && drift_ != nullptr) {
        drift_->OnMissing(schema.descriptor()->full_name(),
                          schema.fields()[index].field->json_name());
      }
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
  const char* EndOf(const char* start, const Path& path, int depth, size_t* nodes) {
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

  bool Keep(const char* start, const Scope& scope, const Path& path, int depth, bool ill_fitting) {
    // The value itself is counted already.
    size_t nodes = nodes_left_ + 1;
    const char* end = EndOf(start, path, depth, &nodes);
    if (end == nullptr) return false;
    nodes_left_ = nodes;
    AddEntry(absl::string_view(start, end - start), scope, path, ill_fitting);
    return true;
  }

  void AddEntry(absl::string_view json, const Scope& scope, const Path& path, bool ill_fitting) {
    if (scope.holder == nullptr) return;
    UnknownField* entry = scope.holder->Add();
    AppendPath(&path, scope.holder->at, PathStyle::kExact, entry->mutable_path());
    entry->set_json(std::string(json));
    entry->set_ill_fitting(ill_fitting);
  }

  bool KeepUnknown(const char* start, const Scope& scope, const Path& path, int depth) {
    if (drift_ != nullptr) {
      drift_->OnUnknownField(scope.schema->descriptor()->full_name(),
                             PathText(&path, scope.at, PathStyle::kDrift));
    }
    return Keep(start, scope, path, depth, false);
  }

  bool KeepIllFitting(const char* start, const Scope& scope, const Path& path, int depth,
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

  // Keeps what a field held before its name came again, and clears the field.
  bool GiveUpEarlier(const char* start, const Scope& scope, const FieldPlan& plan, const Path& path,
                     int depth) {
    scope.message->GetReflection()->ClearField(scope.message, plan.field);
    ForgetEntries(scope, path);
    size_t nodes = SIZE_MAX;
    const char* end = EndOf(start, path, depth, &nodes);
    if (end == nullptr) return false;
    if (drift_ != nullptr) {
      drift_->OnUnknownField(scope.schema->descriptor()->full_name(),
                             PathText(&path, scope.at, PathStyle::kDrift));
    }
    AddEntry(absl::string_view(start, end - start), scope, path, false);
    return true;
  }

  // Removes what was kept of a value that is now kept whole.
  static void ForgetEntries(const Scope& scope, const Path& path) {
    if (scope.holder == nullptr) return;
    const std::string prefix = PathText(&path, scope.holder->at, PathStyle::kExact);
    scope.holder->RemoveIf([&](const UnknownField& entry) {
      if (!absl::StartsWith(entry.path(), prefix)) return false;
      if (entry.path().size() == prefix.size()) return entry.ill_fitting();
      const char next = entry.path()[prefix.size()];
      return next == '.' || next == '[';
    });
  }

  bool Settle(Fit fit, const Value& value, const Scope& scope, const Path& path, int depth) {
    if (fit == Fit::kFits) return true;
    if (fit == Fit::kFailed) return false;
    return KeepIllFitting(value.token.data(), scope, path, depth, fit);
  }

  // ---- fields

  // `depth` is that of the object in which the field stands; 0 where the field is the whole body.
  bool ReadField(const Value& value, const Scope& scope, const FieldPlan& plan, const Path& path,
                 int depth) {
    if (value.sort == Sort::kInvalid) return FailSyntax(&path);
    if (value.sort == Sort::kNull && plan.kind != ValueKind::kValue) return true;
    if (plan.kind == ValueKind::kMap) return ReadMap(value, scope, plan, path, depth);
    if (plan.repeated) return ReadList(value, scope, plan, path, depth);
    if (const auto* oneof = plan.field->real_containing_oneof();
        oneof != nullptr && scope.message->GetReflection()->HasOneof(*scope.message, oneof)) {
      return KeepIllFitting(value.token.data(), scope, path, depth);
    }
    const Fit fit = ReadOne(value, scope, plan, Slot(scope.message, plan.field), path, depth);
    return Settle(fit, value, scope, path, depth);
  }

  bool ReadList(const Value& value, const Scope& scope, const FieldPlan& plan, const Path& path,
                int depth) {
    const Slot slot(scope.message, plan.field);
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
      const Path element_path{&path, Path::kIndex, {}, index++};
      if (std::move(item).get(json)) return FailSyntax(&element_path);
      if (!CountNode(&path)) return false;
      const Value element = Look(json);
      const Fit fit = ReadOne(element, scope, plan, slot, element_path, depth + 1);
      if (!Settle(fit, element, scope, element_path, depth + 1)) return false;
    }
    return true;
  }

  bool ReadMap(const Value& value, const Scope& scope, const FieldPlan& plan, const Path& path,
               int depth) {
    if (value.sort != Sort::kObject) {
      return KeepIllFitting(value.token.data(), scope, path, depth);
    }
    if (!CheckDepth(&path, depth + 1)) return false;
    const FieldPlan& key_plan = plan.nested->fields()[0];
    const FieldPlan& value_plan = plan.nested->fields()[1];
    const Reflection* reflection = scope.message->GetReflection();
    Value map = value;
    ondemand::object object;
    if (map.json.get_object().get(object)) return FailSyntax(&path);
    struct Entry {
      const char* start;
      int position;  // in the field; negative: the value didn't fit
    };
    absl::flat_hash_map<std::string, Entry> entries;
    for (auto item : object) {
      ondemand::field member;
      if (std::move(item).get(member)) return FailSyntax(&path);
      if (!CountNode(&path)) return false;
      absl::string_view name_view;
      if (!NameOf(member, &name_view)) return FailSyntax(&path);
      const std::string name(name_view);
      const Value child = Look(member.value());
      const Path child_path{&path, Path::kForeign, name, 0};
      if (child.sort == Sort::kInvalid) return FailSyntax(&child_path);
      auto [it, is_new] = entries.try_emplace(name, Entry{child.token.data(), -1});
      if (!is_new) {
        if (!GiveUpEntry(it->second.start, it->second.position, scope, plan, child_path, depth)) {
          return false;
        }
        for (auto& [other, entry] : entries) {
          if (entry.position == reflection->FieldSize(*scope.message, plan.field)) {
            entry.position = it->second.position;
          }
        }
        it->second = Entry{child.token.data(), -1};
      }
      Message* entry = reflection->AddMessage(scope.message, plan.field);
      Fit fit = SetMapKey(name, key_plan, entry) ? Fit::kFits : Fit::kIllFitting;
      if (fit == Fit::kFits) {
        fit =
            ReadOne(child, scope, value_plan, Slot(entry, value_plan.field), child_path, depth + 1);
      }
      if (fit == Fit::kFits) {
        it->second.position = reflection->FieldSize(*scope.message, plan.field) - 1;
      } else {
        reflection->RemoveLast(scope.message, plan.field);
      }
      if (!Settle(fit, child, scope, child_path, depth + 1)) return false;
    }
    return true;
  }

  // Keeps what a map held before a key came again, and takes it out of the map; the last entry
  // moves into its place.
  bool GiveUpEntry(const char* start, int position, const Scope& scope, const FieldPlan& plan,
                   const Path& path, int depth) {
    ForgetEntries(scope, path);
    if (position >= 0) {
      const Reflection* reflection = scope.message->GetReflection();
      const int last = reflection->FieldSize(*scope.message, plan.field) - 1;
      reflection->SwapElements(scope.message, plan.field, position, last);
      reflection->RemoveLast(scope.message, plan.field);
    }
    size_t nodes = SIZE_MAX;
    const char* end = EndOf(start, path, depth + 1, &nodes);
    if (end == nullptr) return false;
    if (drift_ != nullptr) {
      drift_->OnUnknownField(scope.schema->descriptor()->full_name(),
                             PathText(&path, scope.at, PathStyle::kDrift));
    }
    AddEntry(absl::string_view(start, end - start), scope, path, false);
    return true;
  }

  static bool SetMapKey(const std::string& name, const FieldPlan& plan, Message* entry) {
    const Slot slot(entry, plan.field);
    if (plan.kind == ValueKind::kString) {
      slot.String(name);
      return true;
    }
    if (plan.kind == ValueKind::kBool) {
      const std::optional<bool> key = BoolFromText(name);
      if (key) slot.Bool(*key);
      return key.has_value();
    }
    return PutInteger(name, plan.kind, slot);
  }

  // ---- one value

  Fit ReadOne(const Value& value, const Scope& scope, const FieldPlan& plan, const Slot& slot,
              const Path& path, int depth) {
    if (value.sort == Sort::kInvalid) {
      FailSyntax(&path);
      return Fit::kFailed;
    }
    switch (plan.kind) {
      case ValueKind::kMessage: {
        if (value.sort != Sort::kObject) return Fit::kIllFitting;
        Message* message = slot.Submessage();
        const Holder own{message, plan.nested->unknown_fields(), &path};
        const Scope inner{message, plan.nested, &path, own.field != nullptr ? &own : scope.holder};
        return ReadMessage(value, inner, depth + 1) ? Fit::kFits : Fit::kFailed;
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
    absl::string_view text = value.token;
    if (value.sort == Sort::kString) {
      const std::optional<absl::string_view> unescaped = Text(value);
      if (!unescaped) return Fit::kIllFitting;
      text = *unescaped;
    } else if (value.sort == Sort::kObject || value.sort == Sort::kList ||
               value.sort == Sort::kNull) {
      return Fit::kIllFitting;
    }
    const bool is_bool = value.sort == Sort::kTrue || value.sort == Sort::kFalse;
    switch (plan.kind) {
      case ValueKind::kString:
        slot.String(std::string(text));
        return Fit::kFits;
      case ValueKind::kBytes: {
        std::string bytes;
        if (value.sort != Sort::kString ||
            (!absl::Base64Unescape(text, &bytes) && !absl::WebSafeBase64Unescape(text, &bytes))) {
          return Fit::kIllFitting;
        }
        slot.String(std::move(bytes));
        return Fit::kFits;
      }
      case ValueKind::kBool: {
        if (value.sort == Sort::kNumber) return Fit::kIllFitting;
        const std::optional<bool> flag = BoolFromText(text);
        if (!flag) return Fit::kIllFitting;
        slot.Bool(*flag);
        return Fit::kFits;
      }
      case ValueKind::kEnum:
        return is_bool || text.empty() ? Fit::kIllFitting : PutEnum(text, plan, slot);
      case ValueKind::kFloat: {
        const std::optional<float> number =
            !is_bool && IsJsonNumber(text) ? NearestFloat<float>(text) : std::nullopt;
        if (!number) return Fit::kIllFitting;
        slot.Float(*number);
        return Fit::kFits;
      }
      case ValueKind::kDouble: {
        const std::optional<double> number =
            !is_bool && IsJsonNumber(text) ? NearestFloat<double>(text) : std::nullopt;
        if (!number) return Fit::kIllFitting;
        slot.Double(*number);
        return Fit::kFits;
      }
      default:
        return !is_bool && PutInteger(text, plan.kind, slot) ? Fit::kFits : Fit::kIllFitting;
    }
  }

  static Fit PutEnum(absl::string_view text, const FieldPlan& plan, const Slot& slot) {
    if (const std::optional<int64_t> number = ExactInt64(text)) {
      const auto* type = plan.field->enum_type();
      if (*number < INT32_MIN || *number > INT32_MAX ||
          type->FindValueByNumber(static_cast<int>(*number)) == nullptr) {
        return Fit::kNewEnumValue;
      }
      slot.Enum(static_cast<int>(*number));
      return Fit::kFits;
    }
    const auto it = plan.enum_values.find(absl::AsciiStrToLower(text));
    if (it == plan.enum_values.end()) return Fit::kNewEnumValue;
    slot.Enum(it->second->number());
    return Fit::kFits;
  }

  static bool PutInteger(absl::string_view text, ValueKind kind, const Slot& slot) {
    if (kind == ValueKind::kUint32 || kind == ValueKind::kUint64) {
      const std::optional<uint64_t> number = ExactUint64(text);
      if (!number || (kind == ValueKind::kUint32 && *number > UINT32_MAX)) return false;
      if (kind == ValueKind::kUint32) {
        slot.Uint32(static_cast<uint32_t>(*number));
      } else {
        slot.Uint64(*number);
      }
      return true;
    }
    const std::optional<int64_t> number = ExactInt64(text);
    if (!number) return false;
    if (kind == ValueKind::kInt64) {
      slot.Int64(*number);
      return true;
    }
    if (*number < INT32_MIN || *number > INT32_MAX) return false;
    slot.Int32(static_cast<int32_t>(*number));
    return true;
  }

  // ---- values without a schema

  Fit ReadValue(const Value& value, google::protobuf::Value* out, const Scope& scope,
                const Path& path, int depth) {
    switch (value.sort) {
      case Sort::kNull:
        out->set_null_value(google::protobuf::NULL_VALUE);
        return Fit::kFits;
      case Sort::kTrue:
      case Sort::kFalse:
        out->set_bool_value(value.sort == Sort::kTrue);
        return Fit::kFits;
      case Sort::kNumber: {
        const std::optional<double> number = NearestFloat<double>(value.token);
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
                  const Path& path, int depth) {
    if (!CheckDepth(&path, depth + 1)) return false;
    Value struct_value = value;
    ondemand::object object;
    if (struct_value.json.get_object().get(object)) return FailSyntax(&path);
    absl::flat_hash_map<std::string, const char*> starts;
    for (auto item : object) {
      ondemand::field member;
      if (std::move(item).get(member)) return FailSyntax(&path);
      if (!CountNode(&path)) return false;
      absl::string_view name_view;
      if (!NameOf(member, &name_view)) return FailSyntax(&path);
      const std::string name(name_view);
      const Value child = Look(member.value());
      const Path child_path{&path, Path::kForeign, name, 0};
      auto [it, is_new] = starts.try_emplace(name, child.token.data());
      if (!is_new) {
        ForgetEntries(scope, child_path);
        size_t nodes = SIZE_MAX;
        const char* end = EndOf(it->second, child_path, depth + 1, &nodes);
        if (end == nullptr) return false;
        AddEntry(absl::string_view(it->second, end - it->second), scope, child_path, false);
        it->second = child.token.data();
        out->mutable_fields()->erase(name);
      }
      const Fit fit =
          ReadValue(child, &(*out->mutable_fields())[name], scope, child_path, depth + 1);
      if (fit == Fit::kIllFitting) out->mutable_fields()->erase(name);
      if (!Settle(fit, child, scope, child_path, depth + 1)) return false;
    }
    return true;
  }

  bool ReadListValue(const Value& value, google::protobuf::ListValue* out, const Scope& scope,
                     const Path& path, int depth) {
    if (!CheckDepth(&path, depth + 1)) return false;
    Value list = value;
    ondemand::array array;
    if (list.json.get_array().get(array)) return FailSyntax(&path);
    size_t index = 0;
    for (auto item : array) {
      ondemand::value json;
      const Path element_path{&path, Path::kIndex, {}, index++};
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
  JsonReader reader(options, body.data() + body.size());
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
