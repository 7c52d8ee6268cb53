#include "runtime/rest/client.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "google/api/httpbody.pb.h"
#include "runtime/async/sleep.h"
#include "runtime/errors/nothing_sent.h"
#include "runtime/http/retry_after.h"
#include "runtime/rest/attempt_signs.h"
#include "runtime/rest/reply_keeping.h"

namespace edugate::rest {

using google::protobuf::Message;

namespace {

// Told to callers where the provider can't be reached and named no time. edugate's own attempts go
// by their jitter, so that they don't all come back at once.
constexpr absl::Duration kDefaultRetryAfter = absl::Seconds(1);

constexpr int kNotModified = 304;
constexpr int kUnauthorized = 401;

// For clients that nobody observes.
resilience::ClientObserver& NoObserver() {
  static resilience::ClientObserver observer;
  return observer;
}

bool IsRead(const Operation& operation) { return operation.effect() == v1::EFFECT_READ; }

// Whether a failure of a further attempt tells less than that an earlier one may have happened.
bool TellsLess(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         errors::IsNothingSent(status) ||
         errors::ReasonOf(status) == edugate::v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID;
}

// Whether the provider refused the credential inside a success, as those do that know no 401.
bool RefusedInside(int http_status, const absl::Status& status) {
  return !status.ok() && http_status >= 200 && http_status < 300 &&
         errors::ReasonOf(status) == edugate::v1::ERROR_REASON_PROVIDER_CREDENTIALS_INVALID;
}

// A media type is (RFC 9110, section 8.3.1). A header may hold any other byte as well, with which a
// caller could not parse the message.
bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), absl::ascii_isascii);
}

// Takes a token where the limit has one now.
bool LacksToken(resilience::RateLimit* limit, async::MonotonicTime now) {
  return limit != nullptr && !limit->TryAcquire(now);
}

}  // namespace

Client::Outgoing::~Outgoing() { explicit_bzero(body.data(), body.size()); }

Client::Client(ClientParts parts) : parts_(std::move(parts)) {
  if (parts_.observer == nullptr) parts_.observer = &NoObserver();
  if (parts_.safeguards == nullptr) {
    parts_.safeguards = std::make_shared<resilience::Safeguards>(
        resilience::SafeguardOptions{}, parts_.connection, parts_.observer);
  }
}

errors::Origin Client::OriginOf(const Operation& operation) const {
  return {
      .connection = parts_.connection, .provider = parts_.provider, .operation = operation.name()};
}

async::Task<absl::Status> Client::CallInto(async::CallContext& call, const Operation& operation,
                                           const Message& request, Message& response,
                                           ReplyInfo* info, CallOptions options) {
  auto built = BuildRequest(operation, parts_.endpoint, request);
  if (!built.ok()) return NotBuilt(built.status());
  const bool streams = options.source != nullptr || options.sink != nullptr;
  Run run{.call = call,
          .operation = operation,
          .policy = parts_.safeguards->PolicyOf(operation.method_name()),
          .where = {.connection = parts_.connection,
                    .provider = parts_.provider,
                    .operation = operation.name(),
                    .http_method = operation.verb(),
                    .url_template = operation.path().text(),
                    .base_url = parts_.endpoint.base_url},
          .request = Outgoing(*std::move(built)),
          .response = response,
          .info = info,
          .streams = streams,
          .may_share = IsRead(operation) && !streams && info == nullptr && !options.ask_now &&
                       !operation.options().raw_response()};
  if (run.policy.max_response_bytes > 0) {
    run.request.max_response_bytes = run.policy.max_response_bytes;
  } else if (operation.options().max_response_bytes() == 0) {
    run.request.max_response_bytes = parts_.max_response_bytes;
  }
  if (options.max_response_bytes > 0) run.request.max_response_bytes = options.max_response_bytes;
  run.request.source = options.source;
  run.request.sink = options.sink;
  if (options.source != nullptr) {
    run.request.has_body = true;
    run.request.SetHeader("Content-Type", std::move(options.source_content_type));
  }
  if (!options.accept.empty()) run.request.SetHeader("Accept", std::move(options.accept));
  return Perform(std::move(run));
}

