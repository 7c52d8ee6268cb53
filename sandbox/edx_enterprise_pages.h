#ifndef EDUGATE_SANDBOX_EDX_ENTERPRISE_PAGES_H_
#define EDUGATE_SANDBOX_EDX_ENTERPRISE_PAGES_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nlohmann/json_fwd.hpp"
#include "sandbox/provider.h"

// How edX Enterprise's services give their records out by pages.
namespace edugate::sandbox::edx {

// Where the services believe to be: no caller of the sandbox has to go there.
inline constexpr char kGatewayUrl[] = "https://api.edx.org";
inline constexpr char kInternalUrl[] = "https://license-manager.internal.example";

inline constexpr int64_t kDefaultPage = 10;

struct PageOf {
  int64_t number = 1;
  int64_t size = 0;
};

// The page that the arguments ask for; nothing for a page that is no number.
std::optional<PageOf> PageAsked(const Request& request, const ProviderSettings& settings,
                                int64_t default_size, int64_t max_size);

// A page of `all` without those that `left_out`, where there is one, names by position. `end` is
// what stands where there is no further page.
Reply Paged(const Request& request, const std::vector<nlohmann::ordered_json>& all,
            std::optional<PageOf> page, const std::string& url, const nlohmann::ordered_json& end,
            const std::function<bool(int64_t)>& left_out = nullptr);

}  // namespace edugate::sandbox::edx

#endif  // EDUGATE_SANDBOX_EDX_ENTERPRISE_PAGES_H_
