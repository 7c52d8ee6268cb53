// The screen of every call: what the caller may not see is cleared, and what it sees is written
// into the disclosure log.
#ifndef SERVICES_GUARDED_REPLIES_H_
#define SERVICES_GUARDED_REPLIES_H_

#include <memory>

#include "services/field_scopes.h"
#include "services/reply_screen.h"

namespace edugate::privacy {
class DisclosureLog;
}  // namespace edugate::privacy

namespace edugate::services {

struct DisclosureRules {
  privacy::DisclosureLog* log = nullptr;  // null: none is kept
  // Whether a call whose disclosure can't be written is refused.
  bool required = false;
};

// How calls are logged:
//
// - A read that gives records of persons: one line, before its reply is sent.
// - A stream: a line for each 100 records, and at its end; with `required` one at its beginning,
//   too. A watch: a line for each event.
// - A write: a line before the provider is called, and one when its outcome is known.
//
// With `required` the call waits until its line is on the disk; at most 100 records of a stream are
// sent before theirs. Without it the call doesn't wait.
class GuardedReplies final : public ReplyScreen {
 public:
  GuardedReplies() = default;

  // Before the first call. Without it no disclosures are kept.
  void KeepDisclosures(DisclosureRules disclosure) { disclosure_ = disclosure; }

  std::unique_ptr<CallScreen> ScreenOf(const async::CallContext& call) override;

 private:
  class Screen;

  DisclosureRules disclosure_;
  FieldScopes scopes_;
};

}  // namespace edugate::services

#endif  // SERVICES_GUARDED_REPLIES_H_
