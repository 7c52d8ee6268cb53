#include "runtime/codec/json_decoder.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>

#include "absl/container/inlined_vector.h"
#include "absl/strings/match.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "runtime/codec/dates.h"
#include "runtime/codec/json_text.h"
#include "runtime/codec/json_tokens.h"
#include "runtime/codec/scalar.h"
#include "runtime/codec/value_path.h"
#include "simdjson.h"

namespace edugate::codec {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using rest::v1::UnknownField;

static_assert(kBodyPadding == simdjson::SIMDJSON_PADDING);

// Each level of nesting costs a few frames of recursion, which the stack of an event loop's thread
// must hold.
constexpr int kDeepestEver = 512;
// The first pass keeps some five bytes for each byte of the largest body that it has read; one for
// larger bodies isn't kept.
constexpr size_t kLargestKeptBody = 1 << 20;
constexpr size_t kSmallestCapacity = 64 << 10;
// What unknown fields may take in all, paths included: a map's long key can stand in the path of
// many values.
constexpr size_t kFreeKeptBytes = 1 << 20;
constexpr size_t kKeptBytesPerByte = 8;
// What an entry of a map takes without its key and value, and the note that is taken of it.
constexpr size_t kMapEntryBytes = 160;
// Replies repeat their fields in one order and leave some out: so many fields after the last one
// are tried before the name is looked up.
constexpr size_t kGuesses = 3;

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

// Names are mostly short, and a call of memcmp costs more than looking at them.
bool SameName(absl::string_view a, const std::string& b) {
  if (a.size() != b.size()) return false;
  const size_t size = a.size();
  const size_t word = sizeof(uint64_t);
  if (size < word) {
    for (size_t i = 0; i < size; ++i) {
      if (a[i] != b[i]) return false;
    }
    return true;
  }
  if (size > 2 * word) return std::memcmp(a.data(), b.data(), size) == 0;
  return EightBytes(a.data()) == EightBytes(b.data()) &&
         EightBytes(a.data() + size - word) == EightBytes(b.data() + size - word);
}

class JsonReader {
 public:
  JsonReader(const DecodeOptions& options, const std::string& body, JsonTokens tokens)
      : tokens_(tokens),
        end_(body.data() + body.size()),
        max_depth_(std::min(options.max_depth, kDeepestEver)),
        nodes_left_(options.max_nodes),
        message_bytes_left_(options.max_message_bytes),
        promised_lists_(options.promised_lists),
        kept_bytes_left_(kFreeKeptBytes + kKeptBytesPerByte * body.size()),
        drift_(options.drift) {}

  const absl::Status& status() const { return status_; }

  // The body is the message.
  bool ReadBody(Message* out) {
    if (!CountNode(nullptr)) return false;
    if (tokens_.TakeValue().sort != Sort::kObject) return FailSyntax(nullptr);
    return ReadMessage(Schema::For(out->GetDescriptor()), out, nullptr, nullptr, 1);
  }

  // The body is one field of the message.
  bool ReadBodyIntoField(const FieldPlan& plan, Message* out) {
    if (!CountNode(nullptr)) return false;
    const Schema& schema = Schema::For(out->GetDescriptor());
    std::optional<Holder> holder;
    if (schema.unknown_fields() != nullptr) holder.emplace(out, schema.unknown_fields(), nullptr);
    const Scope scope{out, out->GetReflection(), &schema, nullptr, holder ? &*holder : nullptr};
    const ValuePath path = ValuePath::Field(nullptr, plan.field->json_name());
    const JsonValue value = tokens_.TakeValue();
    if (MustBeList(plan, 0) && value.sort != Sort::kList && value.sort != Sort::kNull) {
      return Fail(nullptr, "is not a list");
    }
    if (!ReadField(value, scope, plan, path, 0)) return false;
    if (holder) holder->Sweep();
    return true;
  }

  // Whether the body ends where its outermost value does.
  bool AtEnd() const { return tokens_.AtEnd(); }

