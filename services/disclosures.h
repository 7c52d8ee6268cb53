// What the disclosure log is told of calls.
#ifndef SERVICES_DISCLOSURES_H_
#define SERVICES_DISCLOSURES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "runtime/async/call_context.h"
#include "runtime/privacy/disclosure_entry.h"

namespace google::protobuf {
class Descriptor;
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace edugate::services {

// The records of one reply that say something about persons, from before it is screened to after.
class DisclosedRecords {
 public:
  // None.
  DisclosedRecords() = default;

  // Finds the records in a reply that no scope has touched, and whose they are. `request` (may be
  // null) names what a reply without records is about. Both outlive the object.
  DisclosedRecords(const async::CallContext& call, const google::protobuf::Message* request,
                   const google::protobuf::Message& reply);

  bool empty() const { return found_.empty(); }

  // The records with the fields that the reply has now. Of a record its own fields count, and what
  // is below them with them.
  std::vector<privacy::DisclosedRecord> Fields() const;

 private:
  struct Found {
    const google::protobuf::Message* record;
    privacy::DisclosedRecord disclosed;
  };

  void Add(const google::protobuf::Message& record, std::string name);

  std::vector<Found> found_;
};

// Who, how and what for; no records yet.
privacy::DisclosureEntry EntryOf(const async::CallContext& call,
                                 const google::protobuf::Message* request, std::string kind);

// Whether a request asks for a change at a provider: it has a `request_id` and isn't
// `validate_only`; or it is a provider's own that its declaration says changes something. An upload
// (null) does.
bool IsWrite(const async::CallContext& call, const google::protobuf::Message* request);

// Whether a method of edugate's (`Service.Method`) sends records about learners one by one.
bool StreamsRecords(absl::string_view method);

// What a write is about, as far as the request says it.
std::vector<privacy::DisclosedRecord> SubjectsOf(const google::protobuf::Message* request);

}  // namespace edugate::services

#endif  // SERVICES_DISCLOSURES_H_
