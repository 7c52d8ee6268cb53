#include "adapters/native_method.h"

#include <optional>
#include <set>

#include "adapters/declared_api.h"
#include "adapters/testing/adapter_fixture.h"
#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "edugate/provider/measureone/v3/measureone.pb.h"
#include "edugate/provider/openapply/v3/openapply.pb.h"
#include "gmock/gmock.h"
#include "google/api/httpbody.pb.h"
#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"
#include "runtime/http/fake_http_client.h"
#include "runtime/rest/client.h"

namespace edugate::adapters {
namespace {

namespace m1 = provider::measureone::v2;
namespace m1v3 = provider::measureone::v3;
namespace oa = provider::openapply::v3;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Finds no error.
class NoErrors final : public rest::ErrorClassifier {
 public:
  std::optional<errors::ProviderFailure> Classify(const rest::Operation&,
                                                  const http::Response&) const override {
    return std::nullopt;
  }
};

class NativeMethodTest : public ::testing::Test {
 protected:
  std::vector<NativeMethod> Methods(const char* service,
                                    const google::protobuf::FileDescriptor* file) {
    apis_.push_back(CompileDeclaration({service}, file));
    return NativeMethodsOf(*apis_.back(), client_);
  }

  std::vector<NativeMethod> MeasureOne() {
    return Methods("edugate.provider.measureone.v2.MeasureOneV2",
                   m1::GetTranscriptRequest::descriptor()->file());
  }

  static std::set<std::string> CarryingCredentials(const std::vector<NativeMethod>& methods) {
    std::set<std::string> names;
    for (const NativeMethod& each : methods) {
      if (each.carries_credentials) names.insert(*each.name);
    }
    return names;
  }

  absl::Status Call(const std::vector<NativeMethod>& methods, const std::string& name,
                    const google::protobuf::Message& request, google::protobuf::Message& response) {
    for (const NativeMethod& each : methods) {
      if (each.descriptor->name() != name) continue;
      async::CallContext call(loop_, async::kNever);
      return loop_.RunToCompletion(each.call(call, request, response));
    }
    return absl::NotFoundError(name);
  }

  async::TestLoop loop_;
  http::FakeHttpClient http_;
  testing::NoAuthorizer authorizer_;
  NoErrors classifier_;
  std::vector<std::unique_ptr<const rest::Api>> apis_;
  rest::Client client_{{.connection = "c",
                        .provider = "p",
                        .endpoint = {.base_url = "https://h"},
                        .http = &http_,
                        .authorizer = &authorizer_,
                        .classifier = &classifier_}};
};

TEST_F(NativeMethodTest, MethodsThatCarryCredentialsAreKnownByTheirDeclaration) {
  EXPECT_THAT(CarryingCredentials(MeasureOne()),
              ElementsAre("MeasureOneV2.AccessTranscript", "MeasureOneV2.CreateTranscript",
                          "MeasureOneV2.VerifyMfa"));
  EXPECT_THAT(
      CarryingCredentials(Methods("edugate.provider.measureone.v3.MeasureOneV3",
                                  m1v3::GetEnrollmentStatusRequest::descriptor()->file())),
      ElementsAre("MeasureOneV3.GenerateAccessToken", "MeasureOneV3.InvalidateAccessToken"));
  const auto openapply = Methods("edugate.provider.openapply.v3.OpenApplyV3",
                                 oa::ReenrollmentPage::descriptor()->file());
  EXPECT_THAT(CarryingCredentials(openapply), IsEmpty());
  EXPECT_EQ(openapply.size(), 3u);
  EXPECT_EQ(*openapply[0].name, "OpenApplyV3.ListReenrollments");
}

TEST_F(NativeMethodTest, CredentialsWithinAReplyAreTakenOut) {
  http_.Expect(
      "POST", "https://h/v2/transcripts/get_by_id",
      http::Answer(200, R"({"id":"trc_1","source_data":[{"source_data_reference":{)"
                        R"("uri":"https://user:canary@h/f","media_type":"application/pdf",)"
                        R"("http_headers":"canary","http_body":"canary",)"
                        R"("file_name":"t.pdf"}}]})"));
  m1::GetTranscriptRequest request;
  m1::Transcript reply;
  ASSERT_TRUE(Call(MeasureOne(), "GetTranscript", request, reply).ok());
  EXPECT_EQ(reply.id(), "trc_1");
  ASSERT_EQ(reply.source_data_size(), 1);
  EXPECT_EQ(reply.source_data(0).source_data_reference().file_name(), "t.pdf");
  EXPECT_THAT(reply.DebugString(), Not(HasSubstr("canary")));
}

TEST_F(NativeMethodTest, CredentialsThatDoNotFitTheirPlaceAreTakenOutToo) {
  http_.Expect("POST", "https://h/v2/transcripts/get_by_id",
               http::Answer(200, R"({"id":"trc_1","new":1,"source_data":[)"
                                 R"({"source_data_reference":["canary"],"newer":2}]})"));
  m1::GetTranscriptRequest request;
  m1::Transcript reply;
  ASSERT_TRUE(Call(MeasureOne(), "GetTranscript", request, reply).ok());
  EXPECT_THAT(reply.SerializeAsString(), Not(HasSubstr("canary")));
  EXPECT_EQ(reply.unknown_fields_size(), 2);
}

TEST_F(NativeMethodTest, AFileComesAsItsBytes) {
  http_.Expect("GET", "https://h/v2/transcripts/get_files?transcript_id=trc_1",
               http::Answer(200, std::string("PK\0\1", 4), "application/zip"));
  m1::GetTranscriptFilesRequest request;
  request.set_transcript_id("trc_1");
  google::api::HttpBody reply;
  const absl::Status status = Call(MeasureOne(), "GetTranscriptFiles", request, reply);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(reply.content_type(), "application/zip");
  EXPECT_EQ(reply.data(), std::string("PK\0\1", 4));
}

}  // namespace
}  // namespace edugate::adapters