  bool Fail(const ValuePath* at, absl::string_view problem) {
    const std::string path = PathText(at, nullptr, PathStyle::kError);
    status_ = absl::InternalError(path.empty() ? absl::StrCat("the body ", problem)
                                               : absl::StrCat(path, " ", problem));
    return false;
  }

  bool FailSyntax(const ValuePath* at) { return Fail(at, "is not valid JSON"); }

 private:
  // What an object has held so far of one field or under one name.
  struct Seen {
    const char* start;
    // The entries that the value left among the unknown fields.
    int entries_begin;
    int entries_end;
    int spelling;
    // The number of the object that this is about: see seen_.
    uint32_t object;
    bool null;
  };

  // An object that is being read: its number, and where its fields' places begin in seen_.
  struct Frame {
    const Scope& scope;
    uint32_t object;
    size_t seen_begin;
    int depth;
  };

  static int EntryCount(const Scope& scope) {
    return scope.holder != nullptr ? scope.holder->size() : 0;
  }

  bool CountNode(const ValuePath* at) {
    if (nodes_left_ == 0) return Fail(at, "holds too many values");
    --nodes_left_;
    return true;
  }

  // What a message takes, its texts not counted.
  bool TakeMemory(size_t bytes, const ValuePath* at) {
    if (bytes > message_bytes_left_) return Fail(at, "holds too many objects");
    message_bytes_left_ -= bytes;
    return true;
  }

  // Whether the field is a list without whose records the body would pass for one that has none.
  // `depth` as for ReadField.
  bool MustBeList(const FieldPlan& plan, int depth) const {
    if (!promised_lists_ || !plan.repeated) return false;
    return depth == 0 ? !plan.accept_single : depth == 1 && plan.documented_required;
  }

  bool CheckDepth(const ValuePath* at, int depth) {
    return depth <= max_depth_ || Fail(at, "is nested too deeply");
  }

  // ---- objects

  // The object's bracket has been taken, here and below.
  bool ReadMessage(const Schema& schema, Message* out, const ValuePath* at, Holder* outer,
                   int depth) {
    if (!TakeMemory(schema.message_bytes(), at)) return false;
    if (schema.unknown_fields() == nullptr) {
      return ReadMembers(Scope{out, schema.reflection(), &schema, at, outer}, depth);
    }
    Holder holder(out, schema.unknown_fields(), at);
    if (!ReadMembers(Scope{out, schema.reflection(), &schema, at, &holder}, depth)) return false;
    holder.Sweep();
    return true;
  }

  bool ReadMembers(const Scope& scope, int depth) {
    if (!CheckDepth(scope.at, depth)) return false;
    const Schema& schema = *scope.schema;
    const size_t seen_begin = seen_in_use_;
    seen_in_use_ += schema.fields().size();
    if (seen_.size() < seen_in_use_) seen_.resize(seen_in_use_);
    const Frame frame{scope, ++objects_, seen_begin, depth};
    size_t expected = 0;
    // Copies, which stay in registers while the members are plain.
    JsonTokens tokens = tokens_;
    Seen* seen = seen_.data() + seen_begin;
    if (!tokens.TakeIf('}')) {
      do {
        absl::string_view name;
        if (!tokens.TakeName(&name) || !tokens.TakeIf(':')) return FailSyntax(scope.at);
        if (!CountNode(scope.at)) return false;
        const int spelling = FindSpelling(schema, expected, &name);
        if (spelling == kBadName) return FailSyntax(scope.at);
        const JsonValue child = tokens.TakeValue();
        if (spelling != Schema::kUnknown) {
          const FieldPlan& plan = *schema.spellings()[spelling].plan;
          expected = plan.index + 1;
          Seen& place = seen[plan.index];
          if (place.object != frame.object && ReadPlain(child, plan, scope.message)) {
            Note(child, spelling, frame, &place);
            continue;
          }
        }
        tokens_ = tokens;
        if (!ReadMember(child, name, spelling, frame)) return false;
        tokens = tokens_;
        seen = seen_.data() + seen_begin;
      } while (tokens.TakeIf(','));
      if (!tokens.TakeIf('}')) return FailSyntax(scope.at);
    }
    tokens_ = tokens;
    for (size_t index : schema.documented_required()) {
      if (seen[index].object == frame.object) continue;
      const FieldPlan& plan = schema.fields()[index];
      const std::string& name = plan.field->json_name();
      if (MustBeList(plan, depth)) {
        const ValuePath path = ValuePath::Field(scope.at, name);
        return Fail(&path, "is missing");
      }
      if (drift_ != nullptr) drift_->OnMissing(schema.descriptor()->full_name(), name);
    }
    seen_in_use_ = seen_begin;
    return true;
  }

