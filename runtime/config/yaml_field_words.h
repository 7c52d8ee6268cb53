// What a document calls fields and their values, and what it is told that a field needs.
#ifndef EDUGATE_RUNTIME_CONFIG_YAML_FIELD_WORDS_H_
#define EDUGATE_RUNTIME_CONFIG_YAML_FIELD_WORDS_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace edugate::config {

// Whether a key is one that a mistake may repeat: short, and of a word's characters.
bool IsWord(absl::string_view text);

// The fields of a message as a list: "name, url, auth".
std::string FieldNames(const google::protobuf::Descriptor& type);

// The field that an unknown key probably means, or null.
const google::protobuf::FieldDescriptor* NearestField(const google::protobuf::Descriptor& type,
                                                      absl::string_view key);

// Whether the field is a google.protobuf.Duration, which is a scalar in a document.
bool IsDuration(const google::protobuf::FieldDescriptor& field);

// The values of an enum field by the word that a document uses. The zero value, "unspecified", has
// none, but in a list, where it is a value like others.
std::map<std::string, const google::protobuf::EnumValueDescriptor*> WordsOf(
    const google::protobuf::FieldDescriptor& field);

// What a field needs, where a value of another kind stands; of a list, what one of its values
// needs. Not for maps.
std::string Needs(const google::protobuf::FieldDescriptor& field);

}  // namespace edugate::config

#endif  // EDUGATE_RUNTIME_CONFIG_YAML_FIELD_WORDS_H_
