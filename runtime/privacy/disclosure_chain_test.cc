#include "runtime/privacy/disclosure_chain.h"

#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/privacy/disclosure_entry.h"

namespace edugate::privacy {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string& Key() {
  static const std::string key(32, 'k');
  return key;
}

std::vector<std::string> Lines(const Chain& chain, int count) {
  ChainEnd end;
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i) {
    lines.push_back(
        chain.Line(i == 0 ? std::string(kFileBeginning) : absl::StrCat("\"n\":", i), end));
  }
  return lines;
}

std::string Save(const std::string& name, const std::vector<std::string>& lines) {
  const std::string path = ::testing::TempDir() + name;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  for (const std::string& line : lines) file << line << '\n';
  return path;
}

TEST(ChainLineTest, IsTakenApart) {
  const Chain chain(Key());
  ChainEnd end;
  const std::string line = chain.Line("\"a\":\"b\"", end);
  EXPECT_THAT(line, StartsWith("{\"seq\":1,\"a\":\"b\",\"prev\":\"0000"));
  const auto parts = ParseChainLine(line);
  ASSERT_TRUE(parts.ok());
  EXPECT_EQ(parts->seq, 1);
  EXPECT_EQ(std::string(parts->prev), std::string(64, '0'));
  EXPECT_EQ(std::string(parts->hash), end.hash);
  EXPECT_EQ(chain.HashOf(parts->hashed), end.hash);
}

TEST(ChainLineTest, WhatIsNoLineIsRefused) {
  const std::string hash(64, 'a');
  const std::string right =
      absl::StrCat("{\"seq\":1,\"a\":1,\"prev\":\"", hash, "\",\"hash\":\"", hash, "\"}");
  ASSERT_TRUE(ParseChainLine(right).ok());
  for (const std::string& line :
       {std::string(), std::string("{}"), right.substr(1), right.substr(0, right.size() - 1),
        right + " ", " " + right, absl::StrCat("{\"seq\":01", right.substr(8)),
        absl::StrCat("{\"seq\":-1", right.substr(8)), absl::StrCat("{\"seq\":", right.substr(8)),
        absl::StrCat("{\"seq\":1234567890123456789", right.substr(8)),
        absl::StrCat("{\"seq\":1,\"prev\":\"", hash, "\",\"hash\":\"", std::string(64, 'A'), "\"}"),
        absl::StrCat("{\"seq\":1,\"prev\":\"", hash, "\",\"hash\":\"", std::string(63, 'a'), "\"}"),
        absl::StrCat("{\"seq\":1,\"hash\":\"", hash, "\",\"prev\":\"", hash, "\"}")}) {
    EXPECT_FALSE(ParseChainLine(line).ok()) << line;
  }
}

TEST(ChainLineTest, OnlyItsBeginningMayBeUnfinished) {
  ChainEnd end;
  const std::string line = Chain(Key()).Line("\"a\":1", end);
  for (std::size_t size = 0; size < line.size(); ++size) {
    EXPECT_TRUE(MayBeUnfinishedLine(line.substr(0, size))) << size;
    EXPECT_TRUE(MayBeUnfinishedLine(line.substr(0, size) + std::string(9, '\0'))) << size;
  }
  for (const char* text : {"x", "{}", "{\"a\":1}", "{\"sequel\":1", " {\"seq\":1", "seq=1"}) {
    EXPECT_FALSE(MayBeUnfinishedLine(text)) << text;
  }
}

