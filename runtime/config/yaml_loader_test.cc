#include "runtime/config/yaml_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "runtime/config/yaml_loader_test.pb.h"

namespace edugate::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

// The document as text format, or the mistakes.
std::string Load(absl::string_view yaml) {
  test::House house;
  const auto lines = LoadYaml(yaml, "house.yaml", &house);
  if (!lines.ok()) return std::string(lines.status().message());
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(house, &text);
  return text.empty() || text.back() != ' ' ? text : text.substr(0, text.size() - 1);
}

TEST(YamlLoaderTest, FillsEveryKindOfField) {
  test::House house;
  const auto lines = LoadYaml(R"(
door:
  name: front
  width: -7
  weight: 9007199254740993
  hinges: 4294967295
  serial: 18446744073709551615
  slope: 0.5
  open: true
  painted: false
  closes_after: 1m30s
  lock: { file: /run/secrets/lock }
rooms:
  - id: hall
    heat_source: heat_pump
    labels: { floor: "1", view: garden }
    doors: { 3: { name: cellar } }
    rooms: [{ id: niche }]
    spare: [stove, heat_pump]
tags: [a, 12, 1.10, true]
)",
                              "house.yaml", &house);
  ASSERT_TRUE(lines.ok()) << lines.status();
  test::House expected;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
    door {
      name: "front" width: -7 weight: 9007199254740993 hinges: 4294967295
      serial: 18446744073709551615 slope: 0.5 open: true painted: false
      closes_after { seconds: 90 } lock { file: "/run/secrets/lock" }
    }
    rooms {
      id: "hall" heat_source: HEAT_SOURCE_HEAT_PUMP
      labels { key: "floor" value: "1" } labels { key: "view" value: "garden" }
      doors { key: 3 value { name: "cellar" } }
      rooms { id: "niche" }
      spare: HEAT_SOURCE_STOVE spare: HEAT_SOURCE_HEAT_PUMP
    }
    tags: "a" tags: "12" tags: "1.10" tags: "true")",
                                                            &expected));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(house, expected))
      << house.ShortDebugString();
}

TEST(YamlLoaderTest, TakesTextAsItIsWritten) {
  EXPECT_EQ(Load("door: { name: 2020011001 }"), R"(door { name: "2020011001" })");
  EXPECT_EQ(Load("door: { name: 0017 }"), R"(door { name: "0017" })");
  EXPECT_EQ(Load("door: { name: 'no' }"), R"(door { name: "no" })");
  EXPECT_EQ(Load("door: { name: yes }"), R"(door { name: "yes" })");
  EXPECT_EQ(Load("door: { name: $HOME }"), R"(door { name: "$HOME" })");
  EXPECT_EQ(Load("door: { name: '' }"), "door { }");
}

TEST(YamlLoaderTest, TakesDurationsWithUnits) {
  EXPECT_EQ(Load("door: { closes_after: 500ms }"), "door { closes_after { nanos: 500000000 } }");
  EXPECT_EQ(Load("door: { closes_after: 0.5s }"), "door { closes_after { nanos: 500000000 } }");
  EXPECT_EQ(Load("door: { closes_after: '10m' }"), "door { closes_after { seconds: 600 } }");
  EXPECT_EQ(Load("door: { closes_after: 0s }"), "door { closes_after { } }");
  for (const char* wrong : {"30", "soon", "inf", "1y", "{ seconds: 3 }", "[1s]"}) {
    EXPECT_THAT(Load(absl::StrCat("door:\n  closes_after: ", wrong)),
                testing::AnyOf(
                    "house.yaml:2: door.closes_after: needs a duration such as 30s, 500ms or 10m",
                    "house.yaml:2: door.closes_after: is too long a duration"))
        << wrong;
  }
  EXPECT_EQ(Load("door: { closes_after: -1s }"),
            "house.yaml:1: door.closes_after: must not be negative");
}

