#include "runtime/rest/path_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "runtime/errors/errors.h"
#include "runtime/rest/testdata/rest_test.pb.h"

namespace edugate::rest {
namespace {

using ::testing::ElementsAre;
using testing::GetBookRequest;
using testing::GetFileRequest;
using testing::GetPageRequest;
using ::testing::HasSubstr;
using testing::ListBooksRequest;
using ::testing::SizeIs;

std::string Encoded(absl::string_view text) {
  std::string out;
  AppendPercentEncoded(text, out);
  return out;
}

PathTemplate Parsed(absl::string_view path, const google::protobuf::Descriptor* request) {
  auto parsed = PathTemplate::Parse(path, request);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() ? *std::move(parsed) : PathTemplate();
}

std::string ExpandedBook(const std::string& id) {
  GetBookRequest request;
  request.set_id(id);
  auto path = Parsed("/books/{id}", GetBookRequest::descriptor()).Expand(request);
  EXPECT_TRUE(path.ok()) << path.status();
  return path.value_or("");
}

TEST(PercentEncodingTest, EveryByteButTheUnreservedOnesIsEncoded) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    char hex[4];
    snprintf(hex, sizeof hex, "%%%02X", byte);
    EXPECT_EQ(Encoded(absl::string_view(&c, 1)), unreserved ? std::string(1, c) : hex) << byte;
  }
}

TEST(PathTemplateTest, AValueIsOneSegmentWhateverItHolds) {
  const std::pair<std::string, std::string> cases[] = {
      {"59", "/books/59"},
      {"course-v1:edX+DemoX+2T", "/books/course-v1%3AedX%2BDemoX%2B2T"},
      {"a/b", "/books/a%2Fb"},
      {"100%", "/books/100%25"},
      {"a b\tc", "/books/a%20b%09c"},
      {std::string("a\0b", 3), "/books/a%00b"},
      {"Zo\xC3\xAB", "/books/Zo%C3%AB"},
      {"\xF0\x9F\x98\x80", "/books/%F0%9F%98%80"},
      {"\xE6\x97\xA5\xE6\x9C\xAC", "/books/%E6%97%A5%E6%9C%AC"},
      {"\xFF\xFE", "/books/%FF%FE"},
      {"1?as_user_id=2", "/books/1%3Fas_user_id%3D2"},
      {"1#fragment", "/books/1%23fragment"},
      {"1&x=2;y", "/books/1%26x%3D2%3By"},
      {"../../admin", "/books/..%2F..%2Fadmin"},
      {"..\\admin", "/books/..%5Cadmin"},
      {"%2e%2e", "/books/%252e%252e"},
      {"%2F", "/books/%252F"},
      {"...", "/books/..."},
      {".hidden", "/books/.hidden"},
      {"\r\nX-Injected: 1", "/books/%0D%0AX-Injected%3A%201"},
      {"@host", "/books/%40host"},
      {"a-b_c~d.e", "/books/a-b_c~d.e"},
  };
  for (const auto& [id, path] : cases) EXPECT_EQ(ExpandedBook(id), path);
}

