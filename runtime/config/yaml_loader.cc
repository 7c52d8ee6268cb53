#include "runtime/config/yaml_loader.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "edugate/privacy/v1/privacy.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/stubs/common.h"
#include "runtime/config/mistakes.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/yaml.h"

namespace edugate::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;

// Deeper than any configuration that a person writes.
constexpr int kMaxDepth = 64;

// The longest key that a mistake repeats.
constexpr std::size_t kMaxShownKey = 64;

constexpr char kDuration[] = "google.protobuf.Duration";

// The largest number of seconds of a google.protobuf.Duration.
constexpr int64_t kMaxDurationSeconds = 315'576'000'000;

int LineOfNode(const YAML::Node& node) { return node.Mark().line + 1; }

bool IsWord(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxShownKey &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; });
}

// A place whose key may itself be a secret in the wrong position, as in `bearer: { s3cret }`.
bool HoldsSecret(const Descriptor& type) {
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->options().GetExtension(privacy::v1::data_class) ==
        privacy::v1::DATA_CLASS_SECRET) {
      return true;
    }
  }
  return false;
}

// For comparing keys: apiKey, api-key and api_key are one.
std::string Folded(absl::string_view key) {
  std::string folded;
  for (char c : key) {
    if (c != '_' && c != '-') folded.push_back(absl::ascii_tolower(c));
  }
  return folded;
}

// The edits (insertions, deletions, replacements, swaps of neighbours) that make one text the
// other.
std::size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<std::vector<std::size_t>> edits(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        edits[i][j] = i + j;
        continue;
      }
      const std::size_t replaced = edits[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      edits[i][j] = std::min({replaced, edits[i - 1][j] + 1, edits[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        edits[i][j] = std::min(edits[i][j], edits[i - 2][j - 2] + 1);
      }
    }
  }
  return edits[a.size()][b.size()];
}

// The field that an unknown key probably means, or null.
const FieldDescriptor* Nearest(const Descriptor& type, absl::string_view key) {
  if (key.size() > kMaxShownKey) return nullptr;
  const std::string wanted = Folded(key);
  const FieldDescriptor* nearest = nullptr;
  std::size_t best = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  for (int i = 0; i < type.field_count(); ++i) {
    const std::size_t distance = EditDistance(wanted, Folded(type.field(i)->name()));
    if (distance < best && distance < wanted.size()) {
      best = distance;
      nearest = type.field(i);
    }
  }
  return nearest;
}

std::string FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  names.reserve(type.field_count());
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return absl::StrJoin(names, ", ");
}

// RESPONSE_FORMAT_ for the enum ResponseFormat.
std::string PrefixOf(const EnumDescriptor& type) {
  std::string prefix;
  for (char c : type.name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix.push_back('_');
    prefix.push_back(absl::ascii_toupper(c));
  }
  return prefix + "_";
}

// The values of an enum field by the word that a document uses. The zero value, "unspecified", has
// none, but in a list, where it is a value like others.
std::map<std::string, const EnumValueDescriptor*> WordsOf(const FieldDescriptor& field) {
  const EnumDescriptor& type = *field.enum_type();
  const std::string prefix = PrefixOf(type);
  std::map<std::string, const EnumValueDescriptor*> words;
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor* value = type.value(i);
    if (value->number() == 0 && !field.is_repeated()) continue;
    absl::string_view name = value->name();
    if (absl::StartsWith(name, prefix)) name.remove_prefix(prefix.size());
    words[absl::AsciiStrToLower(name)] = value;
  }
  return words;
}

