// Messages filled with pseudo-random contents, for properties that must hold of every message.
#ifndef EDUGATE_RUNTIME_CODEC_TESTDATA_RANDOM_MESSAGE_H_
#define EDUGATE_RUNTIME_CODEC_TESTDATA_RANDOM_MESSAGE_H_

#include <random>
#include <string>

#include "google/protobuf/message.h"

namespace edugate::codec::testing {

// What a filler may use.
enum class Contents {
  // Everything that JSON can carry.
  kForJson,
  // What JSON and XML carry alike: no empty text, list, message or null; no type that only the
  // text's own sort tells.
  kForXml,
};

// Fills every field of a message at random, from a fixed seed.
class RandomFiller {
 public:
  RandomFiller(unsigned seed, Contents contents) : random_(seed), contents_(contents) {}

  void Fill(google::protobuf::Message* message, int depth = 0);

 private:
  uint64_t Number(uint64_t below) { return random_() % below; }
  bool Sometimes() { return Number(2) == 0; }
  std::string Text();
  int64_t Integer();
  double Real();
  void FillValue(google::protobuf::Message* value, int depth);
  void FillField(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field,
                 int depth);
  void FillMap(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field,
               int depth);
  void FillSubmessage(google::protobuf::Message* message,
                      const google::protobuf::FieldDescriptor* field, int depth);

  std::mt19937_64 random_;
  Contents contents_;
};

}  // namespace edugate::codec::testing

#endif  // EDUGATE_RUNTIME_CODEC_TESTDATA_RANDOM_MESSAGE_H_
