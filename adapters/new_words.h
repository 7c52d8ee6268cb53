// Notices the words of providers that the mappings don't know.
#ifndef ADAPTERS_NEW_WORDS_H_
#define ADAPTERS_NEW_WORDS_H_

#include <map>
#include <set>
#include <vector>

#include "adapters/ports.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "runtime/codec/drift.h"

namespace edugate::adapters {

// Finds, in records of one type, every enum that says UNKNOWN or OTHER while the provider's own
// word stands beside it (`status` and `provider_status`): the mapping had no counterpart. A word
// that means unknown itself is none.
class NewWords {
 public:
  explicit NewWords(const google::protobuf::Descriptor* record);

  // Reports each by the record's message and the enum's name, as new enum values. Never the word.
  void Count(const google::protobuf::Message& record, codec::DriftSink& drift) const;

 private:
  struct Pair {
    const google::protobuf::FieldDescriptor* value;
    const google::protobuf::FieldDescriptor* word;
    std::set<int> catch_all;  // the numbers of UNKNOWN and OTHER
    int largest_catch_all;    // most values are larger than this
  };
  struct Plan;
  // A field that leads to pairs.
  struct Inner {
    const google::protobuf::FieldDescriptor* field;
    const Plan* plan;
  };
  struct Plan {
    std::vector<Pair> pairs;
    std::vector<Inner> inner;
  };

  static void Count(const google::protobuf::Message& record, const Plan& plan,
                    codec::DriftSink& drift);

  void Build(const google::protobuf::Descriptor* message);
  void DropDeadEnds();

  std::map<const google::protobuf::Descriptor*, Plan> plans_;
};

// The ports, whose records are looked through as they come. `drift` outlives them.
Ports CountingNewWords(Ports ports, codec::DriftSink& drift);

}  // namespace edugate::adapters

#endif  // ADAPTERS_NEW_WORDS_H_
