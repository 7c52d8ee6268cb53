#include "adapters/resource_name.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <regex>
#include <set>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct NameCase {
  Resource resource;
  std::vector<std::string> ids;
  std::string name;
};

std::vector<absl::string_view> Views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

const std::vector<NameCase>& NameCases() {
  static const auto& cases = *new std::vector<NameCase>{
      {Resource::kConnection, {}, "connections/acme"},
      {Resource::kEnrollment, {"59"}, "connections/acme/enrollments/59"},
      {Resource::kEnrollmentVerification,
       {"tx_1"},
       "connections/acme/enrollmentVerifications/tx_1"},
      {Resource::kTranscript, {"a-b"}, "connections/acme/transcripts/a-b"},
      {Resource::kCatalog, {"7467c9d2"}, "connections/acme/catalogs/7467c9d2"},
      {Resource::kCourse, {"c1", "edX+DemoX"}, "connections/acme/catalogs/c1/courses/edX+DemoX"},
      {Resource::kCourseRun,
       {"c1", "course-v1:edX+DemoX+2T"},
       "connections/acme/catalogs/c1/courseRuns/course-v1:edX+DemoX+2T"},
      {Resource::kProgram, {"c1", "p1"}, "connections/acme/catalogs/c1/programs/p1"},
      {Resource::kSubscriptionPlan, {"s"}, "connections/acme/subscriptionPlans/s"},
      {Resource::kLicense, {"s", "l"}, "connections/acme/subscriptionPlans/s/licenses/l"},
      {Resource::kAssignment,
       {"a", "b"},
       "connections/acme/assignmentConfigurations/a/assignments/b"},
      {Resource::kSchool, {"12345"}, "connections/acme/schools/12345"},
      {Resource::kPolicy, {"p"}, "connections/acme/policies/p"},
      {Resource::kAssignmentConfiguration, {"a"}, "connections/acme/assignmentConfigurations/a"},
      {Resource::kTranscriptAccessSession, {"s"}, "connections/acme/transcriptAccessSessions/s"},
      {Resource::kEnrollment, {"a/b%c"}, "connections/acme/enrollments/a%2Fb%25c"},
      {Resource::kEnrollment, {"100%"}, "connections/acme/enrollments/100%25"},
      {Resource::kEnrollment, {"a b\n\x7F"}, "connections/acme/enrollments/a%20b%0A%7F"},
      {Resource::kEnrollment, {"-"}, "connections/acme/enrollments/%2D"},
      {Resource::kEnrollment, {"--"}, "connections/acme/enrollments/--"},
      {Resource::kEnrollment, {"Zo\xC3\xAB"}, "connections/acme/enrollments/Zo%C3%AB"},
      {Resource::kEnrollment, {"?#&=@!*'(),;"}, "connections/acme/enrollments/?#&=@!*'(),;"},
      {Resource::kEnrollment, {std::string(1, '\0')}, "connections/acme/enrollments/%00"},
      {Resource::kCourse, {"../..", "{x}"}, "connections/acme/catalogs/..%2F../courses/{x}"},
  };
  return cases;
}

TEST(ResourceNameTest, ANameIsBuiltAndParsedByTheSameRow) {
  for (const NameCase& each : NameCases()) {
    SCOPED_TRACE(each.name);
    EXPECT_EQ(BuildName(each.resource, "acme", Views(each.ids)), each.name);
    const auto parts = ParseName("name", each.resource, each.name);
    ASSERT_TRUE(parts.ok()) << parts.status();
    EXPECT_EQ(parts->connection, "acme");
    EXPECT_EQ(parts->ids, each.ids);
  }
}

TEST(ResourceNameTest, TheCasesCoverEveryRowOfTheTable) {
  std::set<Resource> seen;
  for (const NameCase& each : NameCases()) seen.insert(each.resource);
  EXPECT_EQ(seen.size(), kNamePatterns.size());
}

TEST(ResourceNameTest, ANameOfOneResourceIsNoNameOfAnother) {
  for (const NameCase& each : NameCases()) {
    for (const NamePattern& row : kNamePatterns) {
      if (row.resource == each.resource) continue;
      EXPECT_FALSE(ParseName("name", row.resource, each.name).ok())
          << each.name << " as " << row.type;
    }
  }
}

TEST(ResourceNameTest, EveryRowStandsAtItsPlaceAndCountsItsIds) {
  for (size_t i = 0; i < kNamePatterns.size(); ++i) {
    const NamePattern& row = kNamePatterns[i];
    EXPECT_EQ(static_cast<size_t>(row.resource), i) << row.type;
    const std::string pattern = row.pattern;
    const auto variables = std::count(pattern.begin(), pattern.end(), '{');
    EXPECT_EQ(static_cast<size_t>(variables), row.id_count + 1) << row.type;
  }
}