bool IsWholeNumber(absl::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  if (text.size() > 1 && text.front() == '0') return false;  // Octal to some readers of YAML.
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// What a field needs, where a value of another kind stands.
std::string Needs(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (field.message_type()->full_name() == kDuration) {
        return "needs a duration such as 30s, 500ms or 10m";
      }
      return absl::StrCat("needs a mapping with keys of: ", FieldNames(*field.message_type()));
    case FieldDescriptor::CPPTYPE_ENUM: {
      std::vector<std::string> words;
      for (const auto& [word, value] : WordsOf(field)) words.push_back(word);
      return absl::StrCat("needs one of: ", absl::StrJoin(words, ", "));
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      return "needs true or false";
    case FieldDescriptor::CPPTYPE_STRING:
      return "needs text";
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "needs a number";
    default:
      return "needs a whole number";
  }
}

template <typename Integer>
std::string NeedsRange() {
  return absl::StrCat("needs a whole number from ", std::numeric_limits<Integer>::min(), " to ",
                      std::numeric_limits<Integer>::max());
}

// One value's way into its field, whether the field holds one or a list.
class FieldWriter {
 public:
  FieldWriter(Message& message, const FieldDescriptor& field)
      : message_(message), reflection_(*message.GetReflection()), field_(field) {}

  void Set(int32_t value) {
    list() ? reflection_.AddInt32(&message_, &field_, value)
           : reflection_.SetInt32(&message_, &field_, value);
  }
  void Set(int64_t value) {
    list() ? reflection_.AddInt64(&message_, &field_, value)
           : reflection_.SetInt64(&message_, &field_, value);
  }
  void Set(uint32_t value) {
    list() ? reflection_.AddUInt32(&message_, &field_, value)
           : reflection_.SetUInt32(&message_, &field_, value);
  }
  void Set(uint64_t value) {
    list() ? reflection_.AddUInt64(&message_, &field_, value)
           : reflection_.SetUInt64(&message_, &field_, value);
  }
  void Set(double value) {
    list() ? reflection_.AddDouble(&message_, &field_, value)
           : reflection_.SetDouble(&message_, &field_, value);
  }
  void Set(float value) {
    list() ? reflection_.AddFloat(&message_, &field_, value)
           : reflection_.SetFloat(&message_, &field_, value);
  }
  void Set(bool value) {
    list() ? reflection_.AddBool(&message_, &field_, value)
           : reflection_.SetBool(&message_, &field_, value);
  }
  void Set(const std::string& value) {
    list() ? reflection_.AddString(&message_, &field_, value)
           : reflection_.SetString(&message_, &field_, value);
  }
  void Set(const EnumValueDescriptor* value) {
    list() ? reflection_.AddEnum(&message_, &field_, value)
           : reflection_.SetEnum(&message_, &field_, value);
  }
  Message* Nested() {
    return list() ? reflection_.AddMessage(&message_, &field_)
                  : reflection_.MutableMessage(&message_, &field_);
  }

 private:
  bool list() const { return field_.is_repeated(); }

  Message& message_;
  const google::protobuf::Reflection& reflection_;
  const FieldDescriptor& field_;
};

// Walks a document beside the descriptor and fills the message.
class Filler {
 public:
  Filler(Mistakes& mistakes, SourceMap& lines) : mistakes_(mistakes), lines_(lines) {}

  void FillDocument(const YAML::Node& node, Message& out) {
    if (node.IsMap()) {
      if (!CountAndCheckTag(node, "", 1)) return;
      FillMessage(node, "", 0, out);
    } else {
      mistakes_.Add(
          1, "", absl::StrCat("needs a mapping with keys of: ", FieldNames(*out.GetDescriptor())));
    }
  }

 private:
  // False ends the walk below this value.
  bool CountAndCheckTag(const YAML::Node& node, const std::string& path, int line) {
    if (values_ == kMaxYamlValues) {
      mistakes_.Add(line, "", absl::StrCat("has more than ", kMaxYamlValues, " values"));
    }
    if (++values_ > kMaxYamlValues) return false;
    const std::string& tag = node.Tag();
    if (tag.empty() || tag == "?" || tag == "!") return true;
    mistakes_.Add(line, path, "has a tag (!...), which is not supported");
    return false;
  }

  static std::string Join(const std::string& path, absl::string_view key) {
    return path.empty() ? std::string(key) : absl::StrCat(path, ".", key);
  }

  void FillMessage(const YAML::Node& node, const std::string& path, int depth, Message& out) {
    const Descriptor& type = *out.GetDescriptor();
    std::map<const FieldDescriptor*, int> seen;
    std::map<const OneofDescriptor*, const FieldDescriptor*> chosen;
    for (const auto& entry : node) {
      if (values_ > kMaxYamlValues) return;
      const int line = LineOfNode(entry.first);
      const FieldDescriptor* field =
          entry.first.IsScalar() ? type.FindFieldByName(entry.first.Scalar()) : nullptr;
      if (field == nullptr) {
        AddUnknownKey(entry.first, path, line, type);
        continue;
      }
      const std::string key = Join(path, field->name());
      auto [first, is_new] = seen.emplace(field, line);
      if (!is_new) {
        mistakes_.Add(line, key,
                      absl::StrCat("stands twice; the first is in line ", first->second));
        continue;
      }
      lines_.Set(key, line);
      const OneofDescriptor* oneof = field->real_containing_oneof();
      if (oneof != nullptr) {
        auto [other, is_first] = chosen.emplace(oneof, field);
        if (!is_first) {
          mistakes_.Add(line, key,
                        absl::StrCat("can't stand beside ", other->second->name(),
                                     ": exactly one of the two"));
          continue;
        }
      }
      FillField(entry.second, key, line, depth, *field, out);
    }
  }

  void AddUnknownKey(const YAML::Node& key, const std::string& path, int line,
                     const Descriptor& type) {
    const bool merge = key.IsScalar() && key.Scalar() == "<<";
    if (merge) {
      mistakes_.Add(line, path, "has a merge key (<<), which is not supported");
      return;
    }
    const bool word = key.IsScalar() && IsWord(key.Scalar());
    const FieldDescriptor* nearest = word ? Nearest(type, key.Scalar()) : nullptr;
    const bool shown = word && (nearest != nullptr || !HoldsSecret(type));
    const std::string hint = nearest != nullptr
                                 ? absl::StrCat("did you mean ", nearest->name(), "?")
                                 : absl::StrCat("the keys are: ", FieldNames(type));
    if (shown) {
      mistakes_.Add(line, Join(path, key.Scalar()), absl::StrCat("unknown key; ", hint));
    } else {
      mistakes_.Add(line, path, absl::StrCat("has an unknown key; ", hint));
    }
  }

  void FillField(const YAML::Node& node, const std::string& path, int line, int depth,
                 const FieldDescriptor& field, Message& out) {
    if (node.IsNull()) {
      mistakes_.Add(line, path, absl::StrCat("has no value; ", NeedsOf(field)));
      return;
    }
    if (field.is_map()) {
      FillMap(node, path, line, depth, field, out);
    } else if (field.is_repeated()) {
      FillList(node, path, line, depth, field, out);
    } else {
      FillValue(node, path, line, depth, field, out);
    }
  }

  static std::string NeedsOf(const FieldDescriptor& field) {
    if (field.is_map()) return "needs a mapping";
    if (field.is_repeated()) return "needs a list";
    return Needs(field);
  }

  void FillList(const YAML::Node& node, const std::string& path, int line, int depth,
                const FieldDescriptor& field, Message& out) {
    if (!node.IsSequence()) {
      mistakes_.Add(line, path, "needs a list");
      return;
    }
    if (!CountAndCheckTag(node, path, line)) return;
    int index = 0;
    for (const auto& element : node) {
      if (values_ > kMaxYamlValues) return;
      const std::string key = absl::StrCat(path, "[", index++, "]");
      const int element_line = LineOfNode(element);
      lines_.Set(key, element_line);
      if (element.IsNull()) {
        mistakes_.Add(element_line, key, absl::StrCat("has no value; ", Needs(field)));
      } else {
        FillValue(element, key, element_line, depth, field, out);
      }
    }
  }

  void FillMap(const YAML::Node& node, const std::string& path, int line, int depth,
               const FieldDescriptor& field, Message& out) {
    if (!node.IsMap()) {
      mistakes_.Add(line, path, "needs a mapping");
      return;
    }
    if (!CountAndCheckTag(node, path, line)) return;
    std::map<std::string, int> seen;
    for (const auto& pair : node) {
      if (values_ > kMaxYamlValues) return;
      const int key_line = LineOfNode(pair.first);
      const bool word = pair.first.IsScalar() && IsWord(pair.first.Scalar());
      const std::string key = Join(path, word ? pair.first.Scalar() : "*");
      if (!pair.first.IsScalar()) {
        mistakes_.Add(key_line, key, "needs a key that is a word");
        continue;
      }
      auto [first, is_new] = seen.emplace(pair.first.Scalar(), key_line);
      if (!is_new) {
        mistakes_.Add(key_line, key,
                      absl::StrCat("stands twice; the first is in line ", first->second));
        continue;
      }
      lines_.Set(key, key_line);
      const Descriptor& entry_type = *field.message_type();
      Message* entry = out.GetReflection()->AddMessage(&out, &field);
      FillValue(pair.first, key, key_line, depth, *entry_type.map_key(), *entry);
      FillField(pair.second, key, key_line, depth, *entry_type.map_value(), *entry);
    }
  }

  void FillValue(const YAML::Node& node, const std::string& path, int line, int depth,
                 const FieldDescriptor& field, Message& out) {
    if (!CountAndCheckTag(node, path, line)) return;
    FieldWriter writer(out, field);
    const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (is_message && field.message_type()->full_name() != kDuration) {
      if (!node.IsMap()) {
        mistakes_.Add(line, path, Needs(field));
      } else if (depth == kMaxDepth) {
        mistakes_.Add(line, path, absl::StrCat("is nested deeper than ", kMaxDepth));
      } else {
        FillMessage(node, path, depth + 1, *writer.Nested());
      }
      return;
    }
    if (!node.IsScalar()) {
      mistakes_.Add(line, path, Needs(field));
      return;
    }
    // A quoted scalar is text.
    if (!is_message && node.Tag() == "!" && field.cpp_type() != FieldDescriptor::CPPTYPE_STRING &&
        field.cpp_type() != FieldDescriptor::CPPTYPE_ENUM) {
      mistakes_.Add(line, path, absl::StrCat(Needs(field), ", without quotes"));
      return;
    }
    const std::string problem = SetScalar(node.Scalar(), field, writer);
    if (!problem.empty()) mistakes_.Add(line, path, problem);
  }

  // Empty, or what is wrong.
  static std::string SetScalar(const std::string& text, const FieldDescriptor& field,
                               FieldWriter& writer) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return SetInteger<int32_t>(text, field, writer);
      case FieldDescriptor::CPPTYPE_INT64:
        return SetInteger<int64_t>(text, field, writer);
      case FieldDescriptor::CPPTYPE_UINT32:
        return SetInteger<uint32_t>(text, field, writer);
      case FieldDescriptor::CPPTYPE_UINT64:
        return SetInteger<uint64_t>(text, field, writer);
      case FieldDescriptor::CPPTYPE_DOUBLE:
      case FieldDescriptor::CPPTYPE_FLOAT: {
        double value = 0;
        if (!absl::SimpleAtod(text, &value) || !std::isfinite(value)) return Needs(field);
        if (field.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
          writer.Set(value);
        } else {
          writer.Set(static_cast<float>(value));
        }
        return "";
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        if (text != "true" && text != "false") return Needs(field);
        writer.Set(text == "true");
        return "";
      case FieldDescriptor::CPPTYPE_ENUM: {
        const auto words = WordsOf(field);
        const auto found = words.find(text);
        if (found == words.end()) return Needs(field);
        writer.Set(found->second);
        return "";
      }
      case FieldDescriptor::CPPTYPE_STRING:
        if (absl::StrContains(text, absl::string_view("\0", 1))) {
          return "has a NUL character";
        }
        writer.Set(text);
        return "";
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return SetDuration(text, field, writer);
    }
    return Needs(field);
  }

  template <typename Integer>
  static std::string SetInteger(const std::string& text, const FieldDescriptor& field,
                                FieldWriter& writer) {
    if (!IsWholeNumber(text)) return Needs(field);
    Integer value = 0;
    if (!absl::SimpleAtoi(text, &value)) return NeedsRange<Integer>();
    writer.Set(value);
    return "";
  }

  static std::string SetDuration(const std::string& text, const FieldDescriptor& field,
                                 FieldWriter& writer) {
    absl::Duration duration;
    if (!absl::ParseDuration(text, &duration)) return Needs(field);
    if (duration < absl::ZeroDuration()) return "must not be negative";
    const int64_t seconds = absl::IDivDuration(duration, absl::Seconds(1), &duration);
    if (seconds > kMaxDurationSeconds) return "is too long a duration";
    Message& value = *writer.Nested();
    const Descriptor& type = *value.GetDescriptor();
    value.GetReflection()->SetInt64(&value, type.FindFieldByName("seconds"), seconds);
    value.GetReflection()->SetInt32(&value, type.FindFieldByName("nanos"),
                                    static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
    return "";
  }

  Mistakes& mistakes_;
  SourceMap& lines_;
  std::size_t values_ = 0;
};

// What a YAML reader would misread without a word: it takes U+0004 for the end of the file, and
// makes something up for bytes that are not UTF-8.
void CheckCharacters(absl::string_view text, Mistakes& mistakes) {
  int line = 0;
  for (absl::string_view content : absl::StrSplit(text, '\n')) {
    ++line;
    for (char c : content) {
      if (absl::ascii_iscntrl(c) && c != '\t' && c != '\r') {
        mistakes.Add(line, "", "has a control character");
        break;
      }
    }
    if (!google::protobuf::internal::IsStructurallyValidUTF8(content.data(),
                                                             static_cast<int>(content.size()))) {
      mistakes.Add(line, "", "is not UTF-8");
    }
  }
}

// The reader's own words about bad YAML, up to the place where they repeat the document.
std::string WithoutQuotation(const std::string& message) {
  return message.substr(0, message.find(':'));
}

// Hears of a document's parts and does nothing with them.
class IgnoringHandler final : public YAML::EventHandler {
 public:
  using Mark = YAML::Mark;
  using Anchor = YAML::anchor_t;
  using Style = YAML::EmitterStyle::value;

  void OnDocumentStart(const Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const Mark&, Anchor) override {}
  void OnAlias(const Mark&, Anchor) override {}
  void OnScalar(const Mark&, const std::string&, Anchor, const std::string&) override {}
  void OnSequenceStart(const Mark&, const std::string&, Anchor, Style) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const Mark&, const std::string&, Anchor, Style) override {}
  void OnMapEnd() override {}
};