TEST(YamlLoaderTest, AnUnknownKeyIsRefusedWithWhatWasMeant) {
  EXPECT_EQ(Load("door:\n  nmae: x"), "house.yaml:2: door.nmae: unknown key; did you mean name?");
  EXPECT_EQ(Load("door:\n  closesAfter: 3s"),
            "house.yaml:2: door.closesAfter: unknown key; did you mean closes_after?");
  EXPECT_EQ(Load("roms: []"), "house.yaml:1: roms: unknown key; did you mean rooms?");
  EXPECT_EQ(Load("garage: 1"),
            "house.yaml:1: garage: unknown key; the keys are: door, rooms, tags");
}

TEST(YamlLoaderTest, TheKeyPathCountsLists) {
  EXPECT_EQ(Load("rooms:\n- id: a\n- id: b\n  doors:\n    5:\n      lock:\n        fil: x"),
            "house.yaml:7: rooms[1].doors.5.lock.fil: unknown key; did you mean file?");
}

TEST(YamlLoaderTest, AKeyThatStandsTwiceIsRefused) {
  EXPECT_EQ(Load("door:\n  name: a\n  width: 1\n  name: b"),
            "house.yaml:4: door.name: stands twice; the first is in line 2");
  EXPECT_EQ(Load("rooms:\n- labels:\n    a: b\n    a: c"),
            "house.yaml:4: rooms[0].labels.a: stands twice; the first is in line 3");
}

TEST(YamlLoaderTest, SeveralMembersOfAOneofAreRefused) {
  EXPECT_EQ(Load("door:\n  lock:\n    file: a\n    env: b"),
            "house.yaml:4: door.lock.env: can't stand beside file: exactly one of the two");
}

TEST(YamlLoaderTest, AMissingMappingOrListIsNamed) {
  EXPECT_EQ(Load("door:\n  lock: x"),
            "house.yaml:2: door.lock: needs a mapping with keys of: value, file, env");
  EXPECT_EQ(Load("rooms: { id: a }"), "house.yaml:1: rooms: needs a list");
  EXPECT_EQ(Load("rooms:\n- labels: [a]"), "house.yaml:2: rooms[0].labels: needs a mapping");
  EXPECT_EQ(Load("door: { name: [a] }"), "house.yaml:1: door.name: needs text");
  EXPECT_EQ(Load("- a"), "house.yaml:1: needs a mapping with keys of: door, rooms, tags");
}

TEST(YamlLoaderTest, AKeyWithoutAValueIsRefused) {
  EXPECT_EQ(Load("door:\n  name:\n  open: ~"),
            "house.yaml:2: door.name: has no value; needs text\n"
            "house.yaml:3: door.open: has no value; needs true or false");
  EXPECT_EQ(Load("rooms:"), "house.yaml:1: rooms: has no value; needs a list");
}

TEST(YamlLoaderTest, NumbersAreExactAndInRange) {
  EXPECT_EQ(Load("door: { width: 2147483648 }"),
            "house.yaml:1: door.width: needs a whole number from -2147483648 to 2147483647");
  EXPECT_EQ(Load("door: { hinges: -1 }"),
            "house.yaml:1: door.hinges: needs a whole number from 0 to 4294967295");
  for (const char* wrong : {"1.5", "1e3", "0x10", "010", "three", "'3'", "1_000"}) {
    EXPECT_THAT(Load(absl::StrCat("door: { width: ", wrong, " }")),
                StartsWith("house.yaml:1: door.width: needs a whole number"))
        << wrong;
  }
  EXPECT_EQ(Load("door: { slope: .inf }"), "house.yaml:1: door.slope: needs a number");
}

TEST(YamlLoaderTest, BooleansAreTrueAndFalse) {
  for (const char* wrong : {"yes", "on", "1", "True"}) {
    EXPECT_EQ(Load(absl::StrCat("door: { open: ", wrong, " }")),
              "house.yaml:1: door.open: needs true or false");
  }
  EXPECT_EQ(Load("door: { open: 'true' }"),
            "house.yaml:1: door.open: needs true or false, without quotes");
}

