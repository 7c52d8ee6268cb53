#include "runtime/rest/request_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/errors/errors.h"
#include "runtime/rest/testdata/library.h"

namespace edugate::rest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LibraryOperation;

constexpr char kBase[] = "https://api.example.org/v3";

http::Request Built(const char* method, const google::protobuf::Message& request,
                    std::vector<http::Header> fixed = {}) {
  auto built = BuildRequest(LibraryOperation(method), {kBase, std::move(fixed)}, request);
  EXPECT_TRUE(built.ok()) << built.status();
  return built.ok() ? *std::move(built) : http::Request();
}

// What stands on the request line after the base.
std::string Target(const char* method, const google::protobuf::Message& request) {
  const std::string url = Built(method, request).url;
  EXPECT_EQ(url.substr(0, sizeof kBase - 1), kBase);
  return url.substr(sizeof kBase - 1);
}

std::vector<std::string> Lines(const http::Request& request) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : request.headers) lines.push_back(name + ": " + value);
  return lines;
}

TEST(RequestBuilderTest, AnIdCanAddNeitherASegmentNorAQuery) {
  const std::pair<const char*, const char*> cases[] = {
      {"1?as_user_id=2", "/books/1%3Fas_user_id%3D2"},
      {"../../admin", "/books/..%2F..%2Fadmin"},
      {"%2e%2e", "/books/%252e%252e"},
      {"a/b", "/books/a%2Fb"},
      {"\xF0\x9F\x98\x80", "/books/%F0%9F%98%80"},
      {"edX+DemoX:1", "/books/edX%2BDemoX%3A1"},
  };
  for (const auto& [id, target] : cases) {
    testing::GetBookRequest request;
    request.set_id(id);
    EXPECT_EQ(Target("GetBook", request), target);
  }
}

TEST(RequestBuilderTest, WhatIsUnsetStaysOutOfTheQuery) {
  EXPECT_EQ(Target("ListBooks", testing::ListBooksRequest()), "/books");
}

TEST(RequestBuilderTest, EveryScalarTypeGoesIntoTheQueryInTheOrderOfTheDeclaration) {
  testing::ListBooksRequest request;
  request.set_flag(false);
  request.set_small(-1);
  request.set_big(9007199254740993);
  request.set_natural(0);
  request.set_big_natural(18446744073709551615u);
  request.set_single(0.25);
  request.set_real(1e21);
  request.set_text("a b&c=d+e/f%g\xC3\xA9?#");
  request.set_blob(std::string("\0\xFF", 2));
  request.set_color(testing::COLOR_RED);
  request.set_without_presence("x");
  EXPECT_EQ(Target("ListBooks", request),
            "/books?flag=false&small=-1&big=9007199254740993&natural=0"
            "&bigNatural=18446744073709551615&single=0.25&real=1e%2B21"
            "&text=a%20b%26c%3Dd%2Be%2Ff%25g%C3%A9%3F%23&blob=%00%FF&color=COLOR_RED"
            "&withoutPresence=x");
}

TEST(RequestBuilderTest, AnEmptyTextWithPresenceIsSent) {
  testing::ListBooksRequest request;
  request.set_text("");
  EXPECT_EQ(Target("ListBooks", request), "/books?text=");
}

TEST(RequestBuilderTest, AListIsOnePairForEachElementOrOneJoinedValue) {
  testing::ListBooksRequest request;
  request.add_tags("new");
  request.add_tags("a,b");
  request.add_ids(3);
  request.add_ids(1);
  request.add_ids(2);
  request.add_colors(testing::COLOR_RED);
  request.add_colors(testing::COLOR_UNSPECIFIED);
  request.add_flags(true);
  request.add_reals(0.5);
  EXPECT_EQ(Target("ListBooks", request),
            "/books?tag%5B%5D=new&tag%5B%5D=a%2Cb&id__in=3%2C1%2C2&colors=COLOR_RED"
            "&colors=COLOR_UNSPECIFIED&flags=true&reals=0.5");
}

TEST(RequestBuilderTest, AnElementThatWouldBeReadAsTwoIsRefused) {
  testing::ListBooksRequest request;
  request.add_words("a b");
  request.add_words("c&d");
  EXPECT_EQ(Target("ListBooks", request), "/books?words=a%20b%2Cc%26d");
  request.add_words("e,f");
  const absl::Status status =
      BuildRequest(LibraryOperation("ListBooks"), {kBase, {}}, request).status();
  EXPECT_EQ(errors::ReasonOf(status), edugate::v1::ERROR_REASON_ARGUMENT_INVALID);
  EXPECT_EQ(std::string(status.message()), "words[2]: must not hold a comma");
}

TEST(RequestBuilderTest, AcceptTheEndpointsHeadersAndTheDeclaredOnesAreSent) {
  testing::ListBooksRequest request;
  request.set_api_version("2020011001");
  request.set_page(2);
  const http::Request built = Built("ListBooks", request, {{"X-Fixed", "yes"}});
  EXPECT_THAT(Lines(built), ElementsAre("Accept: application/xml, application/json", "X-Fixed: yes",
                                        "X-Version: 2020011001", "X-Page: 2"));
  EXPECT_FALSE(built.has_body);
  EXPECT_THAT(built.body, IsEmpty());
  EXPECT_THAT(Lines(Built("ListBooks", testing::ListBooksRequest())),
              ElementsAre("Accept: application/xml, application/json"));
}

