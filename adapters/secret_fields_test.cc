#include "adapters/secret_fields.h"

#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "edugate/provider/measureone/v3/measureone.pb.h"
#include "gtest/gtest.h"

namespace edugate::adapters {
namespace {

namespace m1 = provider::measureone::v2;

TEST(SecretFieldsTest, SecretsAreFoundAtAnyDepth) {
  EXPECT_TRUE(HoldsSecret(*m1::SourceDataReference::descriptor()));
  EXPECT_FALSE(HoldsSecret(*m1::Transcript::descriptor()));
  EXPECT_TRUE(HoldsSecretAnywhere(*m1::Transcript::descriptor()));
  EXPECT_FALSE(HoldsSecretAnywhere(*m1::MeritScore::descriptor()));
  EXPECT_TRUE(HoldsSecret(*provider::measureone::v3::AccessToken::descriptor()));
}

TEST(SecretFieldsTest, PathsThatLeadToASecretAreKnown) {
  const auto& transcript = *m1::Transcript::descriptor();
  for (const char* path : {"source_data", "source_data[0]", "source_data[1].source_data_reference",
                           "source_data[0].source_data_reference.http_body.token",
                           "source_data[0].source_data_reference.http_headers[\"a.b\"]",
                           "sourceData[0", "source_data[0].source_data_reference.uri"}) {
    EXPECT_TRUE(LeadsToSecret(transcript, path)) << path;
  }
  for (const char* path : {"id", "new", "new.uri", "source_data[0].referrer", "source_data[0].new",
                           "raw", "raw.student.ssn", "source_data2"}) {
    EXPECT_FALSE(LeadsToSecret(transcript, path)) << path;
  }
}

}  // namespace
}  // namespace edugate::adapters
