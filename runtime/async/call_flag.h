// The closed list of what can befall a call. Logs, metrics and tests use these words and no others.
#ifndef EDUGATE_RUNTIME_ASYNC_CALL_FLAG_H_
#define EDUGATE_RUNTIME_ASYNC_CALL_FLAG_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace edugate::async {

// Why a call ended as it did, or took the time that it took. A call may have several.
enum class CallFlag : uint8_t {
  kConnectFailure,    // UF: no connection to the provider: its name, its address or its TLS.
  kConnectionLost,    // UC: the connection to the provider ended within the exchange.
  kProviderTimeout,   // UT: the provider stalled, or an attempt took longer than it may.
  kProviderError,     // UE: the provider answered that it failed (5xx, or its own word for it).
  kBreakerOpen,       // UO: the connection's circuit breaker was open.
  kConnectionLimit,   // UL: too many calls of the connection in progress, and no turn in time.
  kRateLimited,       // RL: a rate limit, edugate's own or the provider's (429).
  kRetriesExhausted,  // URX: another attempt was right, but attempts or their budget were used up.
  kReplyInvalid,      // DPE: the provider's reply can't be used.
  kCredentialsRefused,  // UCR: the provider refused edugate's credential.
  kNoConnection,        // NR: the call names no configured connection.
  kCallerRefused,       // UAEX: nobody is known to call, or the caller may not.
  kShed,                // LR: refused before its request was read: too many calls in the process.
  kCallerGone,          // DC: the caller cancelled, or its connection ended.
  kDeadline,            // DT: the call's deadline passed.
  kSlowReader,          // SR: the caller read too slowly from its stream.
  kStoreUnavailable,    // SU: edugate's own store can't be read or written.
  kRetried,             // RT: it took more than one attempt.
  kShared,              // CO: an identical read in progress answered it, too.
  kFromCache,           // CH: a kept reply answered it.
  kRevalidated,  // CR: a kept reply answered it, after the provider said that it still holds.
};

inline constexpr std::size_t kCallFlags = static_cast<std::size_t>(CallFlag::kRevalidated) + 1;

// The flag's word: "UF", "URX"...
absl::string_view CallFlagName(CallFlag flag);

// A set of flags.
class CallFlags {
 public:
  void Add(CallFlag flag) { bits_ |= Bit(flag); }
  void Add(CallFlags other) { bits_ |= other.bits_; }
  bool Has(CallFlag flag) const { return (bits_ & Bit(flag)) != 0; }
  bool empty() const { return bits_ == 0; }

  // The words in the list's order, with commas between them: "UF,URX". Empty where there is none.
  std::string Text() const;

  // Calls `use` with each flag of the set, in the list's order.
  template <typename Use>
  void ForEach(Use use) const {
    for (std::size_t i = 0; i < kCallFlags; ++i) {
      const auto flag = static_cast<CallFlag>(i);
      if (Has(flag)) use(flag);
    }
  }

 private:
  static uint32_t Bit(CallFlag flag) { return uint32_t{1} << static_cast<unsigned>(flag); }

  uint32_t bits_ = 0;
};

}  // namespace edugate::async

#endif  // EDUGATE_RUNTIME_ASYNC_CALL_FLAG_H_
