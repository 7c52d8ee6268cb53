// Clears what a reader may not see out of messages, and says what it was.
#ifndef EDUGATE_RUNTIME_PRIVACY_FIELD_SCREEN_H_
#define EDUGATE_RUNTIME_PRIVACY_FIELD_SCREEN_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace google::protobuf {
class Descriptor;
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace edugate::privacy {

// What a reader may not see in one view.
struct ScreenRules {
  // Whether a field is hidden by what itself is. What is inside a hidden field is hidden with it.
  std::function<bool(const google::protobuf::FieldDescriptor&)> hides;
  // Whether the content of every Any is hidden, because fields of other messages in it may hold the
  // same as hidden ones. False: it is screened as what it is.
  bool hides_packed = false;
};

// Screens messages for a reader who has one view or several, and sees what any one of them shows: a
// value that a view hides, by itself or with what is around it, must be shown by another one, there
// and all the way to it. Which fields of a type are looked at is worked out once, when the first
// message of the type comes: a message without anything to hide costs a look-up. Values of an open
// shape (see IsOpenShape) are hidden always, and so is the content of an Any of an unknown type.
// Thread-safe.
class FieldScreen {
 public:
  explicit FieldScreen(ScreenRules rules);
  // `views` is not empty.
  explicit FieldScreen(std::vector<ScreenRules> views);
  ~FieldScreen();
  FieldScreen(const FieldScreen&) = delete;
  FieldScreen& operator=(const FieldScreen&) = delete;

  // Clears what is hidden. The path of each field that had a value goes into `redacted_fields` of
  // the nearest message around it that has that list, relative to that message, once, in proto
  // spelling and without positions in lists; or into `*outside` where no message around it has the
  // list.
  void Screen(google::protobuf::Message& message, std::vector<std::string>* outside) const;

  // Whether a message of the type can lose anything.
  bool Touches(const google::protobuf::Descriptor& type) const;

  // The first `bytes` field that is hidden in the type itself (a file's content), or null. A file
  // can't be given in part.
  const google::protobuf::FieldDescriptor* HiddenBytesOf(
      const google::protobuf::Descriptor& type) const;

  // Whether the value at this path of a message is hidden: a field on the way, or the last one.
  // A path that isn't one of the type is hidden, too.
  bool HidesPath(const google::protobuf::Descriptor& type, const std::string& path) const;

 private:
  struct Plan;
  struct Step;
  struct Report;

  // Places in `views_`, ascending: the views that show all that has led to a message.
  using Views = std::vector<std::size_t>;
  using Seen = std::pair<const google::protobuf::Descriptor*, Views>;
  using Made = absl::flat_hash_map<Seen, Plan*>;

  const Plan& PlanFor(const google::protobuf::Descriptor& type, const Views& views) const;
  Plan* Build(const google::protobuf::Descriptor& type, const Views& views, Made& made) const;
  // Those of `views` that show the field.
  Views Showing(const google::protobuf::FieldDescriptor& field, const Views& views) const;
  void Run(const Plan& plan, google::protobuf::Message& message, const Report& around) const;
  void ScreenPacked(google::protobuf::Message& any, const Views& views, const Report& report,
                    const std::string& path) const;

  const std::vector<ScreenRules> views_;
  Views every_;
  mutable std::mutex mutex_;
  // Plans hold pointers to each other, so they are kept until the end.
  mutable std::vector<std::unique_ptr<Plan>> plans_;
  mutable absl::flat_hash_map<Seen, const Plan*> ready_;
};

}  // namespace edugate::privacy

#endif  // EDUGATE_RUNTIME_PRIVACY_FIELD_SCREEN_H_
