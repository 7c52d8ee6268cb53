#include "runtime/rest/operation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "google/api/annotations.pb.h"
#include "google/api/httpbody.pb.h"
#include "google/protobuf/compiler/parser.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "runtime/rest/testdata/library.h"

namespace edugate::rest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LibraryOperation;
using ::testing::StartsWith;

std::vector<std::string> Names(
    const std::vector<const google::protobuf::FieldDescriptor*>& fields) {
  std::vector<std::string> names;
  for (const auto* field : fields) names.push_back(field->name());
  return names;
}

TEST(OperationTest, AMethodIsKnownByItsServiceAndItsName) {
  const Operation& op = LibraryOperation("GetBook");
  EXPECT_EQ(op.name(), "Library.GetBook");
  EXPECT_EQ(op.method_name(), "GetBook");
  EXPECT_EQ(op.descriptor().full_name(), "edugate.rest.testing.Library.GetBook");
}

TEST(OperationTest, EveryVerbOfTheRuleIsRead) {
  const std::pair<const char*, const char*> cases[] = {
      {"GetBook", "GET"},       {"PutBook", "PUT"},      {"LendBook", "POST"},
      {"DeleteBook", "DELETE"}, {"RenameBook", "PATCH"}, {"PurgeBooks", "PURGE"},
  };
  for (const auto& [method, verb] : cases) EXPECT_EQ(LibraryOperation(method).verb(), verb);
}

TEST(OperationTest, TheEffectAndNotTheVerbDecidesWhetherItMayBeRepeated) {
  EXPECT_TRUE(LibraryOperation("GetBook").repeatable());
  EXPECT_TRUE(LibraryOperation("SearchBooks").repeatable());
  EXPECT_TRUE(LibraryOperation("PutBook").repeatable());
  EXPECT_TRUE(LibraryOperation("DeleteBook").repeatable());
  EXPECT_FALSE(LibraryOperation("LendBook").repeatable());
  EXPECT_FALSE(LibraryOperation("PurgeBooks").repeatable());
}

TEST(OperationTest, WhatIsNeitherInThePathNorAHeaderNorTheBodyIsInTheQuery) {
  EXPECT_THAT(Names(LibraryOperation("GetBook").query_fields()), IsEmpty());
  EXPECT_THAT(Names(LibraryOperation("PutBook").query_fields()), ElementsAre("force"));
  EXPECT_THAT(Names(LibraryOperation("ListBooks").query_fields()),
              ElementsAre("flag", "small", "big", "natural", "big_natural", "single", "real",
                          "text", "blob", "color", "without_presence", "tags", "ids", "colors",
                          "flags", "reals", "words"));
}

TEST(OperationTest, AWholeRequestAsTheBodyLeavesNothingForTheQuery) {
  const Operation& op = LibraryOperation("SearchBooks");
  EXPECT_TRUE(op.whole_request_is_body());
  EXPECT_EQ(op.body_field(), nullptr);
  EXPECT_THAT(op.query_fields(), IsEmpty());
  EXPECT_THAT(Names(op.path().fields()), ElementsAre("shelf"));
}

TEST(OperationTest, HeadersAreSentUnderTheirDeclaredName) {
  const auto& headers = LibraryOperation("ListBooks").header_fields();
  ASSERT_EQ(headers.size(), 2u);
  EXPECT_EQ(headers[0].header, "X-Version");
  EXPECT_EQ(headers[0].field->name(), "api_version");
  EXPECT_EQ(headers[1].header, "X-Page");
}

TEST(OperationTest, JsonIsAskedForUnlessTheDeclarationSaysOtherwise) {
  EXPECT_EQ(LibraryOperation("GetBook").accept(), "application/json");
  EXPECT_EQ(LibraryOperation("ListBooks").accept(), "application/xml, application/json");
}

