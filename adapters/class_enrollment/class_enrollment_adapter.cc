#include "adapters/class_enrollment/class_enrollment_adapter.h"

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "adapters/class_enrollment/class_enrollment_errors.h"
#include "adapters/class_enrollment/class_enrollment_mapping.h"
#include "adapters/declared_api.h"
#include "adapters/numbered_page.h"
#include "adapters/record_mapping.h"
#include "edugate/provider/class_enrollment/v2/class_enrollment.pb.h"

namespace edugate::adapters {
namespace {

namespace ce = provider::class_enrollment::v2;

constexpr int32_t kFirstPage = 0;
// The vendor documents no maximum; this is its default.
constexpr int32_t kMaxPageSize = 100;

// The Status of a search that finds nothing. An HTTP 404 is another matter: the base URL is wrong.
constexpr char kNotFound[] = "20";

bool FoundNothing(const absl::Status& status) {
  if (!absl::IsNotFound(status)) return false;
  const auto metadata = errors::MetadataOf(status);
  const auto provider_status = metadata.find("provider_status");
  return provider_status != metadata.end() && provider_status->second == kNotFound;
}

// Whether the query names a learner, and not by the provider's id.
bool IsNamedOtherwise(const EnrollmentQuery& query) {
  return !query.learner_email.empty() || !query.learner_external_id.empty();
}

// Whether a user can have this id: the provider numbers them. The search takes any text for the id,
// and would answer another one with an error of its own, if not with everybody's enrollments.
bool IsUserId(const std::string& id) {
  int64_t number = 0;
  return absl::c_all_of(id, absl::ascii_isdigit) && absl::SimpleAtoi(id, &number);
}

// The user whom the first page found, which a cursor keeps for the next ones: `u57383/1/100`.
struct FoundUser {
  std::string id;
  std::string cursor;  // the page alone

  static FoundUser FromCursor(const EnrollmentQuery& query) {
    const size_t slash = query.cursor.find('/');
    if (!IsNamedOtherwise(query) || !absl::StartsWith(query.cursor, "u") ||
        slash == std::string::npos) {
      return {"", query.cursor};
    }
    return {query.cursor.substr(1, slash - 1), query.cursor.substr(slash + 1)};
  }

  std::string ToCursor() const { return id.empty() ? cursor : absl::StrCat("u", id, "/", cursor); }
};

// The record that was asked for, never another one: a get answers a list, too.
const ce::ClassEnrollment* Pick(const ce::ClassEnrollmentReply& reply, const std::string& id) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(id, &number)) return nullptr;
  for (const ce::ClassEnrollment& record : reply.results()) {
    if (record.has_id() && record.id() == number) return &record;
  }
  return nullptr;
}

}  // namespace

const rest::Api& ClassEnrollmentAdapter::Declaration() {
  static const rest::Api* api =
      CompileDeclaration({"edugate.provider.class_enrollment.v2.ClassEnrollmentV2"},
                         ce::ClassEnrollment::descriptor()->file())
          .release();
  return *api;
}

const rest::ErrorClassifier& ClassEnrollmentAdapter::Errors() {
  static const ClassEnrollmentErrors* errors = new ClassEnrollmentErrors;
  return *errors;
}

ClassEnrollmentAdapter::ClassEnrollmentAdapter(rest::Client& client)
    : api_(client),
      get_(OperationOf(Declaration(), "GetClassEnrollment")),
      search_(OperationOf(Declaration(), "SearchClassEnrollments")),
      user_by_email_(OperationOf(Declaration(), "GetUserByEmail")),
      user_by_external_id_(OperationOf(Declaration(), "GetUserByExternalId")) {}

Ports ClassEnrollmentAdapter::ports() {
  Ports ports;
  ports.probe = Bind(this, &ClassEnrollmentAdapter::CheckConnection);
  ports.get_enrollment = Bind(this, &ClassEnrollmentAdapter::GetEnrollment);
  ports.list_enrollments = Bind(this, &ClassEnrollmentAdapter::ListEnrollments);
  ports.list_enrollments_traits = {
      .filters = {{"provider_status", {"="}, FilterType::kInt, "the EnrollmentStatusId"},
                  {"status",
                   {"="},
                   FilterType::kString,
                   "REQUESTED, CANCELLED, WAITLISTED, APPROVED, DENIED, AUDITING or ENROLLED"},
                  {"course.provider_id", {"="}, FilterType::kInt, "the class's id"},
                  {"course.title", {":"}, FilterType::kString, "part of the class's name"},
                  {"create_time", {">", "<"}, FilterType::kTime, "when the enrollment was made"}},
      .max_provider_page_size = kMaxPageSize,
      .by_learner = true,
      .by_learner_email = true,
      .by_learner_external_id = true};
  return ports;
}

