#include "services/page_token.h"

#include <random>
#include <set>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "runtime/errors/errors.h"

namespace edugate::services {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSecret[] = "correct horse battery staple 32 bytes";
const absl::Time kNow = absl::FromUnixSeconds(1800000000);

const PageState& State() {
  static const auto& state = *new PageState{"page=3&since_id=17", 42};
  return state;
}

PageBinding Binding() {
  return {"registrar", "EnrollmentService.ListEnrollments", std::string(32, '\x5A')};
}

PageTokenKey Key(absl::string_view secret = kSecret) {
  auto key = PageTokenKey::FromSecret(secret);
  EXPECT_TRUE(key.ok()) << key.status();
  return *key;
}

// Bytes that are the same in every run and different at every call.
RandomBytes Countable() {
  auto next = std::make_shared<std::mt19937>(1);
  return [next](unsigned char* out, size_t size) {
    for (size_t i = 0; i < size; ++i) out[i] = static_cast<unsigned char>((*next)());
    return true;
  };
}

PageTokenSealer Sealer(std::vector<PageTokenKey> keys = {Key()},
                       absl::Duration lifetime = kDefaultPageTokenLifetime) {
  auto sealer = PageTokenSealer::Create(std::move(keys), lifetime, Countable());
  EXPECT_TRUE(sealer.ok()) << sealer.status();
  return *std::move(sealer);
}

std::string Seal(const PageTokenSealer& sealer, const PageState& state = State(),
                 const PageBinding& binding = Binding()) {
  auto token = sealer.Seal(state, binding, kNow);
  EXPECT_TRUE(token.ok()) << token.status();
  return *token;
}

// The refusal of a token, as it reaches the caller; empty where the token was taken.
std::string Refusal(const PageTokenSealer& sealer, absl::string_view token,
                    const PageBinding& binding = Binding(), absl::Time now = kNow) {
  const auto state = sealer.Open(token, binding, now);
  if (state.ok()) return "";
  EXPECT_EQ(errors::ReasonOf(state.status()), v1::ERROR_REASON_PAGE_TOKEN_INVALID);
  EXPECT_EQ(state.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(state.status().message());
}

constexpr char kRefusal[] =
    "page_token: not a token of this list for this caller; start again without one";

TEST(PageTokenTest, WhatWasSealedIsOpened) {
  const PageTokenSealer sealer = Sealer();
  const PageState states[] = {State(),
                              {},
                              {"", UINT32_MAX},
                              {std::string("\0\xFF\n", 3), 1},
                              {std::string(kMaxCursorBytes, 'x'), 7}};
  for (const PageState& state : states) {
    const std::string token = Seal(sealer, state);
    EXPECT_LE(token.size(), kMaxPageTokenBytes);
    EXPECT_EQ(
        token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
        std::string::npos);
    const auto opened = sealer.Open(token, Binding(), kNow);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(*opened, state);
  }
}

TEST(PageTokenTest, RandomStatesSurvive) {
  const PageTokenSealer sealer = Sealer();
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    PageState state;
    state.offset = random();
    state.cursor.resize(random() % 300);
    for (char& c : state.cursor) c = static_cast<char>(random());
    const auto opened = sealer.Open(Seal(sealer, state), Binding(), kNow);
    ASSERT_TRUE(opened.ok());
    ASSERT_EQ(*opened, state);
  }
}

TEST(PageTokenTest, EveryFlippedBitIsRefused) {
  const PageTokenSealer sealer = Sealer();
  const std::string token = Seal(sealer);
  for (size_t i = 0; i < token.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = token;
      flipped[i] = static_cast<char>(flipped[i] ^ 1 << bit);
      ASSERT_EQ(Refusal(sealer, flipped), kRefusal) << "byte " << i << " bit " << bit;
    }
  }
  std::string bytes;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(token, &bytes));
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string flipped = bytes;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ 1 << i % 8);
    ASSERT_EQ(Refusal(sealer, absl::WebSafeBase64Escape(flipped)), kRefusal) << "bit " << i;
  }
}