async::Task<absl::Status> Client::NotBuilt(absl::Status status) { co_return status; }

async::Task<absl::Status> Client::Perform(Run run) {
  absl::Status status = co_await Coalesced(run);
  co_return status;
}

// Stage 1: identical reads in flight share one call.
async::Task<absl::Status> Client::Coalesced(Run& run) {
  if (run.may_share && run.policy.coalesce) return LeadOrFollow(run);
  return Cached(run);
}

async::Task<absl::Status> Client::LeadOrFollow(Run& run) {
  using resilience::Coalescing;
  Coalescing::Seat seat(parts_.safeguards->coalescing(),
                        {.caller = run.call.caller(),
                         .operation = run.operation.name(),
                         .reply = run.response.GetDescriptor(),
                         .request = &run.request},
                        run.call.loop());
  if (!seat.leads()) {
    absl::Status waited = co_await seat.Wait(run.call);
    if (!waited.ok()) co_return EndedStatus(run);
  }
  if (!seat.leads()) {
    const Coalescing::Landing& landing = *seat.landing();
    if (landing.status.ok()) run.response.CopyFrom(*landing.reply->message);
    run.call.record().Note(async::CallFlag::kShared);
    parts_.observer->OnCoalesced(run.where);
    co_return landing.status;
  }
  absl::Status status = co_await Cached(run);
  // A failure of this call's own goes to nobody else: the seat leaves the lead to a follower.
  if (run.cut_short) co_return status;
  if (seat.Close()) {
    seat.Land({.status = status, .reply = status.ok() ? Kept(run.response, "") : nullptr});
  }
  co_return status;
}

// Stage 2: a reply that is kept answers, or is asked about.
async::Task<absl::Status> Client::Cached(Run& run) {
  if (!IsRead(run.operation)) return ForgetAround(run);
  if (parts_.safeguards->cache() == nullptr) return Retried(run);
  if (run.may_share && run.policy.cache_max_age > absl::ZeroDuration()) return AskCache(run);
  return Retried(run);
}

// What a write changes is not known, so that nothing that was read before its end is kept, and no
// later read is answered by one that began before it.
async::Task<absl::Status> Client::ForgetAround(Run& run) {
  resilience::ReplyCache* const cache = parts_.safeguards->cache();
  if (cache != nullptr) cache->Clear();
  absl::Status status = co_await Retried(run);
  if (cache != nullptr) cache->Clear();
  parts_.safeguards->coalescing().CloseAll();
  co_return status;
}

async::Task<absl::Status> Client::AskCache(Run& run) {
  resilience::ReplyCache& cache = *parts_.safeguards->cache();
  const std::string key = CacheKey(run.call.caller(), run.operation.name(), run.request);
  resilience::ReplyCache::Found found = cache.Find(key, run.call.loop().Now());
  const bool kept = found.reply != nullptr &&
                    found.reply->message->GetDescriptor() == run.response.GetDescriptor();
  if (kept && found.fresh) {
    run.response.CopyFrom(*found.reply->message);
    run.call.record().Note(async::CallFlag::kFromCache);
    parts_.observer->OnCache(run.where, resilience::CacheUse::kHit);
    co_return absl::OkStatus();
  }
  std::string etag;
  run.etag = &etag;
  run.revalidates = kept;
  if (kept) run.request.SetHeader("If-None-Match", found.reply->etag);
  absl::Status status = co_await Retried(run);
  const async::MonotonicTime fresh_until =
      async::After(run.call.loop().Now(), run.policy.cache_max_age);
  if (run.not_modified) {
    run.response.CopyFrom(*found.reply->message);
    run.call.record().Note(async::CallFlag::kRevalidated);
    parts_.observer->OnCache(run.where, resilience::CacheUse::kRevalidated);
    cache.Keep(key, std::move(found.reply), fresh_until, found.epoch);
    co_return status;
  }
  parts_.observer->OnCache(run.where, resilience::CacheUse::kMiss);
  if (status.ok() && run.may_keep) {
    cache.Keep(key, Kept(run.response, std::move(etag)), fresh_until, found.epoch);
  }
  co_return status;
}

