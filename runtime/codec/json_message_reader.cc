#include "runtime/codec/json_message_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "runtime/codec/dates.h"
#include "runtime/codec/drift.h"
#include "runtime/codec/json_body.h"
#include "runtime/codec/json_unknown_fields.h"
#include "runtime/codec/json_untyped_reader.h"
#include "runtime/codec/scalar.h"
#include "runtime/codec/value_path.h"

namespace edugate::codec {

namespace {

using google::protobuf::Message;
using google::protobuf::Reflection;

// What an entry of a map takes without its key and value, and the note that is taken of it.
constexpr size_t kMapEntryBytes = 160;
// Replies repeat their fields in one order and leave some out: so many fields after the last one
// are tried before the name is looked up.
constexpr size_t kGuesses = 3;

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

// The walk over the body, field by field of the schema. What is called for each member stands here,
// where the compiler can put it into its caller.
class JsonMessageReader {
 public:
  JsonMessageReader(const DecodeOptions& options, const std::string& body, JsonTokens tokens)
      : body_(options, body, tokens),
        unknown_fields_(options, body.size(), body_),
        untyped_(body_, unknown_fields_),
        promised_lists_(options.promised_lists),
        drift_(options.drift) {}

  // Why the body is refused.
  const absl::Status& status() const { return body_.status(); }

  // The body is the message.
  bool ReadBody(Message* out) {
    if (!body_.CountNode(nullptr)) return false;
    if (body_.tokens().TakeValue().sort != Sort::kObject) return body_.FailSyntax(nullptr);
    return ReadMessage(Schema::For(out->GetDescriptor()), out, nullptr, nullptr, 1);
  }

  // The body is one field of the message.
  bool ReadBodyIntoField(const FieldPlan& plan, Message* out) {
    if (!body_.CountNode(nullptr)) return false;
    const Schema& schema = Schema::For(out->GetDescriptor());
    std::optional<UnknownFieldHolder> holder;
    if (schema.unknown_fields() != nullptr) holder.emplace(out, schema.unknown_fields(), nullptr);
    const Scope scope{out, out->GetReflection(), &schema, nullptr, holder ? &*holder : nullptr};
    const ValuePath path = ValuePath::Field(nullptr, plan.field->json_name());
    const JsonValue value = body_.tokens().TakeValue();
    if (MustBeList(plan, 0) && value.sort != Sort::kList && value.sort != Sort::kNull) {
      return body_.Fail(nullptr, "is not a list");
    }
    if (!ReadField(value, scope, plan, path, 0)) return false;
    if (holder) holder->Sweep();
    return true;
  }

  // Whether the body ends where its outermost value does.
  bool EndBody() {
    return body_.tokens().AtEnd() || body_.Fail(nullptr, "is not one complete JSON text");
  }

 private:
  // An object that is being read: its number, and where its fields' places begin in seen_.
  struct Frame {
    const Scope& scope;
    uint32_t object;
    size_t seen_begin;
    int depth;
  };

  // Whether the field is a list without whose records the body would pass for one that has none.
  // `depth` as for ReadField.
  bool MustBeList(const FieldPlan& plan, int depth) const {
    if (!promised_lists_ || !plan.repeated) return false;
    return depth == 0 ? !plan.accept_single : depth == 1 && plan.documented_required;
  }

  // ---- objects

  // The object's bracket has been taken, here and below.
  bool ReadMessage(const Schema& schema, Message* out, const ValuePath* at,
                   UnknownFieldHolder* outer, int depth) {
    if (!body_.TakeMemory(schema.message_bytes(), at)) return false;
    if (schema.unknown_fields() == nullptr) {
      return ReadMembers(Scope{out, schema.reflection(), &schema, at, outer}, depth);
    }
    UnknownFieldHolder holder(out, schema.unknown_fields(), at);
    if (!ReadMembers(Scope{out, schema.reflection(), &schema, at, &holder}, depth)) return false;
    holder.Sweep();
    return true;
  }