TEST(ResourceNameTest, EveryPatternOfThePublicApiIsInTheTable) {
  // The names of variables don't matter to what a pattern matches.
  const std::regex variable("\\{[^}]*\\}");
  const auto key = [&](const std::string& type, const std::string& pattern) {
    return type + " " + std::regex_replace(pattern, variable, "{}");
  };
  std::set<std::string> known;
  for (const NamePattern& row : kNamePatterns) known.insert(key(row.type, row.pattern));
  const std::regex resource("type: \"(edugate/\\w+)\"\\s+pattern: \"([^\"]+)\"");
  int found = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(EDUGATE_SOURCE_DIR "/proto/edugate/v1")) {
    std::stringstream content;
    content << std::ifstream(file.path()).rdbuf();
    const std::string text = content.str();
    for (std::sregex_iterator at(text.begin(), text.end(), resource), end; at != end; ++at) {
      EXPECT_TRUE(known.count(key((*at)[1], (*at)[2])))
          << (*at)[2] << " of " << file.path().filename() << " isn't in kNamePatterns";
      ++found;
    }
  }
  EXPECT_GE(found, 3);
}

TEST(ResourceNameTest, AnyIdsSurviveBeingWrittenAndRead) {
  std::mt19937 random(20270131);
  const auto code_point = [&]() -> unsigned {
    switch (random() % 6) {
      case 0:
        return random() % 0x80;
      case 1:
        return "/%-.+:? "[random() % 8];
      case 2:
        return 0x80 + random() % (0x800 - 0x80);
      case 3:
        return 0x800 + random() % (0xD800 - 0x800);
      case 4:
        return 0xE000 + random() % (0x10000 - 0xE000);
      default:
        return 0x10000 + random() % (0x110000 - 0x10000);
    }
  };
  const auto append = [](unsigned c, std::string* out) {
    if (c < 0x80) {
      out->push_back(static_cast<char>(c));
    } else if (c < 0x800) {
      out->push_back(static_cast<char>(0xC0 | c >> 6));
      out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
      out->push_back(static_cast<char>(0xE0 | c >> 12));
      out->push_back(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
      out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
    } else {
      out->push_back(static_cast<char>(0xF0 | c >> 18));
      out->push_back(static_cast<char>(0x80 | (c >> 12 & 0x3F)));
      out->push_back(static_cast<char>(0x80 | (c >> 6 & 0x3F)));
      out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
    }
  };
  for (int round = 0; round < 5000; ++round) {
    const NamePattern& row = kNamePatterns[random() % kNamePatterns.size()];
    std::vector<std::string> ids(row.id_count);
    for (std::string& id : ids) {
      const size_t length = 1 + random() % 20;
      for (size_t i = 0; i < length; ++i) append(code_point(), &id);
    }
    const std::string name = BuildName(row.resource, "c-1", Views(ids));
    for (const char c : name) ASSERT_TRUE(c > ' ' && c < 0x7F) << name;
    const auto parts = ParseName("name", row.resource, name);
    ASSERT_TRUE(parts.ok()) << name;
    ASSERT_EQ(parts->ids, ids);
  }
}

TEST(ResourceNameTest, MakeNameTakesOneIdForEachVariable) {
  EXPECT_EQ(MakeName<Resource::kConnection>("acme"), "connections/acme");
  EXPECT_EQ(MakeName<Resource::kCourse>("acme", "c1", std::string("edX+DemoX")),
            "connections/acme/catalogs/c1/courses/edX+DemoX");
}

TEST(ResourceNameTest, ThereIsNoNameWithoutAnId) {
  EXPECT_EQ(MakeName<Resource::kEnrollment>("acme", ""), "");
  EXPECT_EQ(MakeName<Resource::kCourse>("acme", "c1", ""), "");
  EXPECT_EQ(MakeName<Resource::kEnrollment>("", "1"), "");
  EXPECT_EQ(BuildName(Resource::kCourse, "acme", {"c1"}), "");
}

TEST(ResourceNameTest, ANameOfAnotherFormIsRefusedWithThePattern) {
  const std::vector<std::string> wrong = {
      "",
      "/",
      "enrollments/59",
      "connections",
      "connections/",
      "connections//enrollments/59",
      "connections/acme",
      "connections/acme/enrollments",
      "connections/acme/enrollments/",
      "connections/acme/enrollments/59/",
      "/connections/acme/enrollments/59",
      "//edugate/connections/acme/enrollments/59",
      "connections/acme/Enrollments/59",
      "connections/acme/transcripts/59",
      "connections/acme/enrollments/a/b",
      "connections/Acme/enrollments/59",
      "connections/1acme/enrollments/59",
      "connections/ac_me/enrollments/59",
      "connections/ac%6De/enrollments/59",
      "connections/-/enrollments/59",
      "connections/acme/enrollments/-",
      "connections/acme/enrollments/a b",
      "connections/acme/enrollments/a\tb",
      "connections/acme/enrollments/a\x7F",
      std::string("connections/acme/enrollments/a\0b", 32),
      "connections/acme/enrollments/%",
      "connections/acme/enrollments/%2",
      "connections/acme/enrollments/%2G",
      "connections/acme/enrollments/%-1",
      "connections/acme/enrollments/%FF",
      "connections/acme/enrollments/%C0%AF",
      "connections/acme/enrollments/%ED%A0%80",
      "connections/acme/enrollments/%F4%90%80%80",
      "connections/acme/enrollments/\xC3",
      "connections/acme/enrollments/" + std::string(kMaxNameBytes, 'a'),
  };
  for (const std::string& name : wrong) {
    SCOPED_TRACE(name);
    const auto parts = ParseName("enrollment.name", Resource::kEnrollment, name);
    ASSERT_FALSE(parts.ok());
    EXPECT_EQ(errors::ReasonOf(parts.status()), v1::ERROR_REASON_RESOURCE_NAME_INVALID);
    EXPECT_EQ(parts.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(parts.status().message()),
                HasSubstr("connections/{connection}/enrollments/{enrollment}"));
    EXPECT_THAT(std::string(parts.status().message()), HasSubstr("enrollment.name"));
  }
}

TEST(ResourceNameTest, WhatACallerEncodedMoreOrLessIsReadTheSame) {
  for (const char* name :
       {"connections/acme/enrollments/Zo\xC3\xAB+1", "connections/acme/enrollments/Zo%c3%ab%2b1",
        "connections/acme/enrollments/%5A%6F%C3%AB+%31"}) {
    const auto parts = ParseName("name", Resource::kEnrollment, name);
    ASSERT_TRUE(parts.ok()) << name;
    EXPECT_THAT(parts->ids, ElementsAre("Zo\xC3\xAB+1"));
    EXPECT_EQ(parts->id(), "Zo\xC3\xAB+1");
  }
}

TEST(ResourceNameTest, TheWildcardStandsForTheConnectionWhereItIsAllowed) {
  const auto parts =
      ParseName("parent", Resource::kConnection, "connections/-", Wildcard::kAllowed);
  ASSERT_TRUE(parts.ok());
  EXPECT_TRUE(parts->any_connection());
  const auto one = ParseName("parent", Resource::kConnection, "connections/a", Wildcard::kAllowed);
  ASSERT_TRUE(one.ok());
  EXPECT_FALSE(one->any_connection());
  const auto nested =
      ParseName("parent", Resource::kCatalog, "connections/-/catalogs/1", Wildcard::kAllowed);
  ASSERT_TRUE(nested.ok());
  EXPECT_TRUE(nested->any_connection());
}

TEST(ResourceNameTest, TheErrorTellsOfTheWildcardOnlyWhereItIsAllowed) {
  const auto allowed = ParseName("parent", Resource::kConnection, "x", Wildcard::kAllowed);
  EXPECT_THAT(std::string(allowed.status().message()),
              HasSubstr("connections/{connection} or connections/-"));
  const auto refused = ParseName("parent", Resource::kConnection, "x");
  EXPECT_THAT(std::string(refused.status().message()), Not(HasSubstr("connections/-")));
}

TEST(ResourceNameTest, AConnectionIdIsALowerCaseWordOfAtMost63Characters) {
  for (const char* id : {"a", "lincoln", "tms-2", "a--", "z9"})
    EXPECT_TRUE(IsConnectionId(id)) << id;
  EXPECT_TRUE(IsConnectionId(std::string(63, 'a')));
  EXPECT_FALSE(IsConnectionId(std::string(64, 'a')));
  for (const char* id : {"", "-", "-a", "9a", "A", "a_b", "a.b", "a b", "a/b", "\xC3\xA9"}) {
    EXPECT_FALSE(IsConnectionId(id)) << id;
  }
}

}  // namespace
}  // namespace edugate::adapters