  // Any member. `name` is looked at where the schema doesn't know it.
  bool ReadMember(const JsonValue& child, absl::string_view name, int spelling,
                  const Frame& frame) {
    const Scope& scope = frame.scope;
    const Schema& schema = *scope.schema;
    const int depth = frame.depth;
    if (spelling == Schema::kUnknown) {
      const ValuePath path = ValuePath::Foreign(scope.at, name);
      if (child.sort == Sort::kInvalid) return FailSyntax(&path);
      return KeepUnknown(child.token.data(), scope, path, depth);
    }
    const FieldPlan& plan = *schema.spellings()[spelling].plan;
    const ValuePath path = ValuePath::Field(scope.at, schema.spellings()[spelling].name);
    if (child.sort == Sort::kInvalid) return FailSyntax(&path);
    if (MustBeList(plan, depth) && child.sort != Sort::kList && child.sort != Sort::kNull) {
      return Fail(&path, "is not a list");
    }
    const size_t place = frame.seen_begin + plan.index;
    if (const Seen before = seen_[place]; before.object == frame.object) {
      if (before.spelling != spelling && !before.null) {
        return KeepUnknown(child.token.data(), scope, path, depth);
      }
      scope.reflection->ClearField(scope.message, plan.field);
      const ValuePath earlier =
          ValuePath::Field(scope.at, schema.spellings()[before.spelling].name);
      if (!KeepEarlier(before, scope, earlier, depth)) return false;
    }
    Note(child, spelling, frame, &seen_[place]);
    if (!ReadField(child, scope, plan, path, depth)) return false;
    seen_[place].entries_end = EntryCount(scope);
    return true;
  }

  // Notes a value of which nothing stands among the unknown fields yet. Assigned one by one: as a
  // whole, the compiler puts it together elsewhere and copies it.
  static void Note(const JsonValue& value, int spelling, const Frame& frame, Seen* seen) {
    seen->start = value.token.data();
    seen->entries_begin = seen->entries_end = EntryCount(frame.scope);
    seen->spelling = spelling;
    seen->object = frame.object;
    seen->null = value.sort == Sort::kNull;
  }

  // Reads what most members are: a scalar, written as its field has it. False, with nothing done,
  // for all else; ReadField then gives the same for these values, too, on a longer way.
  static bool ReadPlain(const JsonValue& value, const FieldPlan& plan, Message* message) {
    if (!plan.plain) return false;
    switch (value.sort) {
      case Sort::kNull:
        return true;
      case Sort::kString: {
        const absl::string_view inside = value.token.substr(1, value.token.size() - 2);
        if (plan.kind != ValueKind::kString || HasEscape(inside)) return false;
        Slot(message, plan).String(inside);
        return true;
      }
      case Sort::kNumber:
        if (plan.kind == ValueKind::kString) {
          Slot(message, plan).String(value.token);
          return true;
        }
        return value.small && IsInteger(plan.kind) &&
               PutInteger(value.integer, plan.kind, Slot(message, plan));
      case Sort::kTrue:
      case Sort::kFalse:
        if (plan.kind != ValueKind::kBool) return false;
        Slot(message, plan).Bool(value.sort == Sort::kTrue);
        return true;
      default:
        return false;
    }
  }

