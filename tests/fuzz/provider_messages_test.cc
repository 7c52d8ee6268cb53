#include "tests/fuzz/provider_messages.h"

#include <set>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fuzz/provider_operations.h"

namespace edugate::fuzz {
namespace {

using ::testing::Contains;

TEST(ProviderMessagesTest, EveryReplyOfADeclaredOperationIsDecoded) {
  std::set<std::pair<std::string, std::string>> decoded;
  for (const ProviderMessage& each : ProviderMessages()) {
    decoded.emplace(each.prototype->GetDescriptor()->full_name(), std::string(each.response_field));
  }
  for (const ProviderOperation& each : ProviderOperations()) {
    // Its bytes are passed on as they are.
    if (each.operation->options().raw_response()) continue;
    const std::pair<std::string, std::string> reply(
        each.operation->descriptor().output_type()->full_name(),
        each.operation->options().response_field());
    EXPECT_THAT(decoded, Contains(reply)) << each.operation->name();
  }
}

}  // namespace
}  // namespace edugate::fuzz