TEST(PageTokenTest, EveryTruncationAndExtensionIsRefused) {
  const PageTokenSealer sealer = Sealer();
  for (size_t cursor = 0; cursor < 4; ++cursor) {
    const std::string token = Seal(sealer, {std::string(cursor, 'x'), 1});
    for (size_t length = 0; length < token.size(); ++length) {
      ASSERT_EQ(Refusal(sealer, token.substr(0, length)), kRefusal) << length;
      ASSERT_EQ(Refusal(sealer, token.substr(token.size() - length)), kRefusal) << length;
    }
    for (const char* more : {"A", "=", "==", "\n", " ", "AAAA", "."}) {
      ASSERT_EQ(Refusal(sealer, token + more), kRefusal) << more;
      ASSERT_EQ(Refusal(sealer, more + token), kRefusal) << more;
    }
    ASSERT_EQ(Refusal(sealer, token + token), kRefusal);
  }
}

TEST(PageTokenTest, WhatNobodySealedIsRefused) {
  const PageTokenSealer sealer = Sealer();
  for (const std::string& token :
       {std::string("2"), std::string("page=2"), std::string("\xFF\xFE"), std::string(1, '\0'),
        std::string(kMaxPageTokenBytes, 'A'), std::string(kMaxPageTokenBytes + 1, 'A'),
        std::string(1 << 20, 'A')}) {
    EXPECT_EQ(Refusal(sealer, token), kRefusal);
  }
}

TEST(PageTokenTest, AnotherCallerMethodOrQueryIsRefusedLikeGarbage) {
  const PageTokenSealer sealer = Sealer();
  const std::string token = Seal(sealer);
  EXPECT_EQ(Refusal(sealer, token), "");
  PageBinding caller = Binding();
  caller.caller = "bursar";
  EXPECT_EQ(Refusal(sealer, token, caller), kRefusal);
  PageBinding method = Binding();
  method.method = "CatalogService.ListCatalogs";
  EXPECT_EQ(Refusal(sealer, token, method), kRefusal);
  PageBinding query = Binding();
  query.query_digest[31] ^= 1;
  EXPECT_EQ(Refusal(sealer, token, query), kRefusal);
  EXPECT_EQ(Refusal(sealer, token, {}), kRefusal);
}

TEST(PageTokenTest, TheMembersOfABindingCannotBeShiftedIntoEachOther) {
  const PageTokenSealer sealer = Sealer();
  const std::string token = Seal(sealer, State(), {"ab", "c", "d"});
  EXPECT_EQ(Refusal(sealer, token, {"ab", "c", "d"}), "");
  EXPECT_EQ(Refusal(sealer, token, {"a", "bc", "d"}), kRefusal);
  EXPECT_EQ(Refusal(sealer, token, {"ab", "", "cd"}), kRefusal);
  EXPECT_EQ(Refusal(sealer, token, {"abc", "", "d"}), kRefusal);
}

TEST(PageTokenTest, ATokenExpires) {
  const PageTokenSealer sealer = Sealer({Key()}, absl::Minutes(10));
  const std::string token = Seal(sealer);
  EXPECT_EQ(Refusal(sealer, token, Binding(), kNow + absl::Minutes(10) - absl::Milliseconds(1)),
            "");
  constexpr char kExpired[] = "page_token: expired; start again without one";
  EXPECT_EQ(Refusal(sealer, token, Binding(), kNow + absl::Minutes(10)), kExpired);
  EXPECT_EQ(Refusal(sealer, token, Binding(), absl::InfiniteFuture()), kExpired);
  EXPECT_EQ(Refusal(sealer, token, Binding(), kNow - absl::Hours(1)), "");
}

