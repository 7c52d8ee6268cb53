#include "services/paging.h"

namespace edugate::services {

absl::StatusOr<int32_t> PageSizeOf(int32_t requested) {
  if (requested < 0) return errors::ArgumentInvalid("page_size", "must not be negative");
  if (requested == 0) return kDefaultPageSize;
  return std::min(requested, kMaxPageSize);
}

bool CursorTrail::Visit(const std::string& cursor) {
  if (mark_ == cursor || !recent_.insert(cursor).second) return false;
  if (recent_.size() >= kRemembered) recent_.clear();
  if (++steps_ == next_mark_) {
    mark_ = cursor;
    next_mark_ *= 2;
  }
  return true;
}

PageTokens::PageTokens(const PageTokenSealer& sealer, const async::CallContext& call,
                       absl::string_view method, const google::protobuf::Message& request)
    : sealer_(sealer),
      call_(call),
      method_(method),
      request_(request),
      now_(call.loop().clock().WallNow()) {}

const PageBinding& PageTokens::Binding() const {
  if (!binding_.has_value()) {
    binding_ = PageBinding{.caller = call_.caller(),
                           .method = std::string(method_),
                           .query_digest = QueryDigest(request_)};
  }
  return *binding_;
}

absl::StatusOr<PageState> PageTokens::Open(absl::string_view token) const {
  if (token.empty()) return PageState{};
  return sealer_.Open(token, Binding(), now_);
}

absl::StatusOr<std::string> PageTokens::Seal(const std::optional<PageState>& next) const {
  if (!next.has_value()) return std::string();
  return sealer_.Seal(*next, Binding(), now_);
}

}  // namespace edugate::services