// Whether a second document follows the first. Reads no further: of a stray comma yaml-cpp makes
// documents without end.
bool HasSeveralDocuments(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  IgnoringHandler ignore;
  return parser.HandleNextDocument(ignore) && parser.HandleNextDocument(ignore);
}

}  // namespace

int SourceMap::LineOf(absl::string_view key_path) const {
  while (!key_path.empty()) {
    const auto found = lines_.find(key_path);
    if (found != lines_.end()) return found->second;
    const std::size_t end = key_path.find_last_of(".[");
    key_path = key_path.substr(0, end == absl::string_view::npos ? 0 : end);
  }
  return 1;
}

absl::StatusOr<SourceMap> LoadYaml(absl::string_view text, absl::string_view file_name,
                                   Message* out) {
  out->Clear();
  Mistakes mistakes(file_name);
  if (text.size() > kMaxYamlBytes) {
    mistakes.Add(0, "", absl::StrCat("is larger than ", kMaxYamlBytes, " bytes"));
    return mistakes.ToStatus();
  }
  CheckCharacters(text, mistakes);
  if (!mistakes.empty()) return mistakes.ToStatus();

  SourceMap lines;
  try {
    const std::string document(text);
    if (HasSeveralDocuments(document)) {
      mistakes.Add(0, "", "has several documents (---); exactly one is needed");
    } else if (const YAML::Node root = YAML::Load(document); root.IsNull()) {
      mistakes.Add(0, "", "is empty");
    } else {
      Filler(mistakes, lines).FillDocument(root, *out);
    }
  } catch (const YAML::Exception& error) {
    mistakes.Add(error.mark.is_null() ? 0 : error.mark.line + 1, "",
                 absl::StrCat("is not YAML: ", WithoutQuotation(error.msg)));
  }
  if (!mistakes.empty()) return mistakes.ToStatus();
  return lines;
}

absl::StatusOr<SourceMap> LoadYamlFile(const std::string& path, Message* out) {
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "re"), &std::fclose);
  if (file == nullptr) {
    const int error = errno;
    char words[128];
    const std::string message =
        absl::StrCat(path, ": can't be opened: ", strerror_r(error, words, sizeof(words)));
    return error == ENOENT ? absl::NotFoundError(message) : absl::FailedPreconditionError(message);
  }
  // One byte more than allowed, so that a file that is too large is seen.
  std::string text(kMaxYamlBytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": can't be read"));
  }
  return LoadYaml(text, path, out);
}

}  // namespace edugate::config