TEST(PageTokenTest, TheDefaultLifetimeIsADay) {
  const PageTokenSealer sealer = Sealer();
  const std::string token = Seal(sealer);
  EXPECT_EQ(Refusal(sealer, token, Binding(), kNow + absl::Hours(24) - absl::Seconds(1)), "");
  EXPECT_THAT(Refusal(sealer, token, Binding(), kNow + absl::Hours(24)), HasSubstr("expired"));
}

TEST(PageTokenTest, ExpiryIsToldOnlyToTheOneItWasMadeFor) {
  const PageTokenSealer sealer = Sealer();
  PageBinding other = Binding();
  other.caller = "bursar";
  EXPECT_EQ(Refusal(sealer, Seal(sealer), other, kNow + absl::Hours(48)), kRefusal);
}

TEST(PageTokenTest, KeysRotate) {
  const PageTokenKey old_key = Key("the key of last year, 32 bytes long");
  const PageTokenSealer before = Sealer({old_key});
  const PageTokenSealer during = Sealer({Key(), old_key});
  const PageTokenSealer after = Sealer({Key()});
  const std::string old_token = Seal(before);
  EXPECT_EQ(Refusal(during, old_token), "");
  EXPECT_EQ(Refusal(after, old_token), kRefusal);
  const std::string new_token = Seal(during);
  EXPECT_EQ(Refusal(after, new_token), "");
  EXPECT_EQ(Refusal(before, new_token), kRefusal);
}

TEST(PageTokenTest, ReplicasWithTheSameSecretOpenEachOthersTokens) {
  EXPECT_EQ(Refusal(Sealer({Key(kSecret)}), Seal(Sealer({Key(kSecret)}))), "");
}

TEST(PageTokenTest, ATokenShowsNothingOfItsContentAndIsNeverTheSame) {
  const PageTokenSealer sealer = Sealer();
  std::set<std::string> tokens;
  for (int i = 0; i < 100; ++i) {
    const std::string token = Seal(sealer);
    tokens.insert(token);
    std::string bytes;
    ASSERT_TRUE(absl::WebSafeBase64Unescape(token, &bytes));
    EXPECT_THAT(bytes, Not(HasSubstr("page=3")));
    EXPECT_THAT(bytes, Not(HasSubstr("registrar")));
  }
  EXPECT_EQ(tokens.size(), 100u);
}

TEST(PageTokenTest, ACursorThatDoesNotFitIsAnError) {
  const auto token = Sealer().Seal({std::string(kMaxCursorBytes + 1, 'x'), 0}, Binding(), kNow);
  EXPECT_EQ(errors::ReasonOf(token.status()), v1::ERROR_REASON_PROVIDER_RESPONSE_INVALID);
}

TEST(PageTokenTest, WithoutRandomnessNothingIsSealed) {
  const RandomBytes none = [](unsigned char*, size_t) { return false; };
  const auto sealer = PageTokenSealer::Create({Key()}, absl::Hours(1), none);
  ASSERT_TRUE(sealer.ok());
  EXPECT_EQ(errors::ReasonOf(sealer->Seal(State(), Binding(), kNow).status()),
            v1::ERROR_REASON_INTERNAL);
  EXPECT_EQ(errors::ReasonOf(PageTokenKey::Generate(none).status()), v1::ERROR_REASON_INTERNAL);
}

TEST(PageTokenTest, ASealerNeedsKeysAndALifetime) {
  EXPECT_FALSE(PageTokenSealer::Create({}).ok());
  EXPECT_TRUE(PageTokenSealer::Create(std::vector<PageTokenKey>(kMaxPageTokenKeys, Key())).ok());
  EXPECT_FALSE(
      PageTokenSealer::Create(std::vector<PageTokenKey>(kMaxPageTokenKeys + 1, Key())).ok());
  EXPECT_FALSE(PageTokenSealer::Create({Key()}, absl::ZeroDuration()).ok());
  EXPECT_FALSE(PageTokenSealer::Create({Key()}, -absl::Hours(1)).ok());
  EXPECT_FALSE(PageTokenSealer::Create({Key()}, absl::InfiniteDuration()).ok());
}