// Stage 3: what failed and may pass is tried again.
async::Task<absl::Status> Client::Retried(Run& run) {
  async::CallContext& call = run.call;
  resilience::Safeguards& guards = *parts_.safeguards;
  absl::Status last;     // Of the last attempt that the provider heard of.
  absl::Status unknown;  // Of one that may have happened.
  for (int attempt = 1;; ++attempt) {
    Outcome outcome = co_await Guarded(run, attempt);
    if (outcome.status.ok()) {
      guards.budget().OnSuccess();
      co_return absl::OkStatus();
    }
    if (!outcome.refused || last.ok()) last = outcome.status;
    if (absl::IsUnknown(last)) unknown = last;
    const absl::Status& telling = TellsLess(last) && !unknown.ok() ? unknown : last;
    if (!outcome.may_repeat || run.streams) co_return telling;
    if (attempt >= run.policy.max_attempts) {
      if (attempt > 1) call.record().Note(async::CallFlag::kRetriesExhausted);
      co_return telling;
    }
    // Others have found that the provider is to be left alone.
    const async::MonotonicTime now = call.loop().Now();
    if (!guards.breaker().IsClosed()) co_return telling;
    const absl::Duration wait =
        Backoff(run.policy.backoff, attempt + 1, parts_.random(), outcome.retry_after);
    if (wait + run.policy.least_attempt > call.remaining()) {
      run.cut_short = true;
      co_return telling;
    }
    const bool timed_out = outcome.failure == http::Failure::kTimeout;
    if (!guards.budget().TryTake(now, timed_out)) {
      call.record().Note(async::CallFlag::kRetriesExhausted);
      parts_.observer->OnRefused(run.where, resilience::Refusal::kRetryBudget);
      co_return telling;
    }
    call.record().Note(async::CallFlag::kRetried);
    parts_.observer->OnRetry(run.where, attempt + 1, wait);
    absl::Status slept = co_await async::Sleep(call, wait);
    if (!slept.ok()) co_return EndedStatus(run);
    run.response.Clear();
  }
}

// Stages 4 to 6: the circuit breaker, a turn among the attempts in progress, a token of each rate.
async::Task<Client::Outcome> Client::Guarded(Run& run, int attempt) {
  resilience::Safeguards& guards = *parts_.safeguards;
  const async::MonotonicTime begun = run.call.loop().Now();
  if (run.call.remaining() < run.policy.least_attempt) co_return Ended(run);
  auto admission = guards.breaker().Admit(begun);
  if (!admission.permit.has_value()) {
    co_return Refused(run, resilience::Refusal::kBreakerOpen, admission.retry_after);
  }
  std::optional<resilience::ConcurrencyLimit::Slot> slot = guards.concurrency().TryAcquire(begun);
  if (!slot.has_value()) {
    auto refused = co_await WaitForTurn(run, slot);
    if (!refused.has_value()) refused = LeftAlone(run, *admission.permit);
    if (refused.has_value()) co_return *std::move(refused);
  }
  if (LacksToken(run.policy.rate_limit, run.call.loop().Now())) {
    auto refused = co_await WaitForToken(run, *run.policy.rate_limit);
    if (!refused.has_value()) refused = LeftAlone(run, *admission.permit);
    if (refused.has_value()) co_return *std::move(refused);
  }
  if (LacksToken(guards.rate_limit(), run.call.loop().Now())) {
    auto refused = co_await WaitForToken(run, *guards.rate_limit());
    if (!refused.has_value()) refused = LeftAlone(run, *admission.permit);
    if (refused.has_value()) co_return *std::move(refused);
  }
  // The clock's own time, since a whole exchange may fit into one turn of the loop.
  const async::Clock& clock = run.call.loop().clock();
  const async::MonotonicTime started = clock.MonotonicNow();
  if (attempt == 1) guards.budget().OnCall(started);
  Outcome outcome = co_await Timed(run, attempt);
  const async::MonotonicTime ended = clock.MonotonicNow();
  const AttemptResult result{.failure = outcome.failure,
                             .http_status = outcome.http_status,
                             .reason = errors::ReasonOf(outcome.status),
                             .lasted = absl::FromChrono(ended - started)};
  // How long a file takes is its reader's affair as well.
  const bool unclear = run.streams && outcome.failure == http::Failure::kDeadline;
  admission.permit->Report(unclear ? resilience::Evidence::kNone : EvidenceOf(result), ended);
  resilience::LoadSign load = LoadSignOf(result);
  if (unclear || (run.streams && load == resilience::LoadSign::kFine)) {
    load = resilience::LoadSign::kNone;
  }
  slot->End(load, ended);
  NoteFlags(result, run.call.record());
  parts_.observer->OnAttemptEnd(run.call, run.where,
                                {.attempt = attempt,
                                 .reason = result.reason,
                                 .failure = result.failure,
                                 .http_status = result.http_status,
                                 .reply_bytes = outcome.reply_bytes,
                                 .started = started,
                                 .ended = ended});
  co_return outcome;
}