TEST(PathTemplateTest, AValueThatIsEmptyOrADotSegmentIsRefusedByItsName) {
  const PathTemplate path = Parsed("/books/{id}", GetBookRequest::descriptor());
  for (const char* id : {"", ".", ".."}) {
    GetBookRequest request;
    request.set_id(id);
    const absl::Status status = path.Expand(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << id;
    EXPECT_EQ(errors::ReasonOf(status), edugate::v1::ERROR_REASON_ARGUMENT_INVALID) << id;
    EXPECT_THAT(std::string(status.message()), HasSubstr("id: "));
  }
}

TEST(PathTemplateTest, SeveralVariablesAndOnesInMessagesAreFilledIn) {
  const PathTemplate path =
      Parsed("/shelves/{shelf.name}/books/{id=*}:page/{number}", GetPageRequest::descriptor());
  EXPECT_EQ(path.text(), "/shelves/{shelf.name}/books/{id=*}:page/{number}");
  ASSERT_THAT(path.fields(), SizeIs(3));
  EXPECT_EQ(path.fields()[0]->name(), "shelf");
  EXPECT_EQ(path.fields()[1]->name(), "id");
  EXPECT_EQ(path.fields()[2]->name(), "number");

  GetPageRequest request;
  request.mutable_shelf()->set_name("up/per");
  request.set_id("a:b");
  request.set_number(-3);
  EXPECT_EQ(path.Expand(request).value(), "/shelves/up%2Fper/books/a%3Ab:page/-3");

  request.clear_shelf();
  EXPECT_THAT(std::string(path.Expand(request).status().message()), HasSubstr("shelf.name: "));
}

TEST(PathTemplateTest, TwoStarsKeepTheSlashesOfAValue) {
  const PathTemplate path = Parsed("/files/{path=**}/content", GetFileRequest::descriptor());
  GetFileRequest request;
  request.set_path("2026/report card.pdf");
  EXPECT_EQ(path.Expand(request).value(), "/files/2026/report%20card.pdf/content");
  for (const char* climbing : {"..", "a/../b", "a/.", "../../admin", "a/.."}) {
    request.set_path(climbing);
    EXPECT_FALSE(path.Expand(request).ok()) << climbing;
  }
}

TEST(PathTemplateTest, APathWithoutVariablesIsItself) {
  EXPECT_EQ(Parsed("/api/v3/books/", GetBookRequest::descriptor()).Expand(GetBookRequest()).value(),
            "/api/v3/books/");
  EXPECT_EQ(Parsed("/", GetBookRequest::descriptor()).Expand(GetBookRequest()).value(), "/");
}

TEST(PathTemplateTest, AMistakeInThePathIsNamed) {
  const struct {
    const char* path;
    const google::protobuf::Descriptor* request;
    const char* why;
  } cases[] = {
      {"", GetBookRequest::descriptor(), "does not start with '/'"},
      {"books/{id}", GetBookRequest::descriptor(), "does not start with '/'"},
      {"/books/{id", GetBookRequest::descriptor(), "unclosed brace"},
      {"/books/id}", GetBookRequest::descriptor(), "closes no brace"},
      {"/books/{id}}", GetBookRequest::descriptor(), "closes no brace"},
      {"/books/{i{d}}", GetBookRequest::descriptor(), "'i{d'"},
      {"/books/{}", GetBookRequest::descriptor(), "''"},
      {"/books/{name}", GetBookRequest::descriptor(), "'name'"},
      {"/books/{id.}", GetBookRequest::descriptor(), "'id.'"},
      {"/books/{id.name}", GetBookRequest::descriptor(), "'id.name'"},
      {"/books/{id=books/*}", GetBookRequest::descriptor(), "takes * or **, not books/*"},
      {"/books/{id=}", GetBookRequest::descriptor(), "takes * or **"},
      {"/books/{shelf}", GetPageRequest::descriptor(), "'shelf' is a message"},
      {"/books/{shelf.color}", GetPageRequest::descriptor(), "'shelf.color'"},
      {"/books/{tags}", ListBooksRequest::descriptor(), "'tags' is no singular field"},
      {"/books?x=1", GetBookRequest::descriptor(), "'?'"},
      {"/books/{id}#top", GetBookRequest::descriptor(), "'#'"},
      {"/my books", GetBookRequest::descriptor(), "' '"},
  };
  for (const auto& each : cases) {
    const absl::Status status = PathTemplate::Parse(each.path, each.request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << each.path;
    EXPECT_THAT(std::string(status.message()), HasSubstr(each.why));
  }
}

// The text of one field of a request.
std::string TextOf(const ListBooksRequest& request, const std::string& field, int index = -1) {
  return ScalarText(request, *ListBooksRequest::descriptor()->FindFieldByName(field), index);
}

TEST(ScalarTextTest, EveryTypeHasItsText) {
  ListBooksRequest request;
  request.set_flag(true);
  request.set_small(std::numeric_limits<int32_t>::min());
  request.set_big(std::numeric_limits<int64_t>::min());
  request.set_natural(std::numeric_limits<uint32_t>::max());
  request.set_big_natural(std::numeric_limits<uint64_t>::max());
  request.set_text("Zo\xC3\xAB");
  request.set_blob(std::string("\0\xFF", 2));
  request.set_color(testing::COLOR_RED);
  request.add_tags("a");
  request.add_tags("b");
  request.add_ids(9007199254740993);
  request.add_colors(testing::COLOR_RED);
  request.add_flags(false);
  request.add_reals(0.5);
  EXPECT_EQ(TextOf(request, "flag"), "true");
  EXPECT_EQ(TextOf(request, "small"), "-2147483648");
  EXPECT_EQ(TextOf(request, "big"), "-9223372036854775808");
  EXPECT_EQ(TextOf(request, "natural"), "4294967295");
  EXPECT_EQ(TextOf(request, "big_natural"), "18446744073709551615");
  EXPECT_EQ(TextOf(request, "text"), "Zo\xC3\xAB");
  EXPECT_EQ(TextOf(request, "blob"), std::string("\0\xFF", 2));
  EXPECT_EQ(TextOf(request, "color"), "COLOR_RED");
  EXPECT_EQ(TextOf(request, "tags", 1), "b");
  EXPECT_EQ(TextOf(request, "ids", 0), "9007199254740993");
  EXPECT_EQ(TextOf(request, "colors", 0), "COLOR_RED");
  EXPECT_EQ(TextOf(request, "flags", 0), "false");
  EXPECT_EQ(TextOf(request, "reals", 0), "0.5");
}

TEST(ScalarTextTest, ARealNumberIsItsShortestText) {
  const std::pair<double, const char*> cases[] = {
      {0.1, "0.1"},
      {3, "3"},
      {-0.5, "-0.5"},
      {1e21, "1e+21"},
      {1.0 / 3, "0.3333333333333333"},
      {0, "0"},
      {123456789.25, "123456789.25"},
  };
  for (const auto& [value, text] : cases) {
    ListBooksRequest request;
    request.set_real(value);
    EXPECT_EQ(TextOf(request, "real"), text);
    EXPECT_EQ(strtod(TextOf(request, "real").c_str(), nullptr), value);
  }
  ListBooksRequest request;
  request.set_single(0.1f);
  EXPECT_EQ(TextOf(request, "single"), "0.1");
  request.set_single(16777216.0f);
  EXPECT_EQ(TextOf(request, "single"), "16777216");
}

TEST(ScalarTextTest, AnEnumValueWithoutANameIsItsNumber) {
  ListBooksRequest request;
  request.set_color(static_cast<testing::Color>(77));
  request.add_colors(static_cast<testing::Color>(78));
  EXPECT_EQ(TextOf(request, "color"), "77");
  EXPECT_EQ(TextOf(request, "colors", 0), "78");
}

}  // namespace
}  // namespace edugate::rest
