// Preloaded into the program under test: name resolution, the wall clock and the disk as a case
// scripts them.
//
// FAULTS_HOSTS names a file of lines `NAME ANSWER`, read at each resolution: ANSWER is IPv4
// addresses separated by commas, or nxdomain, servfail or hang (which is servfail after some
// seconds). Other names are resolved as ever. FAULTS_CLOCK names a file of eight bytes, mapped into
// memory: by how many seconds the wall clock is off. FAULTS_DISK names a file of two 64-bit
// numbers, mapped into memory: the errno with which writes at an offset (SQLite's) fail, and that
// of fdatasync and fsync; 0 where they don't.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef int (*GetAddrInfo)(const char*, const char*, const struct addrinfo*, struct addrinfo**);

static const volatile int64_t* clock_offset;
static const volatile int64_t* disk_errors;

// The file that an environment variable names, mapped; null where there is none.
static const volatile int64_t* Mapped(const char* variable, size_t size) {
  const char* path = getenv(variable);
  if (path == NULL) return NULL;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NULL;
  void* map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  return map == MAP_FAILED ? NULL : map;
}

__attribute__((constructor)) static void MapScripts(void) {
  clock_offset = Mapped("FAULTS_CLOCK", sizeof(int64_t));
  disk_errors = Mapped("FAULTS_DISK", 2 * sizeof(int64_t));
}

// The scripted error of an operation on files.
static int DiskFails(int operation) {
  if (disk_errors == NULL || disk_errors[operation] == 0) return 0;
  errno = (int)disk_errors[operation];
  return 1;
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  return DiskFails(0) ? -1 : syscall(SYS_pwrite64, fd, data, size, offset);
}

int fdatasync(int fd) { return DiskFails(1) ? -1 : (int)syscall(SYS_fdatasync, fd); }

int fsync(int fd) { return DiskFails(1) ? -1 : (int)syscall(SYS_fsync, fd); }

int clock_gettime(clockid_t clock, struct timespec* now) {
  const int result = (int)syscall(SYS_clock_gettime, clock, now);
  if (result == 0 && clock == CLOCK_REALTIME && clock_offset != NULL) now->tv_sec += *clock_offset;
  return result;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
  (void)zone;
  struct timespec time;
  if (clock_gettime(CLOCK_REALTIME, &time) != 0) return -1;
  now->tv_sec = time.tv_sec;
  now->tv_usec = time.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* out) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}

// The scripted answer of a name; 0 where there is none.
static int ScriptedAnswer(const char* name, char* answer, size_t size) {
  const char* path = getenv("FAULTS_HOSTS");
  FILE* file = path == NULL || name == NULL ? NULL : fopen(path, "re");
  if (file == NULL) return 0;
  char line[512], host[256], text[256];
  int found = 0;
  while (!found && fgets(line, sizeof(line), file) != NULL) {
    if (sscanf(line, "%255s %255s", host, text) != 2 || strcmp(host, name) != 0) continue;
    snprintf(answer, size, "%s", text);
    found = 1;
  }
  fclose(file);
  return found;
}

int getaddrinfo(const char* restrict node, const char* restrict service,
                const struct addrinfo* restrict hints, struct addrinfo** restrict result) {
  const GetAddrInfo real = (GetAddrInfo)dlsym(RTLD_NEXT, "getaddrinfo");
  char answer[256];
  if (!ScriptedAnswer(node, answer, sizeof(answer))) return real(node, service, hints, result);
  if (strcmp(answer, "nxdomain") == 0) return EAI_NONAME;
  if (strcmp(answer, "hang") == 0) sleep(8);
  if (strcmp(answer, "hang") == 0 || strcmp(answer, "servfail") == 0) return EAI_AGAIN;
  struct addrinfo numeric;
  memset(&numeric, 0, sizeof(numeric));
  if (hints != NULL) numeric = *hints;
  numeric.ai_flags |= AI_NUMERICHOST;
  numeric.ai_family = AF_INET;
  struct addrinfo** next = result;
  *next = NULL;
  char* rest = answer;
  for (char* address; (address = strsep(&rest, ",")) != NULL;) {
    const int failed = real(address, service, &numeric, next);
    if (failed != 0) return failed;
    while (*next != NULL) next = &(*next)->ai_next;
  }
  return 0;
}
