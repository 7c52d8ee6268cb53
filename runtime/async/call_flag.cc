#include "runtime/async/call_flag.h"

namespace edugate::async {

absl::string_view CallFlagName(CallFlag flag) {
  switch (flag) {
    case CallFlag::kConnectFailure:
      return "UF";
    case CallFlag::kConnectionLost:
      return "UC";
    case CallFlag::kProviderTimeout:
      return "UT";
    case CallFlag::kProviderError:
      return "UE";
    case CallFlag::kBreakerOpen:
      return "UO";
    case CallFlag::kConnectionLimit:
      return "UL";
    case CallFlag::kRateLimited:
      return "RL";
    case CallFlag::kRetriesExhausted:
      return "URX";
    case CallFlag::kReplyInvalid:
      return "DPE";
    case CallFlag::kCredentialsRefused:
      return "UCR";
    case CallFlag::kNoConnection:
      return "NR";
    case CallFlag::kCallerRefused:
      return "UAEX";
    case CallFlag::kShed:
      return "LR";
    case CallFlag::kCallerGone:
      return "DC";
    case CallFlag::kDeadline:
      return "DT";
    case CallFlag::kSlowReader:
      return "SR";
    case CallFlag::kStoreUnavailable:
      return "SU";
    case CallFlag::kRetried:
      return "RT";
    case CallFlag::kShared:
      return "CO";
    case CallFlag::kFromCache:
      return "CH";
    case CallFlag::kRevalidated:
      return "CR";
  }
  return "";
}

std::string CallFlags::Text() const {
  std::string text;
  ForEach([&text](CallFlag flag) {
    const absl::string_view name = CallFlagName(flag);
    if (!text.empty()) text += ',';
    text.append(name.data(), name.size());
  });
  return text;
}

}  // namespace edugate::async
