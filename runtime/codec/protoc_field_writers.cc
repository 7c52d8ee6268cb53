// A plugin of protoc: adds to each generated x.pb.cc the FieldWriters of its messages.
//
//   protoc --cpp_out=DIR --plugin=protoc-gen-writers=THIS --writers_out=DIR x.proto
//
// protoc's own messages for plugins are in a library that nothing else here needs: the request is
// taken apart by field numbers (google/protobuf/compiler/plugin.proto), which are fixed for good.
#include <iostream>
#include <iterator>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/unknown_field_set.h"

namespace edugate::codec {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::UnknownFieldSet;

constexpr int kRequestFileToGenerate = 1;
constexpr int kRequestProtoFile = 15;
constexpr int kResponseSupportedFeatures = 2;
constexpr uint64_t kFeatureProto3Optional = 1;
constexpr int kResponseFile = 15;
constexpr int kFileName = 1;
constexpr int kFileInsertionPoint = 2;
constexpr int kFileContent = 15;

// Words to whose accessors protoc adds an underscore. A field or message with such a name has no
// writers: reflection writes it.
bool IsReserved(const std::string& name) {
  static const auto* reserved = new std::set<std::string>{"NULL",
                                                          "alignas",
                                                          "alignof",
                                                          "and",
                                                          "and_eq",
                                                          "asm",
                                                          "assert",
                                                          "auto",
                                                          "bitand",
                                                          "bitor",
                                                          "bool",
                                                          "break",
                                                          "case",
                                                          "catch",
                                                          "char",
                                                          "char16_t",
                                                          "char32_t",
                                                          "char8_t",
                                                          "class",
                                                          "co_await",
                                                          "co_return",
                                                          "co_yield",
                                                          "compl",
                                                          "concept",
                                                          "const",
                                                          "const_cast",
                                                          "consteval",
                                                          "constexpr",
                                                          "constinit",
                                                          "continue",
                                                          "decltype",
                                                          "default",
                                                          "delete",
                                                          "do",
                                                          "double",
                                                          "dynamic_cast",
                                                          "else",
                                                          "enum",
                                                          "explicit",
                                                          "export",
                                                          "extern",
                                                          "false",
                                                          "float",
                                                          "for",
                                                          "friend",
                                                          "goto",
                                                          "if",
                                                          "inline",
                                                          "int",
                                                          "long",
                                                          "mutable",
                                                          "namespace",
                                                          "new",
                                                          "noexcept",
                                                          "not",
                                                          "not_eq",
                                                          "nullptr",
                                                          "operator",
                                                          "or",
                                                          "or_eq",
                                                          "private",
                                                          "protected",
                                                          "public",
                                                          "register",
                                                          "reinterpret_cast",
                                                          "requires",
                                                          "return",
                                                          "short",
                                                          "signed",
                                                          "sizeof",
                                                          "static",
                                                          "static_assert",
                                                          "static_cast",
                                                          "struct",
                                                          "switch",
                                                          "template",
                                                          "this",
                                                          "thread_local",
                                                          "throw",
                                                          "true",
                                                          "try",
                                                          "typedef",
                                                          "typeid",
                                                          "typename",
                                                          "union",
                                                          "unsigned",
                                                          "using",
                                                          "virtual",
                                                          "void",
                                                          "volatile",
                                                          "wchar_t",
                                                          "while",
                                                          "xor",
                                                          "xor_eq"};
  return reserved->count(name) > 0;
}

std::string ClassOf(const Descriptor& message) {
  std::string name = message.name();
  for (const Descriptor* outer = message.containing_type(); outer != nullptr;
       outer = outer->containing_type()) {
    name = absl::StrCat(outer->name(), "_", name);
  }
  const std::string& package = message.file()->package();
  return absl::StrCat("::", absl::StrReplaceAll(package, {{".", "::"}}),
                      package.empty() ? "" : "::", name);
}

// The member of FieldWriter::write and the type of its value; empty for a field without a writer.
struct Kind {
  const char* name = "";
  const char* type = "";
};

Kind KindOf(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return {"of_bool", "bool"};
    case FieldDescriptor::CPPTYPE_INT32:
      return {"of_int32", "int32_t"};
    case FieldDescriptor::CPPTYPE_INT64:
      return {"of_int64", "int64_t"};
    case FieldDescriptor::CPPTYPE_UINT32:
      return {"of_uint32", "uint32_t"};
    case FieldDescriptor::CPPTYPE_UINT64:
      return {"of_uint64", "uint64_t"};
    case FieldDescriptor::CPPTYPE_FLOAT:
      return {"of_float", "float"};
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return {"of_double", "double"};
    case FieldDescriptor::CPPTYPE_ENUM:
      return {"of_enum", "int"};
    case FieldDescriptor::CPPTYPE_STRING:
      if (field.options().ctype() != google::protobuf::FieldOptions::STRING) return {};
      return {"of_string", ""};
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (field.is_map() || field.type() == FieldDescriptor::TYPE_GROUP) return {};
      return {"of_message", ""};
  }
  return {};
}

