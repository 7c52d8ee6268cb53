// The catalogue of edugate's errors. Every status that edugate makes is made by a function of this
// header, and carries its google.rpc details as payloads of the absl::Status; ToRpcStatus is the
// one place that turns them into the wire form.
#ifndef RUNTIME_ERRORS_ERRORS_H_
#define RUNTIME_ERRORS_ERRORS_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "edugate/v1/error_reason.pb.h"
#include "google/rpc/status.pb.h"

namespace edugate::errors {

// The domain of every google.rpc.ErrorInfo of edugate.
inline constexpr char kDomain[] = "edugate";

// The largest google.rpc.Status that leaves edugate, in bytes. It travels in HTTP/2 trailers, which
// peers bound.
inline constexpr size_t kMaxStatusBytes = 4096;

// Where a failure happened. Empty members are left out of the details.
struct Origin {
  std::string connection;  // the connection's id
  std::string provider;    // the provider's id in the configuration
  std::string
      operation;  // the provider operation's route name, as in OpenApplyV3.ListReenrollments
};

// A field of the caller's request and what is wrong with it (google.rpc.BadRequest.FieldViolation).
struct FieldViolation {
  std::string field;  // path of the field in the request, in proto spelling
  std::string description;
};

// A condition that the provider says is not met (google.rpc.PreconditionFailure.Violation).
struct PreconditionViolation {
  std::string type;     // the provider's reason code
  std::string subject;  // what it is about
  std::string description;
};

// How a provider call failed, in the terms of design's error table. Classifiers fill it;
// FromProvider turns it into a status.
struct ProviderFailure {
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  // The status code. kOk: the code that the reason has by itself (CodeFor).
  absl::StatusCode code = absl::StatusCode::kOk;
  // A sentence in edugate's words: never a piece of the provider's body.
  std::string message;
  // The HTTP status, or the in-band status where the provider has one; empty where no answer came.
  std::string provider_status;
  // The provider's own error code, from a closed or harmless vocabulary; anything else is dropped
  // (see SafeToken).
  std::string provider_code;
  // The provider's id of the request, for a support case.
  std::string provider_request_id;
  // When to try again, where that is known or sensible.
  std::optional<absl::Duration> retry_after;
  std::vector<FieldViolation> fields;
  std::vector<PreconditionViolation> preconditions;
  // The resource that was not found or is in conflict: its type and name.
  std::string resource_type;
  std::string resource_name;
  // True where the same request may be sent again by edugate itself (the effect of the operation
  // decides besides).
  bool transient = false;
  // True where certainly nothing happened at the provider, so that even a write may be sent again.
  bool nothing_sent = false;
};

// The code that a reason has where nothing else is said (design's error table).
absl::StatusCode CodeFor(v1::ErrorReason reason);

// The reason's name on the wire, without the enum's prefix: PROVIDER_RATE_LIMITED.
std::string ReasonName(v1::ErrorReason reason);

// The failure as a status with ErrorInfo, and RetryInfo, QuotaFailure, BadRequest,
// PreconditionFailure, ResourceInfo where they apply.
absl::Status FromProvider(const ProviderFailure& failure, const Origin& origin);

// INVALID_ARGUMENT, ARGUMENT_INVALID: a field of the request is missing or wrong.
absl::Status ArgumentInvalid(absl::string_view field, absl::string_view description);
absl::Status ArgumentsInvalid(const std::vector<FieldViolation>& violations);

// INVALID_ARGUMENT, RESOURCE_NAME_INVALID: a resource name is not of the pattern that the method
// takes.
absl::Status ResourceNameInvalid(absl::string_view field, absl::string_view pattern);

// NOT_FOUND, CONNECTION_UNKNOWN: no connection of that id is configured.
absl::Status ConnectionUnknown(absl::string_view connection);

// INVALID_ARGUMENT, PAGE_TOKEN_INVALID: tampered, expired, or made for another caller, method or
// query.
absl::Status PageTokenInvalid(absl::string_view why);

// INVALID_ARGUMENT, FILTER_UNSUPPORTED: the filter can't be parsed, or the provider can't apply it.
absl::Status FilterUnsupported(absl::string_view why, absl::string_view supported);

// UNIMPLEMENTED, OPERATION_NOT_SUPPORTED: the connection's provider does not offer the method.
// `supported` lists what it does.
absl::Status OperationNotSupported(absl::string_view method, const Origin& origin,
                                   absl::string_view supported);

// UNIMPLEMENTED, OPERATION_NOT_SUPPORTED: no connection of this deployment offers the method; `why`
// is a sentence.
absl::Status MethodNotOffered(absl::string_view why, const Origin& origin);

// NOT_FOUND, RESOURCE_NOT_FOUND, decided by edugate itself.
absl::Status ResourceNotFound(absl::string_view type, absl::string_view name, const Origin& origin);

// DEADLINE_EXCEEDED, DEADLINE_EXCEEDED and CANCELLED, CANCELLED: the caller's time is up, or the
// caller is gone.
absl::Status DeadlineExceeded(const Origin& origin);
absl::Status Cancelled(const Origin& origin);

// RESOURCE_EXHAUSTED, SLOW_CONSUMER: the reader of a stream took nothing for too long.
absl::Status SlowConsumer();

// ABORTED, REQUEST_IN_PROGRESS: the same request_id is being carried out.
absl::Status RequestInProgress();

// INVALID_ARGUMENT, REQUEST_ID_REUSED: the request_id belongs to another request.
absl::Status RequestIdReused();

// UNKNOWN, WRITE_OUTCOME_UNKNOWN: an earlier attempt with the request_id may or may not have
// happened.
absl::Status WriteOutcomeUnknown();

// UNAVAILABLE, CIRCUIT_OPEN: the provider fails and is left alone for a while; nothing was sent.
absl::Status CircuitOpen(absl::Duration retry_after, const Origin& origin);

// UNAUTHENTICATED, CALLER_UNAUTHENTICATED: nobody is known to call; `why` shows nothing of a
// credential.
absl::Status CallerUnauthenticated(absl::string_view why);

// PERMISSION_DENIED, CALLER_DENIED: no grant of the caller covers the call. `connection` is empty
// where no connection is meant.
absl::Status CallerDenied(absl::string_view why, absl::string_view method,
                          absl::string_view connection);

// RESOURCE_EXHAUSTED, LOCAL_LIMIT: a limit of edugate itself.
absl::Status LocalLimit(absl::string_view what, absl::Duration retry_after, const Origin& origin);

// UNAVAILABLE, STORE_UNAVAILABLE: edugate's own store can't be read or written; `what` says why,
// for the operator.
absl::Status StoreUnavailable(absl::string_view what);

// SHUTTING_DOWN: this process is about to end; another replica takes the call.
absl::Status ShuttingDown();

// SHUTTING_DOWN: the configuration that a watch began under is no longer the one that counts.
absl::Status WatchSuperseded();

// INVALID_ARGUMENT, RESUME_TOKEN_INVALID: not a token that the watched connection's stream gave out
// to this caller.
absl::Status ResumeTokenInvalid(absl::string_view why);

// FAILED_PRECONDITION, CONNECTION_MISCONFIGURED: the connection lacks the key that the method
// needs.
absl::Status ConnectionMisconfigured(absl::string_view connection, absl::string_view key);

// INTERNAL, PAGINATION_LOOP: the provider's pages lead in a circle.
absl::Status PaginationLoop(const Origin& origin);

// INTERNAL, PROVIDER_RESPONSE_INVALID: a reply that can't be used; `why` names places and never
// values.
absl::Status ProviderResponseInvalid(absl::string_view why, const Origin& origin);

// INTERNAL, INTERNAL: a defect of edugate.
absl::Status Internal(absl::string_view what);

// The reason that a status carries; ERROR_REASON_UNSPECIFIED where it has none.
v1::ErrorReason ReasonOf(const absl::Status& status);

// The RetryInfo that a status carries.
std::optional<absl::Duration> RetryAfterOf(const absl::Status& status);

// The ErrorInfo metadata that a status carries.
std::map<std::string, std::string> MetadataOf(const absl::Status& status);

// The same status with one more metadata entry in its ErrorInfo; a status without ErrorInfo stays
// as it is.
absl::Status WithMetadata(absl::Status status, absl::string_view key, absl::string_view value);

// The same status with a google.rpc.ResourceInfo, where it is a NOT_FOUND that names no resource
// yet.
absl::Status WithResource(absl::Status status, absl::string_view type, absl::string_view name);

// The wire form, at most kMaxStatusBytes: the message is shortened first, then details are dropped,
// ErrorInfo and RetryInfo last.
google::rpc::Status ToRpcStatus(const absl::Status& status);

// `text` where it is a short word of letters, digits, '_', '-' and '.', as codes and request ids
// are; otherwise empty, so that nothing of a provider's prose or a person's data reaches an error.
std::string SafeToken(absl::string_view text);

}  // namespace edugate::errors

#endif  // RUNTIME_ERRORS_ERRORS_H_