  bool ReadMembers(const Scope& scope, int depth) {
    if (!body_.CheckDepth(scope.at, depth)) return false;
    const Schema& schema = *scope.schema;
    const size_t seen_begin = seen_in_use_;
    seen_in_use_ += schema.fields().size();
    if (seen_.size() < seen_in_use_) seen_.resize(seen_in_use_);
    const Frame frame{scope, ++objects_, seen_begin, depth};
    size_t expected = 0;
    // Copies, which stay in registers while the members are plain.
    JsonTokens tokens = body_.tokens();
    Seen* seen = seen_.data() + seen_begin;
    if (!tokens.TakeIf('}')) {
      do {
        absl::string_view name;
        if (!tokens.TakeName(&name) || !tokens.TakeIf(':')) return body_.FailSyntax(scope.at);
        if (!body_.CountNode(scope.at)) return false;
        const int spelling = FindSpelling(schema, expected, &name);
        if (spelling == kBadName) return body_.FailSyntax(scope.at);
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
        body_.tokens() = tokens;
        if (!ReadMember(child, name, spelling, frame)) return false;
        tokens = body_.tokens();
        seen = seen_.data() + seen_begin;
      } while (tokens.TakeIf(','));
      if (!tokens.TakeIf('}')) return body_.FailSyntax(scope.at);
    }
    body_.tokens() = tokens;
    for (size_t index : schema.documented_required()) {
      if (seen[index].object == frame.object) continue;
      const FieldPlan& plan = schema.fields()[index];
      const std::string& name = plan.field->json_name();
      if (MustBeList(plan, depth)) {
        const ValuePath path = ValuePath::Field(scope.at, name);
        return body_.Fail(&path, "is missing");
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
      if (child.sort == Sort::kInvalid) return body_.FailSyntax(&path);
      return unknown_fields_.KeepUnknown(child.token.data(), scope, path, depth);
    }
    const FieldPlan& plan = *schema.spellings()[spelling].plan;
    const ValuePath path = ValuePath::Field(scope.at, schema.spellings()[spelling].name);
    if (child.sort == Sort::kInvalid) return body_.FailSyntax(&path);
    if (MustBeList(plan, depth) && child.sort != Sort::kList && child.sort != Sort::kNull) {
      return body_.Fail(&path, "is not a list");
    }
    const size_t place = frame.seen_begin + plan.index;
    if (const Seen before = seen_[place]; before.object == frame.object) {
      if (before.spelling != spelling && !before.null) {
        return unknown_fields_.KeepUnknown(child.token.data(), scope, path, depth);
      }
      scope.reflection->ClearField(scope.message, plan.field);
      const ValuePath earlier =
          ValuePath::Field(scope.at, schema.spellings()[before.spelling].name);
      if (!unknown_fields_.KeepEarlier(before, scope, earlier, depth)) return false;
    }
    Note(child, spelling, frame, &seen_[place]);
    if (!ReadField(child, scope, plan, path, depth)) return false;
    seen_[place].entries_end = scope.EntryCount();
    return true;
  }

  // Notes a value of which nothing stands among the unknown fields yet. Assigned one by one: as a
  // whole, the compiler puts it together elsewhere and copies it.
  static void Note(const JsonValue& value, int spelling, const Frame& frame, Seen* seen) {
    seen->start = value.token.data();
    seen->entries_begin = seen->entries_end = frame.scope.EntryCount();
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

  // The spelling whose name stands between a member's quotes; kUnknown, and in `*name` the name
  // itself, where the schema doesn't know it; kBadName where it is no JSON string.
  int FindSpelling(const Schema& schema, size_t expected, absl::string_view* name) {
    const size_t last = std::min(expected + kGuesses, schema.fields().size());
    for (size_t guess = expected; guess < last; ++guess) {
      if (SameName(*name, schema.spellings()[guess].name)) return static_cast<int>(guess);
    }
    if (!body_.ResolveName(name)) return kBadName;
    return schema.Find(*name);
  }

  // ---- fields

  // `depth` is that of the object in which the field stands; 0 where the field is the whole body.
  bool ReadField(const JsonValue& value, const Scope& scope, const FieldPlan& plan,
                 const ValuePath& path, int depth) {
    if (value.sort == Sort::kNull && plan.kind != ValueKind::kValue) return true;
    if (plan.kind == ValueKind::kMap) return ReadMap(value, scope, plan, path, depth);
    if (plan.repeated) return ReadList(value, scope, plan, path, depth);
    if (plan.oneof != nullptr && scope.reflection->HasOneof(*scope.message, plan.oneof)) {
      return unknown_fields_.KeepIllFitting(value.token.data(), scope, path, depth);
    }
    const Fit fit = ReadOne(value, scope, plan, Slot(scope.message, plan), path, depth);
    return unknown_fields_.Settle(fit, value, scope, path, depth);
  }

  bool ReadList(const JsonValue& value, const Scope& scope, const FieldPlan& plan,
                const ValuePath& path, int depth) {
    const Slot slot(scope.message, plan);
    if (value.sort == Sort::kNull && plan.kind == ValueKind::kValue) return true;
    if (value.sort != Sort::kList) {
      if (!plan.accept_single) {
        return unknown_fields_.KeepIllFitting(value.token.data(), scope, path, depth);
      }
      return unknown_fields_.Settle(ReadOne(value, scope, plan, slot, path, depth), value, scope,
                                    path, depth);
    }
    if (!body_.CheckDepth(&path, depth + 1)) return false;
    if (body_.tokens().TakeIf(']')) return true;
    size_t index = 0;
    bool any_fits = false;
    bool any_other = false;  // of another shape, which null is not
    do {
      const ValuePath element_path = ValuePath::Element(&path, index++);
      if (!body_.CountNode(&path)) return false;
      const JsonValue element = body_.tokens().TakeValue();
      const Fit fit = ReadOne(element, scope, plan, slot, element_path, depth + 1);
      if (!unknown_fields_.Settle(fit, element, scope, element_path, depth + 1)) return false;
      any_fits = any_fits || fit == Fit::kFits;
      any_other = any_other || (fit != Fit::kFits && element.sort != Sort::kNull);
    } while (body_.tokens().TakeIf(','));
    if (!body_.EndList(path, index)) return false;
    if (any_other && !any_fits && MustBeList(plan, depth)) {
      return body_.Fail(depth == 0 ? nullptr : &path, "holds nothing that fits it");
    }
    return true;
  }

  bool ReadMap(const JsonValue& value, const Scope& scope, const FieldPlan& plan,
               const ValuePath& path, int depth) {
    if (value.sort != Sort::kObject) {
      return unknown_fields_.KeepIllFitting(value.token.data(), scope, path, depth);
    }
    if (!body_.CheckDepth(&path, depth + 1)) return false;
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
    if (body_.tokens().TakeIf('}')) return true;
    do {
      absl::string_view name;
      if (!body_.TakeMemberName(&path, &name)) return false;
      if (!body_.ResolveName(&name)) return body_.FailSyntax(&path);
      const JsonValue child = body_.tokens().TakeValue();
      const ValuePath child_path = ValuePath::Key(&path, name);
      if (child.sort == Sort::kInvalid) return body_.FailSyntax(&child_path);
      auto [it, is_new] = entries.try_emplace(std::string(name));
      if (is_new && !body_.TakeMemory(kMapEntryBytes, &path)) return false;
      Entry& entry = it->second;
      if (!is_new) {
        if (entry.position >= 0) remove(entry.position);
        if (!unknown_fields_.KeepEarlier(entry.seen, scope, child_path, depth + 1)) return false;
      }
      entry.seen = {child.token.data(), scope.EntryCount(), 0, 0, 0, false};
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
      if (!unknown_fields_.Settle(fit, child, scope, child_path, depth + 1)) return false;
      entry.seen.entries_end = scope.EntryCount();
    } while (body_.tokens().TakeIf(','));
    return body_.tokens().TakeIf('}') || body_.FailSyntax(&path);
  }

  // ---- one value

  Fit ReadOne(const JsonValue& value, const Scope& scope, const FieldPlan& plan, const Slot& slot,
              const ValuePath& path, int depth) {
    if (value.sort == Sort::kInvalid) {
      body_.FailSyntax(&path);
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
        return untyped_.ReadStruct(message, scope, path, depth) ? Fit::kFits : Fit::kFailed;
      }
      case ValueKind::kListValue: {
        if (value.sort != Sort::kList) return Fit::kIllFitting;
        auto* message = static_cast<google::protobuf::ListValue*>(slot.Submessage());
        return untyped_.ReadListValue(message, scope, path, depth) ? Fit::kFits : Fit::kFailed;
      }
      case ValueKind::kValue: {
        auto* message = static_cast<google::protobuf::Value*>(slot.Submessage());
        const Fit fit = untyped_.ReadValue(value, message, scope, path, depth);
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
        const char* start = value.token.data();
        const char* end = body_.EndOf(start, path, depth);
        if (end == nullptr) return Fit::kFailed;
        slot.String(absl::string_view(start, end - start));
        return Fit::kFits;
      }
      default:
        return ReadScalar(value, plan, slot);
    }
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
    const std::optional<absl::string_view> text = body_.Text(value);
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
    const std::optional<absl::string_view> text = body_.Text(value);
    return text ? PutScalar(Sort::kString, *text, plan, slot) : Fit::kIllFitting;
  }

  static constexpr int kBadName = Schema::kUnknown - 1;

  JsonBody body_;
  JsonUnknownFields unknown_fields_;
  JsonUntypedReader untyped_;
  const bool promised_lists_;
  DriftSink* const drift_;
  // A stack of what the open objects have held, a place for each field of each. Places are not
  // wiped for the next object: what was left there bears the number of another one.
  absl::InlinedVector<Seen, 48> seen_;
  size_t seen_in_use_ = 0;
  uint32_t objects_ = 0;
};

}  // namespace

absl::Status ReadJsonMessage(const std::string& body, JsonTokens tokens,
                             const DecodeOptions& options, const FieldPlan* field, Message* out) {
  JsonMessageReader reader(options, body, tokens);
  const bool read = field != nullptr ? reader.ReadBodyIntoField(*field, out) : reader.ReadBody(out);
  if (!read || !reader.EndBody()) return reader.status();
  return absl::OkStatus();
}

}  // namespace edugate::codec