// Most calls don't wait: inlined, this frame would be a part of each of theirs.
[[gnu::noinline]] async::Task<std::optional<Client::Outcome>> Client::WaitForTurn(
    Run& run, std::optional<resilience::ConcurrencyLimit::Slot>& slot) {
  using Kind = resilience::ConcurrencyLimit::Turn::Kind;
  const async::MonotonicTime begun = run.call.loop().Now();
  auto turn = co_await parts_.safeguards->concurrency().Acquire(run.call);
  const absl::Duration waited = absl::FromChrono(run.call.loop().Now() - begun);
  if (waited > absl::ZeroDuration()) parts_.observer->OnQueued(run.where, waited);
  switch (turn.kind) {
    case Kind::kGranted:
      slot.emplace(*std::move(turn.slot));
      co_return std::nullopt;
    case Kind::kQueueFull:
      co_return Refused(run, resilience::Refusal::kQueueFull, turn.retry_after);
    case Kind::kTooLate:
      co_return Refused(run, resilience::Refusal::kTooLate, turn.retry_after);
    case Kind::kCancelled:
      break;
  }
  co_return Ended(run);
}

// As for WaitForTurn.
[[gnu::noinline]] async::Task<std::optional<Client::Outcome>> Client::WaitForToken(
    Run& run, resilience::RateLimit& limit) {
  using Kind = resilience::RateAnswer::Kind;
  const async::MonotonicTime begun = run.call.loop().Now();
  resilience::RateAnswer answer = co_await limit.Acquire(run.call);
  const absl::Duration waited = absl::FromChrono(run.call.loop().Now() - begun);
  if (waited > absl::ZeroDuration()) parts_.observer->OnRateWait(run.where, waited);
  switch (answer.kind) {
    case Kind::kGranted:
      co_return std::nullopt;
    case Kind::kRefused:
      co_return Refused(run, resilience::Refusal::kRateLimit, answer.retry_after);
    case Kind::kEnded:
      break;
  }
  if (run.call.cancelled()) co_return Ended(run);
  // The limit could not tell before that the token would come too late.
  co_return Refused(run, resilience::Refusal::kRateLimit, kDefaultRetryAfter);
}

// The provider may have failed while the call waited. Nothing where it has not.
std::optional<Client::Outcome> Client::LeftAlone(
    Run& run, const resilience::CircuitBreaker::Permit& permit) const {
  const auto breaker = parts_.safeguards->breaker().Look(run.call.loop().Now());
  if (permit.Holds() || breaker.state == resilience::BreakerState::kClosed) return std::nullopt;
  return Refused(run, resilience::Refusal::kBreakerOpen, breaker.retry_after);
}

