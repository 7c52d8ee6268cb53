// A port of this host whose connections don't get anywhere.
#ifndef TESTS_END_TO_END_PORT_H_
#define TESTS_END_TO_END_PORT_H_

namespace edugate::end_to_end {

// A port of 127.0.0.1 on which connections hang (`listening`) or are refused. Nobody else gets it
// meanwhile.
class Port {
 public:
  explicit Port(bool listening);
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  bool bound() const { return bound_; }
  int number() const { return number_; }

 private:
  const int socket_;
  bool bound_ = false;
  int number_ = 0;
};

}  // namespace edugate::end_to_end

#endif  // TESTS_END_TO_END_PORT_H_