  // Takes a member's name and the colon behind it, and counts the member. `*name` is what stands
  // between the quotes.
  bool TakeMemberName(const ValuePath* at, absl::string_view* name) {
    if (!tokens_.TakeName(name) || !tokens_.TakeIf(':')) return FailSyntax(at);
    return CountNode(at);
  }

  // The spelling whose name stands between a member's quotes; kUnknown, and in `*name` the name
  // itself, where the schema doesn't know it; kBadName where it is no JSON string.
  int FindSpelling(const Schema& schema, size_t expected, absl::string_view* name) {
    const size_t last = std::min(expected + kGuesses, schema.fields().size());
    for (size_t guess = expected; guess < last; ++guess) {
      if (SameName(*name, schema.spellings()[guess].name)) return static_cast<int>(guess);
    }
    if (!ResolveName(name)) return kBadName;
    return schema.Find(*name);
  }

  // Takes the escapes out of a member's name unless one of them stands for no character. False
  // where the name is no JSON string.
  bool ResolveName(absl::string_view* name) {
    if (!HasEscape(*name)) return true;
    std::string unescaped;
    if (UnescapeJson(*name, &unescaped)) {
      names_.push_back(std::move(unescaped));
      *name = names_.back();
      return true;
    }
    JsonBudget budget{0, 1};
    JsonFlaw flaw = JsonFlaw::kNone;
    return ScanJsonValue(name->data() - 1, end_, &budget, &flaw) != nullptr;
  }

  // ---- what doesn't go into a typed field