TEST(PageTokenKeyTest, AKeyIsDerivedByHkdf) {
  EXPECT_FALSE(PageTokenKey::FromSecret("").ok());
  // HKDF-SHA256 without salt, info "edugate page token key v1", computed independently.
  const PageTokenKey key = Key("0123456789abcdef0123456789abcdef");
  EXPECT_EQ(absl::BytesToHexString(
                absl::string_view(reinterpret_cast<const char*>(key.data()), PageTokenKey::kBytes)),
            "9806e8533c33f323f14aae7eca42732fc64008c98d0ae7d1dd4a3d958cc5a44d");
}

TEST(PageTokenKeyTest, GeneratedKeysDiffer) {
  const auto one = PageTokenKey::Generate(SystemRandomBytes());
  const auto two = PageTokenKey::Generate(SystemRandomBytes());
  ASSERT_TRUE(one.ok() && two.ok());
  const std::string token = Seal(Sealer({*one}));
  EXPECT_EQ(Refusal(Sealer({*one}), token), "");
  EXPECT_EQ(Refusal(Sealer({*two}), token), kRefusal);
}

TEST(PageTokenContentTest, AnyBytesAreReadOrRefused) {
  std::mt19937 random(5);
  for (size_t length = 0; length < 64; ++length) {
    std::string bytes(length, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const auto content = DecodePageTokenContent(bytes);
    ASSERT_EQ(content.has_value(), length >= 12) << length;
    if (content.has_value()) EXPECT_EQ(content->state.cursor.size(), length - 12);
  }
  EXPECT_TRUE(DecodePageTokenContent(std::string(12 + kMaxCursorBytes, '\xFF')).has_value());
  EXPECT_FALSE(DecodePageTokenContent(std::string(13 + kMaxCursorBytes, '\xFF')).has_value());
}

TEST(PageTokenContentTest, ContentSurvives) {
  const PageTokenContent content{State(), absl::FromUnixMillis(1800000000123)};
  const auto read = DecodePageTokenContent(EncodePageTokenContent(content));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->state, content.state);
  EXPECT_EQ(read->expiry, content.expiry);
}

// Two list requests and a watch request, made of descriptors of their own.
class QueryDigestTest : public ::testing::Test {
 protected:
  QueryDigestTest() {
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        R"pb(
          name: "requests.proto"
          syntax: "proto3"
          message_type {
            name: "ListRequest"
            field { name: "parent" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
            field { name: "page_size" number: 2 type: TYPE_INT32 label: LABEL_OPTIONAL }
            field { name: "page_token" number: 3 type: TYPE_STRING label: LABEL_OPTIONAL }
            field { name: "filter" number: 4 type: TYPE_STRING label: LABEL_OPTIONAL }
            field {
              name: "labels"
              number: 5
              type: TYPE_MESSAGE
              label: LABEL_REPEATED
              type_name: ".ListRequest.LabelsEntry"
            }
            nested_type {
              name: "LabelsEntry"
              options { map_entry: true }
              field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
              field { name: "value" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
            }
          }
          message_type {
            name: "StreamRequest"
            field { name: "parent" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
            field { name: "page_size" number: 2 type: TYPE_INT32 label: LABEL_OPTIONAL }
            field { name: "page_token" number: 3 type: TYPE_STRING label: LABEL_OPTIONAL }
            field { name: "filter" number: 4 type: TYPE_STRING label: LABEL_OPTIONAL }
          }
          message_type {
            name: "WatchRequest"
            field { name: "parent" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
            field { name: "resume_token" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
          }
        )pb",
        &file));
    EXPECT_NE(pool_.BuildFile(file), nullptr);
  }

  std::unique_ptr<google::protobuf::Message> Request(const std::string& type,
                                                     const std::string& text) {
    std::unique_ptr<google::protobuf::Message> request(
        factory_.GetPrototype(pool_.FindMessageTypeByName(type))->New());
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, request.get())) << text;
    return request;
  }

