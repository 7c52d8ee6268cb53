#include "services/native_service.h"

#include "adapters/native_method.h"
#include "edugate/v1/connection_service.pb.h"
#include "edugate/v1/enrollment_service.pb.h"
#include "edugate/v1/transcript_service.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/service_fixture.h"

namespace edugate::services {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Services of edugate itself stand for a provider's: what matters are their descriptors.
const google::protobuf::ServiceDescriptor& Declared(const char* name) {
  return *google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
      std::string("edugate.v1.") + name);
}

std::vector<adapters::NativeMethod> MethodsOf(const google::protobuf::ServiceDescriptor& service) {
  std::vector<adapters::NativeMethod> methods;
  for (int i = 0; i < service.method_count(); ++i) {
    methods.push_back({.descriptor = service.method(i), .name = &service.method(i)->full_name()});
  }
  return methods;
}

class NativeServiceTest : public ServiceFixture {
 protected:
  NativeServiceTest() {
    adapters::Connection oa{.id = "oa", .provider = "openapply"};
    oa.native = MethodsOf(enrollments_);
    oa.native[1].carries_credentials = true;
    adapters::Connection m1{.id = "m1", .provider = "measureone"};
    m1.native = MethodsOf(transcripts_);
    Configure({oa, m1, {.id = "off", .provider = "openapply"}});
  }

  absl::StatusOr<const adapters::NativeMethod*> Find(const std::vector<std::string>& named,
                                                     int method = 0) {
    call_ = Call("EnrollmentService.GetEnrollment");
    return FindNativeMethod(*call_, *registry_, *enrollments_.method(method), named);
  }

  const google::protobuf::ServiceDescriptor& enrollments_ = Declared("EnrollmentService");
  const google::protobuf::ServiceDescriptor& transcripts_ = Declared("TranscriptService");
  std::unique_ptr<async::CallContext> call_;
};

TEST_F(NativeServiceTest, TheMetadataChoosesTheConnection) {
  auto found = Find({"oa"});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ((*found)->descriptor, enrollments_.method(0));
  EXPECT_EQ(call_->connection(), "oa");
}

TEST_F(NativeServiceTest, WithoutTheMetadataOrWithTwoOfItTheCallIsRefused) {
  EXPECT_EQ(errors::ReasonOf(Find({}).status()), v1::ERROR_REASON_ARGUMENT_INVALID);
  EXPECT_THAT(std::string(Find({}).status().message()), HasSubstr("edugate-connection"));
  EXPECT_EQ(errors::ReasonOf(Find({"oa", "m1"}).status()), v1::ERROR_REASON_ARGUMENT_INVALID);
}

TEST_F(NativeServiceTest, AConnectionThatIsNotConfiguredIsUnknown) {
  EXPECT_EQ(errors::ReasonOf(Find({"none"}).status()), v1::ERROR_REASON_CONNECTION_UNKNOWN);
  EXPECT_EQ(call_->connection(), "");
}

TEST_F(NativeServiceTest, MetadataThatCanBeNoIdIsRefusedAndNotRepeated) {
  for (const std::string& bad : {std::string("oa\r\nX-Injected: 1"), std::string("oa\0", 3),
                                 std::string("\x80"), std::string(8192, 'x'), std::string()}) {
    const absl::Status status = Find({bad}).status();
    EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_ARGUMENT_INVALID);
    EXPECT_THAT(errors::ToRpcStatus(status).SerializeAsString(),
                ::testing::Not(HasSubstr("Injected")));
  }
}

TEST_F(NativeServiceTest, AConnectionOfAnotherProviderIsAWrongArgument) {
  const absl::Status status = Find({"m1"}).status();
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_ARGUMENT_INVALID);
  EXPECT_THAT(std::string(status.message()), HasSubstr("measureone"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("edugate.v1.EnrollmentService"));
}

TEST_F(NativeServiceTest, AMethodThatCarriesCredentialsIsNeverCalled) {
  const absl::Status status = Find({"oa"}, 1).status();
  EXPECT_TRUE(absl::IsUnimplemented(status));
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_OPERATION_NOT_SUPPORTED);
  EXPECT_EQ(errors::MetadataOf(status).at("connection"), "oa");
}

TEST_F(NativeServiceTest, AMethodOfAProviderWithoutAConnectionIsNotOffered) {
  const auto& other = *v1::ListConnectionsRequest::descriptor()->file()->service(0)->method(0);
  call_ = Call("ConnectionService.ListConnections");
  const absl::Status status = FindNativeMethod(*call_, *registry_, other, {"oa"}).status();
  EXPECT_EQ(errors::ReasonOf(status), v1::ERROR_REASON_OPERATION_NOT_SUPPORTED);
}

TEST_F(NativeServiceTest, AConnectionNamesItsServicesOnce) {
  EXPECT_THAT(NativeServicesOf(**registry_->Find("oa")),
              ElementsAre("edugate.v1.EnrollmentService"));
  EXPECT_THAT(NativeServicesOf(**registry_->Find("off")), IsEmpty());
}

}  // namespace
}  // namespace edugate::services