// Nothing of the call has reached the provider, so that a write that ends here is plainly refused.
Client::Outcome Client::Refused(Run& run, resilience::Refusal why,
                                absl::Duration retry_after) const {
  parts_.observer->OnRefused(run.where, why);
  const errors::Origin origin = OriginOf(run.operation);
  Outcome outcome{.refused = true};
  switch (why) {
    case resilience::Refusal::kBreakerOpen:
      run.call.record().Note(async::CallFlag::kBreakerOpen);
      outcome.status = errors::CircuitOpen(retry_after, origin);
      break;
    case resilience::Refusal::kQueueFull:
      run.call.record().Note(async::CallFlag::kConnectionLimit);
      outcome.status =
          errors::LocalLimit("too many calls of the connection wait already", retry_after, origin);
      break;
    case resilience::Refusal::kTooLate:
      run.cut_short = true;
      run.call.record().Note(async::CallFlag::kConnectionLimit);
      outcome.status = errors::LocalLimit(
          "the deadline comes before the turn among the connection's calls", retry_after, origin);
      break;
    case resilience::Refusal::kRateLimit:
    case resilience::Refusal::kRetryBudget:
      run.cut_short = true;
      run.call.record().Note(async::CallFlag::kRateLimited);
      outcome.status = errors::LocalLimit(
          "the deadline comes before the connection's rate allows the call", retry_after, origin);
      break;
  }
  return outcome;
}

Client::Outcome Client::Ended(Run& run) const {
  return {.status = errors::WithNothingSent(EndedStatus(run)), .refused = true};
}

absl::Status Client::EndedStatus(Run& run) const {
  run.cut_short = true;
  return run.call.cancelled() ? errors::Cancelled(OriginOf(run.operation))
                              : errors::DeadlineExceeded(OriginOf(run.operation));
}

// Stages 7 and 8: the credential and the exchange, within the attempt's own time.
async::Task<Client::Outcome> Client::Timed(Run& run, int attempt) {
  if (run.policy.attempt_timeout == absl::InfiniteDuration()) {
    return Exchange(run, run.call, attempt);
  }
  return WithTimeout(run, attempt);
}

async::Task<Client::Outcome> Client::WithTimeout(Run& run, int attempt) {
  async::CallContext part =
      run.call.Child(async::After(run.call.loop().Now(), run.policy.attempt_timeout));
  Outcome outcome = co_await Exchange(run, part, attempt);
  co_return outcome;
}

async::Task<Client::Outcome> Client::Exchange(Run& run, async::CallContext& call, int attempt) {
  http::Request& request = run.request;
  absl::Status authorized = co_await parts_.authorizer->Authorize(call, request);
  if (!authorized.ok()) co_return NotAuthorized(run, authorized);
  parts_.observer->OnAttemptStart(run.call, run.where, attempt, request);
  {
    http::Exchange exchange = co_await parts_.http->Send(call, request);
    // A credential that is refused says that nothing was done, so that one more attempt with a new
    // one is right for reads and writes alike. A source can't be read again, but the next call
    // needs the new credential.
    if (exchange.failure == http::Failure::kNone && exchange.response.status == kUnauthorized) {
      const bool renews = parts_.authorizer->OnRefused(request);
      if (!renews || request.source != nullptr) co_return Concluded(run, exchange);
    } else {
      Outcome outcome = Concluded(run, exchange);
      const bool refused = RefusedInside(outcome.http_status, outcome.status);
      const bool renews = refused && parts_.authorizer->OnRefused(request);
      if (!renews || request.source != nullptr) co_return outcome;
      run.response.Clear();
    }
  }
  absl::Status renewed = co_await parts_.authorizer->Authorize(call, request);
  if (!renewed.ok()) co_return NotAuthorized(run, renewed);
  http::Exchange exchange = co_await parts_.http->Send(call, request);
  co_return Concluded(run, exchange);
}

Client::Outcome Client::Concluded(Run& run, http::Exchange& exchange) const {
  // The attempt's time is up, and the call's is not.
  if (exchange.failure == http::Failure::kDeadline && run.call.Status().ok()) {
    exchange.failure = http::Failure::kTimeout;
    exchange.detail = "the attempt took longer than it may";
  }
  if (run.info != nullptr) {
    run.info->http_status = exchange.response.status;
    run.info->content_type = std::string(exchange.response.header("Content-Type"));
    run.info->empty = exchange.response.body.empty();
    run.info->date = http::ParseHttpDate(exchange.response.header("Date"));
  }
  const http::Failure failure = exchange.failure;
  const int http_status = exchange.response.status;
  const auto reply_bytes = static_cast<int64_t>(exchange.response.body.size());
  Outcome outcome;
  if (run.revalidates && exchange.ok() && http_status == kNotModified) {
    run.not_modified = true;
  } else {
    outcome = Judge(run, exchange);
    if (run.etag != nullptr) {
      run.may_keep = outcome.status.ok() && MayKeep(exchange.response);
      *run.etag = EtagOf(exchange.response);
    }
    if (outcome.status.ok() && run.request.sink == nullptr) outcome = Read(run, exchange);
  }
  outcome.failure = failure;
  outcome.http_status = http_status;
  outcome.reply_bytes = reply_bytes;
  return outcome;
}

