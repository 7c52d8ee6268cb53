// What tells this process from its replicas.
#ifndef APP_HOST_NAME_H_
#define APP_HOST_NAME_H_

#include <string>

namespace edugate::app {

// The machine's name: the pod's in Kubernetes. Empty where the system gives none.
std::string HostName();

}  // namespace edugate::app

#endif  // APP_HOST_NAME_H_
