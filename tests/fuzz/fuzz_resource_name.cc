// Any text as a resource name, and any text as an id in one. The first byte chooses the kind of
// resource.

#include <algorithm>
#include <string>
#include <vector>

#include "adapters/resource_name.h"
#include "adapters/utf8.h"
#include "runtime/errors/errors.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {
namespace {

bool IsPrintableAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::string Build(adapters::Resource resource, const adapters::NameParts& parts) {
  return adapters::BuildName(resource, parts.connection, {parts.ids.begin(), parts.ids.end()});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const adapters::NamePattern& pattern =
      adapters::kNamePatterns[input.Choice(adapters::kNamePatterns.size())];
  const absl::string_view text = input.Rest();

  for (const auto wildcard : {adapters::Wildcard::kRefused, adapters::Wildcard::kAllowed}) {
    const auto parts = adapters::ParseName("name", pattern.resource, text, wildcard);
    if (!parts.ok()) {
      fuzz::Require(errors::ReasonOf(parts.status()) == v1::ERROR_REASON_RESOURCE_NAME_INVALID,
                    "a name is refused as one", text);
      continue;
    }
    fuzz::Require(parts->ids.size() == pattern.id_count, "a name has the pattern's ids", text);
    fuzz::Require(parts->any_connection() ? wildcard == adapters::Wildcard::kAllowed
                                          : adapters::IsConnectionId(parts->connection),
                  "a name has a connection", text);
    for (const std::string& id : parts->ids) {
      fuzz::Require(!id.empty() && adapters::IsUtf8(id), "an id is text", text);
    }
    const std::string name = Build(pattern.resource, *parts);
    fuzz::Require(IsPrintableAscii(name), "a name is printable ASCII", name);
    if (name.size() <= adapters::kMaxNameBytes) {
      const auto again = adapters::ParseName("name", pattern.resource, name, wildcard);
      fuzz::Require(again.ok() && *again == *parts, "a name is read as it is written", name);
      fuzz::Require(Build(pattern.resource, *again) == name, "a name has one form", name);
    }
  }

  // Any id of a provider has a name, and comes back from it.
  if (text.empty() || !adapters::IsUtf8(text)) return 0;
  std::string decoded;
  fuzz::Require(adapters::DecodeId(adapters::EncodeId(text), &decoded) && decoded == text,
                "an id is decoded as it was encoded", text);
  const std::vector<absl::string_view> ids(pattern.id_count, text);
  const std::string name = adapters::BuildName(pattern.resource, "lincoln", ids);
  fuzz::Require(IsPrintableAscii(name), "a name is printable ASCII", name);
  if (name.size() <= adapters::kMaxNameBytes) {
    const auto parts = adapters::ParseName("name", pattern.resource, name);
    fuzz::Require(parts.ok() && parts->connection == "lincoln", "any id has a name", name);
    for (const std::string& id : parts->ids) fuzz::Require(id == text, "the id comes back", name);
  }
  return 0;
}

}  // namespace edugate