// One line of a table, or nothing.
std::string WriterOf(const FieldDescriptor& field) {
  const Kind kind = KindOf(field);
  const std::string name = absl::AsciiStrToLower(field.name());
  if (*kind.name == '\0' || IsReserved(name)) return "";
  const std::string message =
      absl::StrCat("static_cast<", ClassOf(*field.containing_type()), "*>(m)");
  const std::string start = absl::StrCat("    {", field.number(), ", {.", kind.name, " = [](");
  const bool repeated = field.is_repeated();
  if (*kind.type == '\0') {
    const bool text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    return absl::StrCat(start, "Message* m) -> ", text ? "std::string*" : "Message*", " { return ",
                        message, "->", repeated ? "add_" : "mutable_", name, "(); }}},\n");
  }
  std::string value = "v";
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    value = absl::StrCat("static_cast<decltype(", message, "->", name, "(", repeated ? "0" : "",
                         "))>(v)");
  }
  return absl::StrCat(start, "Message* m, ", kind.type, " v) { ", message, "->",
                      repeated ? "add_" : "set_", name, "(", value, "); }}},\n");
}

void AppendTables(const Descriptor& message, std::string* code) {
  if (message.options().map_entry()) return;
  for (int i = 0; i < message.nested_type_count(); ++i) {
    AppendTables(*message.nested_type(i), code);
  }
  if (IsReserved(message.name())) return;
  std::string writers;
  for (int i = 0; i < message.field_count(); ++i) writers += WriterOf(*message.field(i));
  if (writers.empty()) return;
  const std::string suffix = absl::StrReplaceAll(message.full_name(), {{"_", "__"}, {".", "_"}});
  absl::StrAppend(code, "constexpr FieldWriter kWriters_", suffix, "[] = {\n", writers,
                  "};\nconst bool kAdded_", suffix, " = FieldWriters::Add(\"", message.full_name(),
                  "\", kWriters_", suffix, ");\n");
}

// A namespace of the file's own: the `using`s must not meet what the generated code declares.
std::string TablesOf(const FileDescriptor& file) {
  std::string code;
  for (int i = 0; i < file.message_type_count(); ++i) AppendTables(*file.message_type(i), &code);
  if (code.empty()) return code;
  return absl::StrCat(
      "namespace edugate_field_writers {\nnamespace {\n"
      "using ::edugate::codec::FieldWriter;\nusing ::edugate::codec::FieldWriters;\n"
      "using ::google::protobuf::Message;\n",
      code, "}  // namespace\n}  // namespace edugate_field_writers\n");
}

void AddInsertion(const std::string& file, const std::string& point, const std::string& content,
                  UnknownFieldSet* response) {
  UnknownFieldSet insertion;
  insertion.AddLengthDelimited(kFileName, file);
  insertion.AddLengthDelimited(kFileInsertionPoint, point);
  insertion.AddLengthDelimited(kFileContent, content);
  std::string bytes;
  insertion.SerializeToString(&bytes);
  response->AddLengthDelimited(kResponseFile, bytes);
}

bool Run(const std::string& request_bytes, std::string* response_bytes) {
  UnknownFieldSet request;
  if (!request.ParseFromString(request_bytes)) return false;
  DescriptorPool pool;
  std::set<std::string> wanted;
  for (int i = 0; i < request.field_count(); ++i) {
    const auto& field = request.field(i);
    if (field.number() == kRequestFileToGenerate) wanted.insert(field.length_delimited());
  }
  UnknownFieldSet response;
  response.AddVarint(kResponseSupportedFeatures, kFeatureProto3Optional);
  // Each file comes after those that it imports.
  for (int i = 0; i < request.field_count(); ++i) {
    if (request.field(i).number() != kRequestProtoFile) continue;
    google::protobuf::FileDescriptorProto proto;
    if (!proto.ParseFromString(request.field(i).length_delimited())) return false;
    const FileDescriptor* file = pool.BuildFile(proto);
    if (file == nullptr) return false;
    const std::string tables = wanted.count(file->name()) > 0 ? TablesOf(*file) : "";
    if (tables.empty()) continue;
    const std::string generated = absl::StrCat(absl::StripSuffix(file->name(), ".proto"), ".pb.cc");
    AddInsertion(generated, "includes", "#include \"runtime/codec/field_writers.h\"\n", &response);
    AddInsertion(generated, "global_scope", tables, &response);
  }
  return response.SerializeToString(response_bytes);
}

}  // namespace
}  // namespace edugate::codec

int main() {
  const std::string request{std::istreambuf_iterator<char>(std::cin), {}};
  std::string response;
  if (!edugate::codec::Run(request, &response)) {
    std::cerr << "protoc_field_writers: the request can't be read\n";
    return 1;
  }
  std::cout << response;
  return 0;
}