  // The end of the value that starts at `start`, which is checked and whose tokens are taken; null
  // when the body is refused.
  const char* EndOf(const char* start, const ValuePath& path, int depth, size_t* nodes) {
    JsonBudget budget{max_depth_ - depth, *nodes};
    JsonFlaw flaw = JsonFlaw::kNone;
    const char* end = ScanJsonValue(start, end_, &budget, &flaw);
    *nodes = budget.nodes;
    switch (flaw) {
      case JsonFlaw::kNone:
        tokens_.SkipTo(end);
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

  bool Settle(Fit fit, const JsonValue& value, const Scope& scope, const ValuePath& path,
              int depth) {
    if (fit == Fit::kFits) return true;
    if (fit == Fit::kFailed) return false;
    return KeepIllFitting(value.token.data(), scope, path, depth, fit);
  }

  // ---- fields

  // `depth` is that of the object in which the field stands; 0 where the field is the whole body.
  bool ReadField(const JsonValue& value, const Scope& scope, const FieldPlan& plan,
                 const ValuePath& path, int depth) {
    if (value.sort == Sort::kNull && plan.kind != ValueKind::kValue) return true;
    if (plan.kind == ValueKind::kMap) return ReadMap(value, scope, plan, path, depth);
    if (plan.repeated) return ReadList(value, scope, plan, path, depth);
    if (plan.oneof != nullptr && scope.reflection->HasOneof(*scope.message, plan.oneof)) {
      return KeepIllFitting(value.token.data(), scope, path, depth);
    }
    const Fit fit = ReadOne(value, scope, plan, Slot(scope.message, plan), path, depth);
    return Settle(fit, value, scope, path, depth);
  }

  bool ReadList(const JsonValue& value, const Scope& scope, const FieldPlan& plan,
                const ValuePath& path, int depth) {
    const Slot slot(scope.message, plan);
    if (value.sort == Sort::kNull && plan.kind == ValueKind::kValue) return true;
    if (value.sort != Sort::kList) {
      if (!plan.accept_single) {
        return KeepIllFitting(value.token.data(), scope, path, depth);
      }
      return Settle(ReadOne(value, scope, plan, slot, path, depth), value, scope, path, depth);
    }
    if (!CheckDepth(&path, depth + 1)) return false;
    if (tokens_.TakeIf(']')) return true;
    size_t index = 0;
    bool any_fits = false;
    bool any_other = false;  // of another shape, which null is not
    do {
      const ValuePath element_path = ValuePath::Element(&path, index++);
      if (!CountNode(&path)) return false;
      const JsonValue element = tokens_.TakeValue();
      const Fit fit = ReadOne(element, scope, plan, slot, element_path, depth + 1);
      if (!Settle(fit, element, scope, element_path, depth + 1)) return false;
      any_fits = any_fits || fit == Fit::kFits;
      any_other = any_other || (fit != Fit::kFits && element.sort != Sort::kNull);
    } while (tokens_.TakeIf(','));
    if (!EndList(path, index)) return false;
    if (any_other && !any_fits && MustBeList(plan, depth)) {
      return Fail(depth == 0 ? nullptr : &path, "holds nothing that fits it");
    }
    return true;
  }

  // Takes the bracket that closes a list behind its `size` elements.
  bool EndList(const ValuePath& path, size_t size) {
    if (tokens_.TakeIf(']')) return true;
    const ValuePath next = ValuePath::Element(&path, size);
    return FailSyntax(&next);
  }

  bool ReadMap(const JsonValue& value, const Scope& scope, const FieldPlan& plan,
               const ValuePath& path, int depth) {
    if (value.sort != Sort::kObject) {
      return KeepIllFitting(value.token.data(), scope, path, depth);
    }
    if (!CheckDepth(&path, depth + 1)) return false;
    const FieldPlan& key_plan = plan.nested->fields()[0];
    const FieldPlan& value_plan = plan.nested->fields()[1];
    const Reflection* reflection = scope.reflection;
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
    if (tokens_.TakeIf('}')) return true;
    do {
      absl::string_view name;
      if (!TakeMemberName(&path, &name)) return false;
      if (!ResolveName(&name)) return FailSyntax(&path);
      const JsonValue child = tokens_.TakeValue();
      const ValuePath child_path = ValuePath::Key(&path, name);
      if (child.sort == Sort::kInvalid) return FailSyntax(&child_path);
      auto [it, is_new] = entries.try_emplace(std::string(name));
      if (is_new && !TakeMemory(kMapEntryBytes, &path)) return false;
      Entry& entry = it->second;
      if (!is_new) {
        if (entry.position >= 0) remove(entry.position);
        if (!KeepEarlier(entry.seen, scope, child_path, depth + 1)) return false;
      }
      entry.seen = {child.token.data(), EntryCount(scope), 0, 0, 0, false};
      entry.position = -1;
      Message* pair = reflection->AddMessage(scope.message, plan.field);
      Fit fit = PutMapKey(name, key_plan, Slot(pair, key_plan)) ? Fit::kFits : Fit::kIllFitting;
      if (fit == Fit::kFits) {
        fit = ReadOne(child, scope, value_plan, Slot(pair, value_plan), child_path, depth + 1);
      }
      if (fit == Fit::kFits) {
        entry.position = static_cast<int>(by_position.size());
        by_position.push_back(&entry);
      } else {
        reflection->RemoveLast(scope.message, plan.field);
      }
      if (!Settle(fit, child, scope, child_path, depth + 1)) return false;
      entry.seen.entries_end = EntryCount(scope);
    } while (tokens_.TakeIf(','));
    return tokens_.TakeIf('}') || FailSyntax(&path);
  }

  // ---- one value

  Fit ReadOne(const JsonValue& value, const Scope& scope, const FieldPlan& plan, const Slot& slot,
              const ValuePath& path, int depth) {
    if (value.sort == Sort::kInvalid) {
      FailSyntax(&path);
      return Fit::kFailed;
    }
    switch (plan.kind) {
      case ValueKind::kMessage: {
        if (value.sort != Sort::kObject) return Fit::kIllFitting;
        return ReadMessage(*plan.nested, slot.Submessage(), &path, scope.holder, depth + 1)
                   ? Fit::kFits
                   : Fit::kFailed;
      }
      case ValueKind::kStruct: {
        if (value.sort != Sort::kObject) return Fit::kIllFitting;
        auto* message = static_cast<google::protobuf::Struct*>(slot.Submessage());
        return ReadStruct(message, scope, path, depth) ? Fit::kFits : Fit::kFailed;
      }
      case ValueKind::kListValue: {
        if (value.sort != Sort::kList) return Fit::kIllFitting;
        auto* message = static_cast<google::protobuf::ListValue*>(slot.Submessage());
        return ReadListValue(message, scope, path, depth) ? Fit::kFits : Fit::kFailed;
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
        const Fit fit = ReadScalar(value, inner, Slot(slot.Submessage(), inner));
        if (fit != Fit::kFits) slot.Drop();
        return fit;
      }
      case ValueKind::kJsonText: {
        size_t nodes = nodes_left_ + 1;
        const char* start = value.token.data();
        const char* end = EndOf(start, path, depth, &nodes);
        if (end == nullptr) return Fit::kFailed;
        nodes_left_ = nodes;
        slot.String(absl::string_view(start, end - start));
        return Fit::kFits;
      }
      default:
        return ReadScalar(value, plan, slot);
    }
  }

  // The characters of a string value, until the next one is asked for; nothing where an escape
  // stands for no character (half of a surrogate pair). A wrong escape is found by whoever keeps
  // the value then.
  std::optional<absl::string_view> Text(const JsonValue& value) {
    const absl::string_view inside = value.token.substr(1, value.token.size() - 2);
    if (!HasEscape(inside)) return inside;
    if (!UnescapeJson(inside, &unescaped_)) return std::nullopt;
    return unescaped_;
  }

  std::optional<google::protobuf::Timestamp> Instant(const JsonValue& value,
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

  Fit ReadScalar(const JsonValue& value, const FieldPlan& plan, const Slot& slot) {
    if (value.small && IsInteger(plan.kind)) {
      return PutInteger(value.integer, plan.kind, slot) ? Fit::kFits : Fit::kIllFitting;
    }
    if (value.sort != Sort::kString) return PutScalar(value.sort, value.token, plan, slot);
    const std::optional<absl::string_view> text = Text(value);
    return text ? PutScalar(Sort::kString, *text, plan, slot) : Fit::kIllFitting;
  }

  // ---- values without a schema

  Fit ReadValue(const JsonValue& value, google::protobuf::Value* out, const Scope& scope,
                const ValuePath& path, int depth) {
    if (!TakeMemory(sizeof *out, &path)) return Fit::kFailed;
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
        return ReadStruct(out->mutable_struct_value(), scope, path, depth) ? Fit::kFits
                                                                           : Fit::kFailed;
      case Sort::kList:
        return ReadListValue(out->mutable_list_value(), scope, path, depth) ? Fit::kFits
                                                                            : Fit::kFailed;
      case Sort::kInvalid:
        FailSyntax(&path);
        return Fit::kFailed;
    }
    return Fit::kIllFitting;
  }

  bool ReadStruct(google::protobuf::Struct* out, const Scope& scope, const ValuePath& path,
                  int depth) {
    if (!CheckDepth(&path, depth + 1) || !TakeMemory(sizeof *out, &path)) return false;
    if (tokens_.TakeIf('}')) return true;
    absl::flat_hash_map<std::string, Seen> members;
    do {
      absl::string_view name_view;
      if (!TakeMemberName(&path, &name_view)) return false;
      if (!ResolveName(&name_view)) return FailSyntax(&path);
      const std::string name(name_view);
      const JsonValue child = tokens_.TakeValue();
      const ValuePath child_path = ValuePath::Foreign(&path, name);
      auto [it, is_new] = members.try_emplace(name);
      if (!is_new) {
        out->mutable_fields()->erase(name);
        if (!KeepEarlier(it->second, scope, child_path, depth + 1)) return false;
      }
      it->second = {child.token.data(), EntryCount(scope), 0, 0, 0, false};
      const Fit fit =
          ReadValue(child, &(*out->mutable_fields())[name], scope, child_path, depth + 1);
      if (fit == Fit::kIllFitting) out->mutable_fields()->erase(name);
      if (!Settle(fit, child, scope, child_path, depth + 1)) return false;
      it->second.entries_end = EntryCount(scope);
    } while (tokens_.TakeIf(','));
    return tokens_.TakeIf('}') || FailSyntax(&path);
  }

  bool ReadListValue(google::protobuf::ListValue* out, const Scope& scope, const ValuePath& path,
                     int depth) {
    if (!CheckDepth(&path, depth + 1) || !TakeMemory(sizeof *out, &path)) return false;
    if (tokens_.TakeIf(']')) return true;
    size_t index = 0;
    do {
      const ValuePath element_path = ValuePath::Element(&path, index++);
      if (!CountNode(&path)) return false;
      const JsonValue element = tokens_.TakeValue();
      const Fit fit = ReadValue(element, out->add_values(), scope, element_path, depth + 1);
      if (fit == Fit::kIllFitting) out->mutable_values()->RemoveLast();
      if (!Settle(fit, element, scope, element_path, depth + 1)) return false;
    } while (tokens_.TakeIf(','));
    return EndList(path, index);
  }

  static constexpr int kBadName = Schema::kUnknown - 1;

  JsonTokens tokens_;
  const char* const end_;
  const int max_depth_;
  size_t nodes_left_;
  size_t message_bytes_left_;
  const bool promised_lists_;
  size_t kept_bytes_left_;
  DriftSink* const drift_;
  absl::Status status_;
  // A stack of what the open objects have held, a place for each field of each. Places are not
  // wiped for the next object: what was left there bears the number of another one.
  absl::InlinedVector<Seen, 48> seen_;
  size_t seen_in_use_ = 0;
  uint32_t objects_ = 0;
  std::string unescaped_;
  // Members' names without their escapes: paths refer to them.
  std::deque<std::string> names_;
};

absl::string_view StripJsonWhite(absl::string_view text) {
  while (!text.empty() && IsJsonWhite(text.back())) text.remove_suffix(1);
  while (!text.empty() && IsJsonWhite(text.front())) text.remove_prefix(1);
  return text;
}

absl::Status Refusal(absl::string_view problem) {
  return absl::InternalError(absl::StrCat("the body ", problem));
}

absl::Status FirstPassRefusal(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR:
      return Refusal("is not valid UTF-8");
    case simdjson::EMPTY:
      return Refusal("is empty");
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY:
      return Refusal("could not be parsed for want of memory");
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

// What the parser's first pass needs: about five bytes for each byte of the largest body yet.
class FirstPass {
 public:
  simdjson::error_code Run(const std::string& body) {
    const size_t wanted = std::max(body.size(), kSmallestCapacity);
    if (parser_ == nullptr || parser_->capacity() < wanted) {
      constexpr size_t kNoNesting = 1;
      if (const auto error =
              simdjson::get_active_implementation()->create_dom_parser_implementation(
                  wanted, kNoNesting, parser_)) {
        return error;
      }
    }
    return parser_->stage1(reinterpret_cast<const uint8_t*>(body.data()), body.size(),
                           simdjson::stage1_mode::regular);
  }

  JsonTokens Found(const std::string& body) const {
    return JsonTokens(body, parser_->structural_indexes.get(), parser_->n_structural_indexes);
  }

 private:
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser_;
};

absl::Status Parse(FirstPass& first_pass, const std::string& body, const DecodeOptions& options,
                   const FieldPlan* plan, Message* out) {
  if (const auto error = first_pass.Run(body)) return FirstPassRefusal(error);
  JsonReader reader(options, body, first_pass.Found(body));
  const bool read = plan != nullptr ? reader.ReadBodyIntoField(*plan, out) : reader.ReadBody(out);
  if (!read) return reader.status();
  if (!reader.AtEnd()) return Refusal("is not one complete JSON text");
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
  }
  if (body.capacity() < body.size() + kBodyPadding) body.reserve(body.size() + kBodyPadding);
  if (body.size() > kLargestKeptBody) {
    FirstPass first_pass;
    return Parse(first_pass, body, options, plan, out);
  }
  thread_local FirstPass first_pass;
  return Parse(first_pass, body, options, plan, out);
}

}  // namespace edugate::codec