Client::Outcome Client::NotAuthorized(Run& run, const absl::Status& status) const {
  if (absl::IsDeadlineExceeded(status) && run.call.Status().ok()) {
    errors::ProviderFailure failure;
    failure.reason = edugate::v1::ERROR_REASON_PROVIDER_UNAVAILABLE;
    failure.message = "no credential was to be had within the attempt's time";
    failure.transient = true;
    failure.nothing_sent = true;
    return Failed(run.operation, failure);
  }
  if (!run.call.Status().ok()) run.cut_short = true;
  return {.status = errors::WithNothingSent(
              errors::WithMetadata(status, "operation", run.operation.name()))};
}

Client::Outcome Client::Judge(Run& run, const http::Exchange& exchange) const {
  const Operation& operation = run.operation;
  if (exchange.failure == http::Failure::kDeadline ||
      exchange.failure == http::Failure::kCancelled) {
    run.cut_short = true;
    absl::Status status = exchange.failure == http::Failure::kDeadline
                              ? errors::DeadlineExceeded(OriginOf(operation))
                              : errors::Cancelled(OriginOf(operation));
    if (exchange.request_sent) return {.status = std::move(status)};
    return {.status = errors::WithNothingSent(std::move(status))};
  }
  if (exchange.failure != http::Failure::kNone) {
    return Failed(operation, ClassifyTransport(operation, exchange));
  }
  if (auto failure = parts_.classifier->Classify(operation, exchange.response)) {
    return Failed(operation, *std::move(failure));
  }
  return {.status = absl::OkStatus()};
}

Client::Outcome Client::Failed(const Operation& operation, errors::ProviderFailure failure) const {
  Outcome outcome;
  outcome.may_repeat = failure.transient && (operation.repeatable() || failure.nothing_sent);
  outcome.retry_after = failure.retry_after;
  if (failure.reason == edugate::v1::ERROR_REASON_PROVIDER_UNAVAILABLE &&
      !failure.retry_after.has_value()) {
    failure.retry_after = kDefaultRetryAfter;
  }
  outcome.status = errors::FromProvider(failure, OriginOf(operation));
  return outcome;
}

Client::Outcome Client::Read(Run& run, http::Exchange& exchange) const {
  const Operation& operation = run.operation;
  Message& response = run.response;
  const absl::string_view content_type = exchange.response.header("Content-Type");
  if (operation.options().raw_response()) {
    if (exchange.response.unframed) {
      return {.status = errors::ProviderResponseInvalid(
                  "its end can't be told from a cut connection", OriginOf(operation))};
    }
    auto& raw = static_cast<google::api::HttpBody&>(response);
    if (IsAscii(content_type)) raw.set_content_type(std::string(content_type));
    raw.set_data(std::move(exchange.response.body));
    return {.status = absl::OkStatus()};
  }
  const bool empty = exchange.response.body.empty();
  if (!empty || !operation.options().allow_empty_response()) {
    codec::DecodeOptions options;
    options.drift = parts_.drift;
    options.max_bytes = run.request.max_response_bytes;
    options.max_depth = run.policy.max_response_depth > 0 ? run.policy.max_response_depth
                                                          : parts_.max_response_depth;
    options.response_field = operation.options().response_field();
    options.promised_lists = true;
    absl::Status decoded =
        codec::Decode(content_type, std::move(exchange.response.body), options, &response);
    if (!decoded.ok()) {
      return {.status = errors::ProviderResponseInvalid(decoded.message(), OriginOf(operation))};
    }
  }
  if (auto failure = parts_.classifier->ClassifyReply(operation, response)) {
    return Failed(operation, *std::move(failure));
  }
  return {.status = absl::OkStatus()};
}

}  // namespace edugate::rest
