// What callers may see of persons, applied to their requests and replies.
#ifndef SERVICES_FIELD_SCOPES_H_
#define SERVICES_FIELD_SCOPES_H_

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "runtime/async/call_context.h"
#include "runtime/privacy/field_screen.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace edugate::services {

// The value of a message's text field of this name; empty where it has none.
std::string StringOf(const google::protobuf::Message& message, absl::string_view name);

// The connection in a resource name, `connections/{connection}/...`; empty where there is none.
absl::string_view ConnectionIn(absl::string_view name);

// The name of a record, or of what it is about: its field `name` or `transcript`; empty where it
// has neither.
std::string NameOfRecord(const google::protobuf::Message& record);

// Works with the rights that a call carries (RightsOf). What any one grant for a record's
// connection shows, the caller sees. Thread-safe.
class FieldScopes {
 public:
  // Whether anything is hidden from the caller, on any connection. Costs a load.
  static bool Limits(const async::CallContext& call);

  // PERMISSION_DENIED, CALLER_DENIED where the request asks by what the caller doesn't see: a
  // filter or an order by a hidden field, a learner by a hidden id or address, or licenses by a
  // hidden address or state; in a provider's
  // own message by any hidden field with a value, however deep. Otherwise the hidden value could be
  // found by asking.
  absl::Status CheckRequest(const async::CallContext& call,
                            const google::protobuf::Message& request);

  // Clears what is hidden from the caller; see privacy::FieldScreen. Each record is judged by the
  // grants for its own connection. PERMISSION_DENIED, CALLER_DENIED where nothing would be left: a
  // file's content, or a reply of open shape.
  absl::Status Screen(const async::CallContext& call, google::protobuf::Message& reply,
                      std::vector<std::string>* redacted);

 private:
  // The screen of the call's caller for a connection's records; null: the caller sees everything.
  // An empty connection, and `-`, are every connection that the caller may use: what is hidden on
  // one of them is hidden.
  const privacy::FieldScreen* ScreenFor(const async::CallContext& call,
                                        absl::string_view connection);

  absl::Status CheckNative(const async::CallContext& call,
                           const google::protobuf::Message& request);

  std::mutex mutex_;
  // By what the grants say. There are as many as there are different sets of grants.
  absl::flat_hash_map<std::string, std::unique_ptr<privacy::FieldScreen>> screens_;
};

}  // namespace edugate::services

#endif  // SERVICES_FIELD_SCOPES_H_
