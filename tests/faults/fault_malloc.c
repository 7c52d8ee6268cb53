// Preloaded into the program under test: allocations fail as a case says.
//
// FAULTS_MALLOC names a file of three 64-bit numbers, mapped into memory: how many allocations are
// left until one fails (0: none ever does), after how many further ones the next fails (0: only
// that one), and how many have failed.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct Script {
  int64_t left;
  int64_t again;
  int64_t failed;
};

static struct Script* script;

// Served while the real functions are looked up, which may itself allocate.
static char early[65536];
static size_t early_used;

__attribute__((constructor)) static void MapScript(void) {
  const char* path = getenv("FAULTS_MALLOC");
  if (path == NULL) return;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* map = mmap(NULL, sizeof(struct Script), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (map != MAP_FAILED) script = map;
}

static int Fails(void) {
  if (script == NULL || __atomic_load_n(&script->left, __ATOMIC_RELAXED) <= 0) return 0;
  if (__atomic_sub_fetch(&script->left, 1, __ATOMIC_RELAXED) != 0) return 0;
  __atomic_store_n(&script->left, script->again, __ATOMIC_RELAXED);
  __atomic_add_fetch(&script->failed, 1, __ATOMIC_RELAXED);
  errno = ENOMEM;
  return 1;
}

static void* Early(size_t size) {
  const size_t rounded = (size + 15) & ~(size_t)15;
  if (early_used + rounded > sizeof(early)) abort();
  void* result = early + early_used;
  early_used += rounded;
  return result;
}

static int IsEarly(const void* pointer) {
  return (const char*)pointer >= early && (const char*)pointer < early + sizeof(early);
}

enum Function {
  kMalloc,
  kCalloc,
  kFree,
  kRealloc,
  kPosixMemalign,
  kAlignedAlloc,
  kNew,
  kNewArray,
  kNewAligned,
  kNewArrayAligned,
  kNewOrNull,
  kNewArrayOrNull,
  kFunctions
};

static const char* const names[kFunctions] = {"malloc",
                                              "calloc",
                                              "free",
                                              "realloc",
                                              "posix_memalign",
                                              "aligned_alloc",
                                              "_Znwm",
                                              "_Znam",
                                              "_ZnwmSt11align_val_t",
                                              "_ZnamSt11align_val_t",
                                              "_ZnwmRKSt9nothrow_t",
                                              "_ZnamRKSt9nothrow_t"};
static void* next[kFunctions];

// The next definition of a function; null while it is being looked up. All are looked up before
// there are threads.
static void* Next(enum Function function) {
  static int looking;
  if (next[function] != NULL || looking) return next[function];
  looking = 1;
  next[function] = dlsym(RTLD_NEXT, names[function]);
  looking = 0;
  if (next[function] == NULL) abort();
  return next[function];
}

__attribute__((constructor)) static void LookAllUp(void) {
  for (int function = 0; function < kFunctions; ++function) Next(function);
}

#define REAL(type, function) const __typeof__(type) real = (__typeof__(type))Next(function)

void* malloc(size_t size) {
  REAL(void* (*)(size_t), kMalloc);
  if (real == NULL) return Early(size);
  return Fails() ? NULL : real(size);
}

void* calloc(size_t count, size_t size) {
  REAL(void* (*)(size_t, size_t), kCalloc);
  if (real == NULL) return Early(count * size);
  return Fails() ? NULL : real(count, size);
}

void free(void* pointer) {
  if (IsEarly(pointer)) return;
  REAL(void (*)(void*), kFree);
  if (real != NULL) real(pointer);
}

void* realloc(void* pointer, size_t size) {
  REAL(void* (*)(void*, size_t), kRealloc);
  if (real == NULL || IsEarly(pointer)) {
    void* moved = malloc(size);
    const size_t most = pointer == NULL ? 0 : (size_t)(early + sizeof(early) - (char*)pointer);
    if (moved != NULL && pointer != NULL) memcpy(moved, pointer, size < most ? size : most);
    return moved;
  }
  return Fails() ? NULL : real(pointer, size);
}

int posix_memalign(void** result, size_t alignment, size_t size) {
  REAL(int (*)(void**, size_t, size_t), kPosixMemalign);
  return Fails() ? ENOMEM : real(result, alignment, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
  REAL(void* (*)(size_t, size_t), kAlignedAlloc);
  return Fails() ? NULL : real(alignment, size);
}

// Throws std::bad_alloc.
static void ThrowBadAlloc(void) {
  void (*raise)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "_ZSt17__throw_bad_allocv");
  if (raise == NULL) abort();
  raise();
}

// operator new(size_t), new[] and their kin, which jemalloc brings of its own.
#define NEW(name, function)            \
  void* name(size_t size) {            \
    REAL(void* (*)(size_t), function); \
    if (Fails()) ThrowBadAlloc();      \
    return real(size);                 \
  }
NEW(_Znwm, kNew)
NEW(_Znam, kNewArray)

#define NEW_ALIGNED(name, function)            \
  void* name(size_t size, size_t alignment) {  \
    REAL(void* (*)(size_t, size_t), function); \
    if (Fails()) ThrowBadAlloc();              \
    return real(size, alignment);              \
  }
NEW_ALIGNED(_ZnwmSt11align_val_t, kNewAligned)
NEW_ALIGNED(_ZnamSt11align_val_t, kNewArrayAligned)

#define NEW_OR_NULL(name, function)                 \
  void* name(size_t size, const void* nothrow) {    \
    REAL(void* (*)(size_t, const void*), function); \
    return Fails() ? NULL : real(size, nothrow);    \
  }
NEW_OR_NULL(_ZnwmRKSt9nothrow_t, kNewOrNull)
NEW_OR_NULL(_ZnamRKSt9nothrow_t, kNewArrayOrNull)
