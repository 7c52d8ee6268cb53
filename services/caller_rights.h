// What a caller may do with one method: the decision of the policy, which travels with the call.
#ifndef SERVICES_CALLER_RIGHTS_H_
#define SERVICES_CALLER_RIGHTS_H_

#include <bitset>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "edugate/privacy/v1/privacy.pb.h"
#include "runtime/async/call_context.h"

namespace edugate::services {

// What a grant shows of persons.
class FieldScope {
 public:
  // Everything.
  FieldScope();
  // The classes of `visible`, or all for an empty one, but the fields of `hidden`, each as
  // `Message.field` with the message's short name.
  FieldScope(const std::vector<privacy::v1::DataClass>& visible, std::set<std::string> hidden);

  // Whether nothing is left out.
  bool sees_everything() const { return sees_everything_; }

  // Whether values of the class are shown. Values of no class always are.
  bool Sees(privacy::v1::DataClass data_class) const { return visible_.test(data_class); }

  // Fields that are left out whatever their class, as in `Learner.email`.
  const std::set<std::string>& hidden_fields() const { return hidden_; }

 private:
  std::bitset<privacy::v1::DataClass_ARRAYSIZE> visible_;
  std::set<std::string> hidden_;
  bool sees_everything_;
};

// A grant that allows a caller a method.
struct Grant {
  std::string name;  // as logs and the disclosure log say it
  bool every_connection = false;
  std::set<std::string> connections;  // ids
  FieldScope scope;
  bool require_purpose = false;

  bool Covers(absl::string_view connection) const;
};

// The grants that allow one call, without those that ask for a purpose where the call names none.
// Immutable; shared by calls.
class CallerRights final : public async::CallerData {
 public:
  // `grants` is not empty.
  explicit CallerRights(std::vector<std::shared_ptr<const Grant>> grants);

  // Whether the caller may use the method on this connection.
  bool MayUse(absl::string_view connection) const;

  // The grants that allow it there, in the order of the configuration; none where it may not. What
  // any one of them shows, the caller sees.
  std::vector<const Grant*> GrantsFor(absl::string_view connection) const;

  // Whether no connection's records lack anything for this caller.
  bool sees_everything() const { return sees_everything_; }

  const std::vector<std::shared_ptr<const Grant>>& grants() const { return grants_; }

 private:
  const std::vector<std::shared_ptr<const Grant>> grants_;
  bool sees_everything_;
};

// The rights of a call; null where no `callers` are configured, and everybody may do and see
// everything. Costs a load.
const CallerRights* RightsOf(const async::CallContext& call);

// Whether the call may use the connection.
bool MayUse(const async::CallContext& call, absl::string_view connection);

}  // namespace edugate::services

#endif  // SERVICES_CALLER_RIGHTS_H_
