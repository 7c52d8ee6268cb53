// What a serving process asks of the system for itself.
#ifndef APP_PROCESS_LIMITS_H_
#define APP_PROCESS_LIMITS_H_

namespace edugate::app {

// Before any thread starts. Turns core dumps off (a core would hold credentials and students'
// records), keeps other processes of the user from reading this one's memory, and raises the limit
// of open files to what the system allows.
void PrepareProcess();

}  // namespace edugate::app

#endif  // APP_PROCESS_LIMITS_H_
