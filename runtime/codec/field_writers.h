// The fields of generated classes, written without asking the descriptor again for each value.
//
// protobuf's reflection looks a field's place up in tables with every value. For the messages that
// are decoded most, the build adds to the generated code (protoc_field_writers.cc) a table with one
// function for each field, which calls the class's own setter. It includes this header, so this
// header includes little.
#ifndef EDUGATE_RUNTIME_CODEC_FIELD_WRITERS_H_
#define EDUGATE_RUNTIME_CODEC_FIELD_WRITERS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace edugate::codec {

// Writes one field of messages of one generated class: sets a singular field, adds an element to a
// repeated one.
struct FieldWriter {
  using Message = google::protobuf::Message;

  // The field's number in the .proto.
  int number;
  // The one that goes with FieldDescriptor::cpp_type().
  union {
    void (*of_bool)(Message*, bool);
    void (*of_int32)(Message*, int32_t);
    void (*of_int64)(Message*, int64_t);
    void (*of_uint32)(Message*, uint32_t);
    void (*of_uint64)(Message*, uint64_t);
    void (*of_float)(Message*, float);
    void (*of_double)(Message*, double);
    // The number must be one that the enum lists.
    void (*of_enum)(Message*, int);
    // The text to fill in, which may hold something already.
    std::string* (*of_string)(Message*);
    // The message to fill in.
    Message* (*of_message)(Message*);
  } write;
};

// The writers of a message's fields, as generated code made them known before main().
class FieldWriters {
 public:
  // `message` is the full name, and lives as long as the process, as the table does. Called while
  // the process has one thread.
  template <size_t n>
  static bool Add(const char* message, const FieldWriter (&writers)[n]) {
    All().push_back({message, writers, n});
    return true;
  }

  // The writer of a field, or null where there is none.
  static const FieldWriter* Find(const std::string& message, int number) {
    for (const Table& table : All()) {
      if (message != table.message) continue;
      for (size_t i = 0; i < table.size; ++i) {
        if (table.writers[i].number == number) return &table.writers[i];
      }
    }
    return nullptr;
  }

 private:
  struct Table {
    const char* message;
    const FieldWriter* writers;
    size_t size;
  };

  static std::vector<Table>& All() {
    static auto* all = new std::vector<Table>();
    return *all;
  }
};

}  // namespace edugate::codec

#endif  // EDUGATE_RUNTIME_CODEC_FIELD_WRITERS_H_
