#include "runtime/config/yaml_loader.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <sstream>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "edugate/privacy/v1/privacy.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/stubs/common.h"
#include "runtime/config/mistakes.h"
#include "runtime/config/yaml_field_words.h"
#include "runtime/config/yaml_field_writer.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/yaml.h"

namespace edugate::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;

// Deeper than any configuration that a person writes.
constexpr int kMaxDepth = 64;

int LineOfNode(const YAML::Node& node) { return node.Mark().line + 1; }

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
    const FieldDescriptor* nearest = word ? NearestField(type, key.Scalar()) : nullptr;
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
    YamlFieldWriter writer(out, field);
    const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (is_message && !IsDuration(field)) {
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
    const std::string problem = writer.SetScalar(node.Scalar());
    if (!problem.empty()) mistakes_.Add(line, path, problem);
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
