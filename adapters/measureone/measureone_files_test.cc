#include "adapters/measureone/measureone_files.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::adapters {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<errors::FieldViolation> Check(const std::string& name, const std::string& type) {
  v1::TranscriptFileHeader header;
  header.set_file_name(name);
  header.set_media_type(type);
  return CheckFileHeader(header);
}

TEST(MeasureOneFilesTest, EveryDocumentedTypeIsTaken) {
  EXPECT_THAT(Check("a.pdf", "application/pdf"), IsEmpty());
  EXPECT_THAT(Check("a.json", "application/json"), IsEmpty());
  EXPECT_THAT(Check("a.doc", "application/msword"), IsEmpty());
  EXPECT_THAT(Check("a.JPG", "image/jpeg"), IsEmpty());
  EXPECT_THAT(Check("a.jpeg", "image/jpeg"), IsEmpty());
  EXPECT_THAT(Check("a.png", "image/png"), IsEmpty());
  EXPECT_THAT(Check("a.tif", "image/tiff"), IsEmpty());
  EXPECT_THAT(Check("a.tiff", "image/tiff"), IsEmpty());
  EXPECT_THAT(Check("a.html", "text/html"), IsEmpty());
  EXPECT_THAT(Check("Zeugnis – Müller.txt", "text/plain"), IsEmpty());
}

TEST(MeasureOneFilesTest, OtherTypesAndEndingsAreRefused) {
  EXPECT_THAT(Check("a.zip", "application/zip"), SizeIs(1));
  EXPECT_THAT(Check("a.exe", "application/pdf"), SizeIs(1));
  EXPECT_THAT(Check("", ""), SizeIs(2));
}

TEST(MeasureOneFilesTest, NamesAreNoPathsAndNoHeaders) {
  for (const char* name : {"../a.txt", "a\\b.txt", "a\r\nX: y.txt", "\xff.txt"}) {
    EXPECT_THAT(Check(name, "text/plain"), SizeIs(1)) << name;
  }
  EXPECT_THAT(Check(std::string(252, 'a') + ".txt", "text/plain"), SizeIs(1));
}

}  // namespace
}  // namespace edugate::adapters