TEST(ChainTest, ASha256IsThatOfTheBytes) {
  EXPECT_EQ(Chain("").HashOf("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(ChainTest, AnHmacIsThatOfTheStandard) {
  // RFC 4231, test case 2.
  EXPECT_EQ(Chain("Jefe").HashOf("what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(CheckChainTest, AWholeChainIsWhole) {
  const Chain chain(Key());
  const std::vector<std::string> lines = Lines(chain, 5);
  const std::string first = Save("whole.1", {lines[0], lines[1], lines[2]});
  const std::string second = Save("whole", {lines[3], lines[4]});
  const ChainCheck check = CheckChain({first, second}, chain);
  EXPECT_TRUE(check.whole) << check.fault;
  EXPECT_EQ(check.lines, 5);
  EXPECT_EQ(check.files, 2);
  EXPECT_EQ(check.first_seq, 1);
  EXPECT_EQ(check.end.seq, 5);
  EXPECT_THAT(lines[4], HasSubstr(absl::StrCat("\"hash\":\"", check.end.hash)));
}

struct Damage {
  const char* name;
  std::function<void(std::vector<std::string>&)> done;
  const char* place;
  const char* what;
};

class DamagedChainTest : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedChainTest, ShowsWhereItIsBroken) {
  for (const std::string& key : {Key(), std::string()}) {
    const Chain chain(key);
    std::vector<std::string> lines = Lines(chain, 5);
    GetParam().done(lines);
    const std::string path = Save(absl::StrCat("damaged_", GetParam().name), lines);
    const ChainCheck check = CheckChain({path}, chain);
    EXPECT_FALSE(check.whole);
    EXPECT_THAT(check.fault, StartsWith(absl::StrCat(path, ":", GetParam().place, ": ")));
    EXPECT_THAT(check.fault, HasSubstr(GetParam().what));
  }
}

INSTANTIATE_TEST_SUITE_P(
    , DamagedChainTest,
    ::testing::Values(
        Damage{"changed", [](auto& lines) { lines[2][12] = '9'; }, "3", "changed"},
        Damage{"changed_first", [](auto& lines) { lines[0][9] = 'x'; }, "1", "changed"},
        Damage{"removed", [](auto& lines) { lines.erase(lines.begin() + 2); }, "3", "missing"},
        Damage{"removed_first", [](auto& lines) { lines.erase(lines.begin()); }, "1", "missing"},
        Damage{"inserted", [](auto& lines) { lines.insert(lines.begin() + 2, lines[1]); }, "3",
               "put in or moved"},
        Damage{"reordered", [](auto& lines) { std::swap(lines[2], lines[3]); }, "3", "missing"},
        Damage{"cut_within", [](auto& lines) { lines[2].resize(40); }, "3", "not a line"},
        Damage{"emptied", [](auto& lines) { lines[2].clear(); }, "3", "not a line"},
        Damage{"of_another_chain",
               [](auto& lines) {
                 // Right by itself, but not after the line before it.
                 const Chain chain{std::string()};
                 ChainEnd end{.seq = 2, .hash = std::string(64, 'e')};
                 lines[2] = chain.Line("\"n\":2", end);
               },
               "3", ""}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(CheckChainTest, LinesOfAnotherKeyDontVerify) {
  const std::string path = Save("other_key", Lines(Chain(Key()), 2));
  EXPECT_FALSE(CheckChain({path}, Chain(std::string(32, 'x'))).whole);
  EXPECT_FALSE(CheckChain({path}, Chain("")).whole);
}

TEST(CheckChainTest, AnEndThatWasCutOffShowsInTheLastHashAlone) {
  const Chain chain(Key());
  std::vector<std::string> lines = Lines(chain, 5);
  const ChainCheck before = CheckChain({Save("end", lines)}, chain);
  lines.pop_back();
  const ChainCheck after = CheckChain({Save("end", lines)}, chain);
  EXPECT_TRUE(after.whole);
  EXPECT_NE(after.end.hash, before.end.hash);
  EXPECT_EQ(after.end.seq, before.end.seq - 1);
}

TEST(CheckChainTest, AFileThatEndsWithinALineIsBroken) {
  const Chain chain(Key());
  const std::string path = Save("torn", Lines(chain, 2));
  std::ofstream(path, std::ios::app) << "{\"seq\":3,";
  const ChainCheck check = CheckChain({path}, chain);
  EXPECT_FALSE(check.whole);
  EXPECT_THAT(check.fault, HasSubstr("ends within a line"));
  EXPECT_EQ(check.lines, 2);
}

TEST(CheckChainTest, OlderFilesMayBeElsewhereWholeFilesOnly) {
  const Chain chain(Key());
  ChainEnd end;
  const std::string old = chain.Line("\"n\":1", end);
  const std::string begins = chain.Line(kFileBeginning, end);
  const std::string next = chain.Line("\"n\":3", end);
  const ChainCheck check = CheckChain({Save("later", {begins, next})}, chain);
  EXPECT_TRUE(check.whole) << check.fault;
  EXPECT_EQ(check.first_seq, 2);
  EXPECT_FALSE(CheckChain({Save("later", {next})}, chain).whole);
}

TEST(CheckChainTest, AFileThatIsNotThereIsAFault) {
  EXPECT_FALSE(CheckChain({::testing::TempDir() + "no_such_file"}, Chain("")).whole);
}

TEST(DisclosureFilesTest, AreInTheOrderOfTheirNumbers) {
  const std::string path = Save("files.log", {});
  for (const char* ending : {".10", ".9", ".1", ".lock", ".01", ".x"}) {
    Save(std::string("files.log") + ending, {});
  }
  const auto files = DisclosureFiles(path);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_THAT(*files, ElementsAre(path + ".1", path + ".9", path + ".10", path));
}

TEST(DisclosureFilesTest, WithoutAFolderThereAreNone) {
  const auto files = DisclosureFiles(::testing::TempDir() + "no_such_folder/files.log");
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_TRUE(files->empty());
}

TEST(DisclosureEntryTest, RecordsWithTheSameFieldsAreNamedTogether) {
  DisclosureEntry entry;
  entry.kind = "read";
  entry.caller = "jwt:app";
  entry.grants = {"advisors"};
  entry.method = "EnrollmentService.ListEnrollments";
  entry.connection = "lincoln";
  entry.purpose = "audit \"7\"";
  entry.outcome = "OK";
  entry.message = "edugate.v1.ListEnrollmentsResponse";
  entry.records = {{.name = "a", .learner = "1", .fields = {"status"}},
                   {.name = "b", .learner = "2", .fields = {"status"}},
                   {.name = "c", .fields = {}, .redacted = {"learner"}}};
  EXPECT_EQ(MembersOf(entry),
            R"("kind":"read","caller":"jwt:app","grants":["advisors"],)"
            R"("method":"EnrollmentService.ListEnrollments","connection":"lincoln",)"
            R"("purpose":"audit \"7\"","outcome":"OK",)"
            R"("message":"edugate.v1.ListEnrollmentsResponse","disclosed":[)"
            R"({"records":[{"name":"a","learner":"1"},{"name":"b","learner":"2"}],)"
            R"("fields":["status"]},)"
            R"({"records":[{"name":"c"}],"fields":[],"redacted":["learner"]}])");
}

}  // namespace
}  // namespace edugate::privacy
