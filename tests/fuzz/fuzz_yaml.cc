// Any text as YAML, into a message that has every shape a configuration can have.

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "runtime/config/yaml_loader.h"
#include "runtime/config/yaml_loader_test.pb.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = fuzz::WithCanary(fuzz::Input(data, size).Rest());
  config::test::House house;
  const auto source = config::LoadYaml(text, "house.yaml", &house);
  if (!source.ok()) {
    fuzz::Require(source.status().code() == absl::StatusCode::kInvalidArgument, "a mistake is one");
    fuzz::Require(!absl::StrContains(source.status().message(), fuzz::kCanary),
                  "a mistake repeats no value", source.status().message());
    return 0;
  }
  const int lines = static_cast<int>(std::count_if(text.begin(), text.end(),
                                                   [](char c) { return c == '\n' || c == '\r'; })) +
                    1;
  for (const char* key : {"door", "door.width", "rooms[0].id", "rooms[99].id", "tags[1]", "none"}) {
    const int line = source->LineOf(key);
    fuzz::Require(line >= 1 && line <= lines, "a key is in the document", key);
  }
  // Aliases multiply what a document holds, up to a bound.
  fuzz::Require(house.ByteSizeLong() <= config::kMaxYamlValues * (text.size() + 64),
                "a document is bounded");
  config::test::House again;
  fuzz::Require(config::LoadYaml(text, "house.yaml", &again).ok() &&
                    again.ByteSizeLong() == house.ByteSizeLong(),
                "the same text is read alike");
  return 0;
}

}  // namespace edugate