async::Task<absl::Status> ClassEnrollmentAdapter::GetEnrollment(async::CallContext& call,
                                                                const GetQuery& query,
                                                                v1::Enrollment& into) {
  ce::GetClassEnrollmentRequest request;
  request.set_id(query.name.id());
  auto reply = co_await api_.Call<ce::ClassEnrollmentReply>(call, get_, request);
  if (!reply.ok()) {
    co_return errors::WithResource(
        reply.status(), "edugate/Enrollment",
        MakeName<Resource::kEnrollment>(api_.connection(), query.name.id()));
  }
  const ce::ClassEnrollment* record = Pick(*reply, query.name.id());
  if (record == nullptr) {
    co_return errors::ProviderResponseInvalid("Results does not hold the record that was asked for",
                                              api_.OriginOf(get_));
  }
  FillEnrollment(*record, api_.connection(), query.view, into);
  co_return absl::OkStatus();
}

async::Task<absl::StatusOr<std::string>> ClassEnrollmentAdapter::ListEnrollments(
    async::CallContext& call, const EnrollmentQuery& query,
    google::protobuf::RepeatedPtrField<v1::Enrollment>& into) {
  const FoundUser found = FoundUser::FromCursor(query);
  auto asked = NumberedPage::FromCursor(found.cursor, kFirstPage, query.size_hint, kMaxPageSize);
  if (!asked.ok()) co_return asked.status();
  auto request = ToSearchRequest(query);
  if (!request.ok()) co_return request.status();
  if (!query.learner.empty() && !IsUserId(query.learner)) co_return std::string();
  std::string user = found.id;
  if (IsNamedOtherwise(query)) {
    if (user.empty()) {
      auto looked_up = co_await FindUser(call, query);
      if (!looked_up.ok()) co_return looked_up.status();
      user = *std::move(looked_up);
    }
    if (user.empty()) co_return std::string();
    request->set_student_id(user);
  }
  request->set_page_index(asked->number);
  request->set_page_size(asked->size);
  auto reply = co_await api_.Call<ce::ClassEnrollmentReply>(call, search_, *request);
  if (FoundNothing(reply.status())) co_return std::string();
  if (!reply.ok()) co_return reply.status();
  const std::vector<std::string> ids = IdsOf(reply->results());
  // A search that ignores the page number would give its first page for ever.
  if (asked->Repeats(ids)) co_return errors::PaginationLoop(api_.OriginOf(search_));
  into.Reserve(into.size() + reply->results_size());
  for (const ce::ClassEnrollment& record : reply->results()) {
    FillEnrollment(record, api_.connection(), query.view, *into.Add());
  }
  // The reply does not say how many pages there are, and a short page need not be the last: an
  // empty one is.
  if (ids.empty()) co_return std::string();
  co_return FoundUser{user, asked->Next(ids).ToCursor()}.ToCursor();
}

async::Task<absl::StatusOr<std::string>> ClassEnrollmentAdapter::FindUser(
    async::CallContext& call, const EnrollmentQuery& query) {
  rest::Reply<ce::UserReply> reply;
  const bool by_email = !query.learner_email.empty();
  if (by_email) {
    ce::GetUserByEmailRequest request;
    request.set_email(query.learner_email);
    reply = co_await api_.Call<ce::UserReply>(call, user_by_email_, request);
  } else {
    ce::GetUserByExternalIdRequest request;
    request.set_id(query.learner_external_id);
    reply = co_await api_.Call<ce::UserReply>(call, user_by_external_id_, request);
  }
  if (FoundNothing(reply.status())) co_return std::string();
  if (!reply.ok()) co_return reply.status();
  const ce::User& user = reply->user();
  // Never another person: what the provider found must be what was asked for.
  const bool right = by_email ? absl::EqualsIgnoreCase(user.email(), query.learner_email)
                              : user.external_id() == query.learner_external_id;
  if (!user.has_id() || !right) {
    co_return errors::ProviderResponseInvalid(
        "User is not the one that was asked for",
        api_.OriginOf(by_email ? user_by_email_ : user_by_external_id_));
  }
  co_return absl::StrCat(user.id());
}

async::Task<absl::StatusOr<ProbeResult>> ClassEnrollmentAdapter::CheckConnection(
    async::CallContext& call, const Probe&) {
  ce::SearchClassEnrollmentsRequest request;
  request.set_page_index(kFirstPage);
  request.set_page_size(1);
  ce::ClassEnrollmentReply reply;
  rest::ReplyInfo info;
  absl::Status status = co_await api_.CallInto(call, search_, request, reply, &info);
  if (!status.ok() && !FoundNothing(status)) co_return status;
  co_return ProbeResult{.provider_time = info.date};
}

}  // namespace edugate::adapters