  std::string Digest(const std::string& type, const std::string& text) {
    return QueryDigest(*Request(type, text));
  }

  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_{&pool_};
};

TEST_F(QueryDigestTest, PagingIsNoPartOfTheQuery) {
  const std::string digest = Digest("ListRequest", "parent: 'connections/a' filter: 'year = 1'");
  EXPECT_EQ(digest.size(), 32u);
  EXPECT_EQ(digest,
            Digest("ListRequest",
                   "parent: 'connections/a' filter: 'year = 1' page_size: 5 page_token: 'x'"));
  EXPECT_EQ(Digest("WatchRequest", "parent: 'connections/a' resume_token: 'x'"),
            Digest("WatchRequest", "parent: 'connections/a'"));
}

TEST_F(QueryDigestTest, EveryOtherFieldIsPartOfTheQuery) {
  std::set<std::string> digests;
  for (const char* text :
       {"", "parent: 'connections/a'", "parent: 'connections/b'", "filter: 'connections/a'",
        "parent: 'connections/a' filter: 'year = 1'", "parent: 'connections/a' filter: 'year = 2'",
        "labels { key: 'a' value: 'b' }", "labels { key: 'b' value: 'a' }"}) {
    digests.insert(Digest("ListRequest", text));
  }
  EXPECT_EQ(digests.size(), 8u);
}

TEST_F(QueryDigestTest, AStreamGoesOnFromTheTokenOfAList) {
  EXPECT_EQ(Digest("ListRequest", "parent: 'connections/a' filter: 'f' page_size: 2"),
            Digest("StreamRequest", "parent: 'connections/a' filter: 'f' page_size: 3"));
}

TEST_F(QueryDigestTest, TheOrderOfMapEntriesDoesNotMatter) {
  std::string forward, backward;
  for (int i = 0; i < 20; ++i) {
    const std::string entry = absl::StrCat("labels { key: 'k", i, "' value: 'v' } ");
    forward = forward + entry;
    backward = entry + backward;
  }
  EXPECT_EQ(Digest("ListRequest", forward), Digest("ListRequest", backward));
}

TEST_F(QueryDigestTest, FieldsThatThisVersionDoesNotKnowAreNoPartOfTheQuery) {
  auto request = Request("StreamRequest", "parent: 'connections/a'");
  request->GetReflection()->MutableUnknownFields(request.get())->AddVarint(99, 1);
  EXPECT_EQ(QueryDigest(*request), Digest("StreamRequest", "parent: 'connections/a'"));
}

TEST_F(QueryDigestTest, TheRequestStaysAsItIs) {
  const auto request =
      Request("ListRequest", "parent: 'connections/a' page_size: 5 page_token: 'x'");
  const std::string before = request->ShortDebugString();
  QueryDigest(*request);
  EXPECT_EQ(request->ShortDebugString(), before);
}

TEST_F(QueryDigestTest, ATokenOfOneConnectionIsRefusedForAnother) {
  const PageTokenSealer sealer = Sealer();
  const auto binding = [&](const std::string& parent) {
    return PageBinding{"registrar", "EnrollmentService.ListEnrollments",
                       Digest("ListRequest", "parent: '" + parent + "'")};
  };
  const std::string a = Seal(sealer, State(), binding("connections/a"));
  const std::string b = Seal(sealer, State(), binding("connections/b"));
  EXPECT_EQ(Refusal(sealer, a, binding("connections/a")), "");
  EXPECT_EQ(Refusal(sealer, b, binding("connections/b")), "");
  EXPECT_EQ(Refusal(sealer, a, binding("connections/b")), kRefusal);
  EXPECT_EQ(Refusal(sealer, b, binding("connections/a")), kRefusal);
  EXPECT_EQ(Refusal(sealer, a, binding("connections/-")), kRefusal);
}

}  // namespace
}  // namespace edugate::services