TEST(YamlLoaderTest, EnumsAreWordsWithoutThePrefix) {
  for (const char* wrong : {"HEAT_SOURCE_STOVE", "STOVE", "unspecified", "1", "fire"}) {
    EXPECT_EQ(Load(absl::StrCat("rooms:\n- heat_source: ", wrong)),
              "house.yaml:2: rooms[0].heat_source: needs one of: heat_pump, stove");
  }
}

TEST(YamlLoaderTest, InAListAnEnumsZeroValueIsAValueLikeOthers) {
  EXPECT_EQ(Load("rooms:\n- spare: [unspecified, stove]"),
            "rooms { spare: HEAT_SOURCE_UNSPECIFIED spare: HEAT_SOURCE_STOVE }");
}

TEST(YamlLoaderTest, AllMistakesAreReportedTogetherUpToTwenty) {
  EXPECT_EQ(Load("door:\n  open: 7\n  size: big\nrooms: 3\n"),
            "house.yaml:2: door.open: needs true or false\n"
            "house.yaml:3: door.size: unknown key; the keys are: name, width, weight, hinges, "
            "serial, slope, open, painted, closes_after, lock\n"
            "house.yaml:4: rooms: needs a list");
  std::string many = "rooms:\n";
  for (int i = 0; i < 30; ++i) many += "- 1\n";
  EXPECT_THAT(std::vector<std::string>(absl::StrSplit(Load(many), '\n')), SizeIs(21));
}

TEST(YamlLoaderTest, NoMistakeNamesAValue) {
  constexpr char kCanary[] = "s3cr3tcanary";
  for (const char* pattern :
       {"door: { lock: %s }", "door: { lock: { %s } }", "door: { lock: { %s: 1 } }",
        "door: { lock: { value: [%s] } }", "door: { width: %s }", "door: { closes_after: %s }",
        "rooms: [{ heat_source: %s }]", "door: { lock: { value: *%s } }",
        "door: { lock: { value: \"%s } }", "door: { lock: { value: !%s x } }",
        "door: { lock: { value: a: %s } }", "%s", "door: { lock: { [%s]: 1 } }",
        "rooms: [{ labels: { '%s x': { } } }]", "door: { lock: { value: \"\\q%s\" } }"}) {
    std::string yaml = pattern;
    yaml.replace(yaml.find("%s"), 2, kCanary);
    const std::string message = Load(yaml);
    EXPECT_THAT(message, HasSubstr("house.yaml")) << pattern;
    EXPECT_THAT(message, Not(HasSubstr(kCanary))) << pattern;
  }
}

TEST(YamlLoaderTest, BadYamlNamesItsLine) {
  EXPECT_THAT(Load("door:\n  name: [a\n"), StartsWith("house.yaml:3: is not YAML: "));
  EXPECT_EQ(Load("door: {}\n---\ndoor: {}"),
            "house.yaml: has several documents (---); exactly one is needed");
  EXPECT_EQ(Load(""), "house.yaml: is empty");
  EXPECT_EQ(Load("# nothing\n"), "house.yaml: is empty");
  EXPECT_EQ(Load("---\n"), "house.yaml: is empty");
}

// Of a stray comma yaml-cpp's LoadAll makes documents until memory ends.
TEST(YamlLoaderTest, AStrayCommaIsRefusedAndNotReadForEver) {
  for (const char* text : {",", ",*", "[a],", "tags: [a]\n---\n,"}) {
    EXPECT_THAT(Load(text), StartsWith("house.yaml")) << text;
  }
}

TEST(YamlLoaderTest, CharactersThatAYamlReaderMisreadsAreRefused) {
  EXPECT_EQ(Load("tags: [a]\n\x04garage: 1\n"), "house.yaml:2: has a control character");
  EXPECT_EQ(Load("tags: [a]\ndoor: { name: \xff }\n"), "house.yaml:2: is not UTF-8");
  EXPECT_EQ(Load("door: { name: \"a\\0b\" }"), "house.yaml:1: door.name: has a NUL character");
  EXPECT_EQ(Load("door: { name: \"\xc3\xa4\" }\r\n"), "door { name: \"\\303\\244\" }");
}