TEST(ApiTest, EveryMethodIsFoundByItsName) {
  auto api = Api::Compile({testing::Book::descriptor()->file()->FindServiceByName("Library")});
  ASSERT_TRUE(api.ok()) << api.status();
  EXPECT_EQ(api->operations().size(), 12u);
  ASSERT_NE(api->Find("GetFile"), nullptr);
  EXPECT_EQ(api->Find("GetFile")->path().text(), "/files/{path=**}/content");
  EXPECT_EQ(api->Find("Getfile"), nullptr);
  EXPECT_EQ(api->Find(""), nullptr);
}

// Says what is wrong with a text in the language of .proto files.
class FirstMistake : public google::protobuf::DescriptorPool::ErrorCollector,
                     public google::protobuf::io::ErrorCollector {
 public:
  void AddError(const std::string&, const std::string& element, const google::protobuf::Message*,
                ErrorLocation, const std::string& message) override {
    ADD_FAILURE() << element << ": " << message;
  }
  void AddError(int line, int, const std::string& message) override {
    ADD_FAILURE() << "line " << line << ": " << message;
  }
};

// Compiles the methods of a service `S` that is declared as text.
class Declaration {
 public:
  Declaration(const std::string& messages, const std::string& methods)
      : pool_(google::protobuf::DescriptorPool::generated_pool()) {
    // The pool finds only what the program holds.
    google::api::HttpBody::descriptor();
    const std::string text = absl::StrCat(R"(syntax = "proto3"; package test;
                        import "google/api/annotations.proto";
                        import "google/api/httpbody.proto";
                        import "edugate/rest/v1/options.proto";
                        message Reply { string text = 1; } )",
                                          messages, " service S { ", methods, " }");
    FirstMistake mistakes;
    google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
    google::protobuf::io::Tokenizer tokenizer(&stream, &mistakes);
    google::protobuf::compiler::Parser parser;
    parser.RecordErrorsTo(&mistakes);
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(parser.Parse(&tokenizer, &file));
    file.set_name("test.proto");
    const auto* built = pool_.BuildFileCollectingErrors(file, &mistakes);
    if (built != nullptr) service_ = built->FindServiceByName("S");
  }

  absl::Status Compile() const {
    EXPECT_NE(service_, nullptr);
    if (service_ == nullptr) return absl::UnknownError("no service");
    return Api::Compile({service_}).status();
  }

 private:
  google::protobuf::DescriptorPool pool_;
  const google::protobuf::ServiceDescriptor* service_ = nullptr;
};

// A method with a google.api.http rule and the operation option's contents.
std::string Method(const std::string& request, const std::string& response, const std::string& rule,
                   const std::string& operation) {
  return absl::StrCat("rpc M(", request, ") returns (", response,
                      ") { option (google.api.http) = {", rule,
                      "}; option (edugate.rest.v1.operation) = {", operation, "}; }");
}

TEST(OperationTest, ADeclarationThatIsRightCompiles) {
  const Declaration right(
      "message Q { string id = 1; Reply reply = 2; int32 page = 3; }",
      Method("Q", "Reply", R"(post: "/things/{id}" body: "reply")", "effect: EFFECT_WRITE"));
  EXPECT_TRUE(right.Compile().ok()) << right.Compile();
}