TEST(RequestBuilderTest, AValueThatNoHeaderCanHoldIsRefusedByItsFieldAndNotRepeated) {
  for (const std::string& value : std::vector<std::string>{
           "a\r\nX-Injected: 1", "a\nb", std::string("a\0b", 3), "caf\xC3\xA9", "\x7F"}) {
    testing::ListBooksRequest request;
    request.set_api_version(value);
    const absl::Status status =
        BuildRequest(LibraryOperation("ListBooks"), {kBase, {}}, request).status();
    EXPECT_EQ(errors::ReasonOf(status), edugate::v1::ERROR_REASON_ARGUMENT_INVALID);
    EXPECT_EQ(std::string(status.message()), "api_version: must be visible ASCII characters");
  }
}

TEST(RequestBuilderTest, AValueThatNoPathCanHoldIsRefusedByItsField) {
  const absl::Status status =
      BuildRequest(LibraryOperation("GetBook"), {kBase, {}}, testing::GetBookRequest()).status();
  EXPECT_EQ(errors::ReasonOf(status), edugate::v1::ERROR_REASON_ARGUMENT_INVALID);
  EXPECT_THAT(std::string(status.message()), HasSubstr("id: "));
}

TEST(RequestBuilderTest, ABodyFieldIsWrittenAloneAndTheRestGoesIntoTheQuery) {
  testing::PutBookRequest request;
  request.set_id("7");
  request.mutable_book()->set_title("Zo\xC3\xAB");
  request.set_force(true);
  const http::Request built = Built("PutBook", request);
  EXPECT_EQ(built.method, "PUT");
  EXPECT_EQ(built.url, std::string(kBase) + "/books/7?force=true");
  EXPECT_TRUE(built.has_body);
  EXPECT_EQ(built.body, "{\"title\":\"Zo\xC3\xAB\"}");
  EXPECT_THAT(Lines(built),
              ElementsAre("Accept: application/json", "Content-Type: application/json"));
}

TEST(RequestBuilderTest, AnUnsetBodyFieldIsAnEmptyObject) {
  testing::PutBookRequest request;
  request.set_id("7");
  const http::Request built = Built("PutBook", request);
  EXPECT_TRUE(built.has_body);
  EXPECT_EQ(built.body, "{}");
}

TEST(RequestBuilderTest, AWholeRequestIsWrittenWithoutItsPathAndItsHeaders) {
  testing::SearchBooksRequest request;
  request.set_shelf("upper");
  request.set_words("moby");
  request.set_page_size(5);
  request.set_api_version("3");
  const http::Request built = Built("SearchBooks", request);
  EXPECT_EQ(built.method, "POST");
  EXPECT_EQ(built.url, std::string(kBase) + "/shelves/upper/search");
  EXPECT_EQ(built.body, R"({"words":"moby","page_size":5})");
  EXPECT_THAT(Lines(built), ElementsAre("Accept: application/json", "X-Version: 3",
                                        "Content-Type: application/json"));
}

TEST(RequestBuilderTest, AFormIsWrittenAsAForm) {
  testing::PutBookRequest request;
  request.set_id("7");
  request.set_force(true);
  const http::Request built = Built("RenameBook", request);
  EXPECT_EQ(built.method, "PATCH");
  EXPECT_EQ(built.body, "force=true");
  EXPECT_THAT(Lines(built), ElementsAre("Accept: application/json",
                                        "Content-Type: application/x-www-form-urlencoded"));
}

TEST(RequestBuilderTest, ARawBodyIsSentByteForByte) {
  testing::UploadScanRequest request;
  request.set_id("7");
  request.mutable_scan()->set_content_type("image/png");
  request.mutable_scan()->set_data(std::string("\x89PNG\0\xFF", 6));
  const http::Request built = Built("UploadScan", request);
  EXPECT_TRUE(built.has_body);
  EXPECT_EQ(built.body, std::string("\x89PNG\0\xFF", 6));
  EXPECT_THAT(Lines(built), ElementsAre("Accept: application/json", "Content-Type: image/png"));
}

TEST(RequestBuilderTest, ARawBodyWithoutATypeHasNoContentType) {
  testing::UploadScanRequest request;
  request.set_id("7");
  EXPECT_THAT(Lines(Built("UploadScan", request)), ElementsAre("Accept: application/json"));
}

TEST(RequestBuilderTest, OnlyWhatMayBeDoneTwiceMayBeReplayedByTheTransport) {
  testing::PutBookRequest request;
  request.set_id("7");
  EXPECT_TRUE(Built("PutBook", request).replayable);
  EXPECT_FALSE(Built("LendBook", request).replayable);
  testing::SearchBooksRequest search;
  search.set_shelf("s");
  EXPECT_TRUE(Built("SearchBooks", search).replayable);
}

TEST(RequestBuilderTest, ADeclaredReplySizeBoundsTheReply) {
  testing::GetFileRequest request;
  request.set_path("a.zip");
  EXPECT_EQ(Built("GetFile", request).max_response_bytes, 16000000);
}

}  // namespace
}  // namespace edugate::rest