TEST(YamlLoaderTest, AliasesWork) {
  EXPECT_EQ(Load("tags: [&x a, *x]"), R"(tags: "a" tags: "a")");
  EXPECT_EQ(Load("rooms:\n- &r { id: a }\n- *r"), R"(rooms { id: "a" } rooms { id: "a" })");
}

TEST(YamlLoaderTest, MergeKeysAndTagsAreRefused) {
  EXPECT_EQ(Load("rooms:\n- &r { id: a }\n- <<: *r"),
            "house.yaml:3: rooms[1]: has a merge key (<<), which is not supported");
  EXPECT_EQ(Load("door: { name: !env HOME }"),
            "house.yaml:1: door.name: has a tag (!...), which is not supported");
}

TEST(YamlLoaderTest, AliasesThatMultiplyAreBounded) {
  // Ten rooms in each of ten rooms, nine times over.
  std::string yaml = "rooms:\n- &r0 { id: a }\n";
  for (int level = 1; level <= 9; ++level) {
    absl::StrAppend(&yaml, "- &r", level, " { rooms: [");
    for (int i = 0; i < 10; ++i) absl::StrAppend(&yaml, i == 0 ? "*r" : ", *r", level - 1);
    absl::StrAppend(&yaml, "] }\n");
  }
  EXPECT_THAT(Load(yaml), HasSubstr("has more than 100000 values"));
}

TEST(YamlLoaderTest, ARoomInItselfIsRefused) {
  EXPECT_THAT(Load("rooms:\n- &r { rooms: [*r] }"), HasSubstr("is nested deeper than 64"));
}

TEST(YamlLoaderTest, DeepAndLargeDocumentsAreRefused) {
  EXPECT_THAT(Load("tags: " + std::string(100'000, '[')), HasSubstr("house.yaml"));
  EXPECT_EQ(Load(std::string(kMaxYamlBytes + 1, '#')), "house.yaml: is larger than 1048576 bytes");
  EXPECT_EQ(Load(std::string(kMaxYamlBytes - 20, '#') + "\ntags: [a]"), R"(tags: "a")");
}

TEST(YamlLoaderTest, TheSourceMapKnowsTheLinesOfKeysAndOfWhatIsMissing) {
  test::House house;
  const auto lines = LoadYaml("door:\n  name: a\nrooms:\n- id: a\n- id: b\n  labels:\n    x: y\n",
                              "house.yaml", &house);
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_EQ(lines->LineOf("door"), 1);
  EXPECT_EQ(lines->LineOf("door.name"), 2);
  EXPECT_EQ(lines->LineOf("rooms[1]"), 5);
  EXPECT_EQ(lines->LineOf("rooms[1].labels.x"), 7);
  EXPECT_EQ(lines->LineOf("rooms[1].heat_source"), 5);
  EXPECT_EQ(lines->LineOf("rooms[7].id"), 3);
  EXPECT_EQ(lines->LineOf("garage"), 1);
  EXPECT_TRUE(lines->Has("rooms[1].labels.x"));
  EXPECT_FALSE(lines->Has("rooms[1].heat_source"));
  EXPECT_EQ(lines->LineOf(""), 1);
}

TEST(YamlLoaderTest, LoadsAFileAndSaysWhichOneIsMissing) {
  const std::string path = testing::TempDir() + "yaml_loader_test.yaml";
  std::ofstream(path) << "tags: [a]\n";
  test::House house;
  EXPECT_TRUE(LoadYamlFile(path, &house).ok());
  EXPECT_THAT(house.tags(), ElementsAre("a"));
  const absl::Status missing = LoadYamlFile(path + ".none", &house).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("yaml_loader_test.yaml.none"));
}

}  // namespace
}  // namespace edugate::config