TEST(OperationTest, EveryMistakeInADeclarationIsNamedWithItsMethod) {
  const std::string read = "effect: EFFECT_READ";
  const std::string write = "effect: EFFECT_WRITE";
  const struct {
    std::string messages;
    std::string method;
    const char* why;
  } cases[] = {
      {"message Q {}", "rpc M(Q) returns (Reply);", "has no google.api.http option"},
      {"message Q {}", R"(rpc M(Q) returns (Reply) { option (google.api.http) = {get: "/"}; })",
       "has no operation option"},
      {"message Q {}", Method("Q", "Reply", R"(get: "/")", ""), "declares no effect"},
      {"message Q {}", Method("Q", "Reply", R"(get: "/")", "effect: EFFECT_UNSPECIFIED"),
       "declares no effect"},
      {"message Q {}", Method("Q", "Reply", "", read), "has no verb and path"},
      {"message Q {}", Method("Q", "Reply", R"(custom: {path: "/x"})", read),
       "has no verb and path"},
      {"message Q {}", Method("Q", "Reply", R"(get: "things")", read), "does not start with '/'"},
      {"message Q {}", Method("Q", "Reply", R"(get: "/{id}")", read), "path variable 'id'"},
      {"message Q { repeated string id = 1; }", Method("Q", "Reply", R"(get: "/{id}")", read),
       "is no singular field"},
      {"message Q { Reply id = 1; }", Method("Q", "Reply", R"(get: "/{id}")", read),
       "is a message"},
      {"message Q {}", Method("Q", "Reply", R"(post: "/" body: "thing")", write),
       "has no body field thing"},
      {"message Q { string thing = 1; }", Method("Q", "Reply", R"(post: "/" body: "thing")", write),
       "body field thing is no message"},
      {"message Q { repeated Reply thing = 1; }",
       Method("Q", "Reply", R"(post: "/" body: "thing")", write), "body field thing is no message"},
      {"message Q { Reply thing = 1; }",
       Method("Q", "Reply", R"(post: "/" body: "thing")",
              write + " body_encoding: BODY_ENCODING_RAW"),
       "sends a raw body that is no google.api.HttpBody"},
      {"message Q {}",
       Method("Q", "Reply", R"(post: "/" body: "*")", write + " body_encoding: BODY_ENCODING_RAW"),
       "sends a raw body that is no google.api.HttpBody"},
      {"message Q {}",
       Method("Q", "Reply", R"(get: "/")", read + " body_encoding: BODY_ENCODING_RAW"),
       "sends a raw body that is no google.api.HttpBody"},
      {"message Q {}", Method("Q", "Reply", R"(get: "/")", read + " raw_response: true"),
       "takes a raw reply that is no google.api.HttpBody"},
      {"message Q {}", Method("Q", "Reply", R"(get: "/")", read + R"( response_field: "things")"),
       "has no response field things"},
      {"message Q { Reply thing = 1; }", Method("Q", "Reply", R"(get: "/")", read),
       "field thing is a message and can't go into the query"},
      {"message Q { map<string, string> labels = 1; }", Method("Q", "Reply", R"(get: "/")", read),
       "field labels is a message and can't go into the query"},
      {"message Q { Reply a = 1; Reply b = 2; }",
       Method("Q", "Reply", R"(post: "/" body: "a")", write),
       "field b is a message and can't go into the query"},
      {R"(message Q { repeated string v = 1 [(edugate.rest.v1.field).header = "X"]; })",
       Method("Q", "Reply", R"(get: "/")", read), "field v is no scalar and can't be a header"},
      {R"(message Q { Reply v = 1 [(edugate.rest.v1.field).header = "X"]; })",
       Method("Q", "Reply", R"(get: "/")", read), "field v is no scalar and can't be a header"},
      {"message A { string id = 1; string other = 2; } message Q { A a = 1; }",
       Method("Q", "Reply", R"(get: "/{a.id}")", read), "field a.other stands beside"},
      {"message B { string id = 1; } message A { B b = 1; B c = 2; } message Q { A a = 1; }",
       Method("Q", "Reply", R"(get: "/{a.b.id}")", read), "field a.c stands beside"},
  };
  for (const auto& each : cases) {
    const absl::Status status = Declaration(each.messages, each.method).Compile();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << each.method;
    EXPECT_THAT(std::string(status.message()), StartsWith("S.M: ")) << each.method;
    EXPECT_THAT(std::string(status.message()), HasSubstr(each.why)) << each.method;
  }
}

TEST(ApiTest, TheFirstMistakeOfAServiceIsTheResult) {
  const std::string wrong = Method("Q", "Reply", R"(get: "/{id}")", "effect: EFFECT_READ");
  const Declaration service("message Q {}",
                            R"(rpc Right(Q) returns (Reply) { option (google.api.http) = {get: "/"};
                               option (edugate.rest.v1.operation) = {effect: EFFECT_READ}; } )" +
                                wrong);
  EXPECT_THAT(std::string(service.Compile().message()), StartsWith("S.M: "));
}

}  // namespace
}  // namespace edugate::rest
