// Makes system calls below one folder fail as a broken disk does, remembers what a power failure
// would leave of it, and shifts the system's clock.
//
// Preloaded into a process with LD_PRELOAD. FAULTS_FOLDER is the folder; FAULTS_CONTROL is a file
// with a `struct control`, which tests/support/disk_faults.py maps too. Linux only.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { WRITE, SYNC, RENAME, CREATE, TRUNCATE, UNLINK, MKDIR, KINDS };

// SHORT writes half of the bytes. The last two kill the process: before the call, or after it, a
// write after half of its bytes.
enum action { NOTHING, FAIL, SHORT, DIE_BEFORE, DIE_AFTER };

struct control {
  atomic_uint armed;
  uint32_t kinds;        // a bit for each kind that may fail
  uint32_t action;       // what happens to the call
  uint32_t error;        // errno of a call that fails
  uint32_t one_in;       // 1: each call; 3: a third of them, by chance
  atomic_uint random;    // state of that chance
  atomic_int skipped;    // calls before the first that may fail
  atomic_int remaining;  // faults until the disk is well again
  atomic_llong clock_offset;  // seconds
  atomic_ullong calls[KINDS];
  atomic_ullong faults[KINDS];
};

#define MAX_DESCRIPTORS 65536
#define REAL(name) ((__typeof__(&name))real(#name))

static struct control *control;
static const char *folder;
static const char *flushed;  // a folder outside of it, or NULL
static atomic_uchar watched[MAX_DESCRIPTORS];  // descriptors of files below the folder

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("FAULTS_CONTROL");
  folder = getenv("FAULTS_FOLDER");
  flushed = getenv("FAULTS_FLUSHED");
  int descriptor = path ? REAL(open)(path, O_RDWR) : -1;
  if (descriptor < 0) return;
  void *mapped =
      mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  REAL(close)(descriptor);
  if (mapped != MAP_FAILED) control = mapped;
}

static int is_below(const char *path) {
  if (!control || !folder || !path) return 0;
  size_t length = strlen(folder);
  return !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

static int is_watched(int descriptor) {
  return control && descriptor >= 0 && descriptor < MAX_DESCRIPTORS && watched[descriptor];
}

static int watch(int descriptor, const char *path) {
  if (descriptor >= 0 && descriptor < MAX_DESCRIPTORS) watched[descriptor] = is_below(path);
  return descriptor;
}

static uint32_t next_random(void) {
  uint32_t state = atomic_fetch_add(&control->random, 0x9e3779b9);
  state = (state ^ (state >> 16)) * 0x85ebca6b;
  state = (state ^ (state >> 13)) * 0xc2b2ae35;
  return state ^ (state >> 16);
}

// What happens to a call: it is counted, and so is its fault.
static enum action strike(enum kind kind) {
  control->calls[kind]++;
  if (!control->armed || !(control->kinds >> kind & 1)) return NOTHING;
  if (control->skipped > 0 && control->skipped-- > 0) return NOTHING;
  if (control->one_in > 1 && next_random() % control->one_in) return NOTHING;
  if (control->remaining <= 0 || control->remaining-- <= 0) return NOTHING;
  control->faults[kind]++;
  errno = control->error;
  return control->action;
}

static void die(void) {
  kill(getpid(), SIGKILL);
  pause();
}

// The result of a call that is whole or not at all.
#define WHOLE(kind, call)                     \
  switch (strike(kind)) {                     \
    case DIE_BEFORE: die(); break;            \
    case DIE_AFTER: (void)!(call); die(); break; \
    case FAIL: case SHORT: return -1;         \
    case NOTHING: break;                      \
  }                                           \
  return call

// The result of a write, of which `half` writes half.
#define WRITTEN(call, half)                   \
  switch (strike(WRITE)) {                    \
    case DIE_BEFORE: die(); break;            \
    case DIE_AFTER: (void)!(half); die(); break; \
    case FAIL: return -1;                     \
    case SHORT: return half;                  \
    case NOTHING: break;                      \
  }                                           \
  return call

ssize_t write(int descriptor, const void *bytes, size_t size) {
  if (!is_watched(descriptor)) return REAL(write)(descriptor, bytes, size);
  WRITTEN(REAL(write)(descriptor, bytes, size), REAL(write)(descriptor, bytes, (size + 1) / 2));
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset) {
  if (!is_watched(descriptor)) return REAL(pwrite)(descriptor, bytes, size, offset);
  WRITTEN(REAL(pwrite)(descriptor, bytes, size, offset),
          REAL(pwrite)(descriptor, bytes, (size + 1) / 2, offset));
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset) {
  if (!is_watched(descriptor)) return REAL(pwrite64)(descriptor, bytes, size, offset);
  WRITTEN(REAL(pwrite64)(descriptor, bytes, size, offset),
          REAL(pwrite64)(descriptor, bytes, (size + 1) / 2, offset));
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  if (!is_watched(descriptor)) return REAL(writev)(descriptor, parts, count);
  WRITTEN(REAL(writev)(descriptor, parts, count), REAL(writev)(descriptor, parts, (count + 1) / 2));
}

// A power failure leaves a file as it was when it was last flushed, and so the names in a folder.
// FAULTS_FLUSHED has one file for each, by its inode: the content, or a line for each name.

static void copy_names(const char *path, FILE *to) {
  DIR *names = opendir(path);
  if (!names) return;
  for (struct dirent *entry; (entry = readdir(names));)
    fprintf(to, "%llu %s\n", (unsigned long long)entry->d_ino, entry->d_name);
  closedir(names);
}

static void copy_content(const char *path, FILE *to) {
  char bytes[65536];
  size_t size;
  FILE *from = fopen(path, "r");
  if (!from) return;
  while ((size = fread(bytes, 1, sizeof bytes, from))) fwrite(bytes, 1, size, to);
  fclose(from);
}

// Flushes by `flush`. What is there before it begins counts as flushed once it has ended.
static int flush_and_remember(int descriptor, int (*flush)(int)) {
  struct stat status;
  if (!flushed || fstat(descriptor, &status)) return flush(descriptor);
  char itself[64], path[4096], temporary[4200];
  // by its path, because a descriptor may be for writing only
  snprintf(itself, sizeof itself, "/proc/self/fd/%d", descriptor);
  snprintf(path, sizeof path, "%s/%llu", flushed, (unsigned long long)status.st_ino);
  snprintf(temporary, sizeof temporary, "%s.%d", path, gettid());
  FILE *copy = fopen(temporary, "w");
  if (!copy) return flush(descriptor);
  if (S_ISDIR(status.st_mode))
    copy_names(itself, copy);
  else
    copy_content(itself, copy);
  fclose(copy);
  int result = flush(descriptor);
  if (!result) REAL(rename)(temporary, path);
  return result;
}

int fsync(int descriptor) {
  if (!is_watched(descriptor)) return REAL(fsync)(descriptor);
  WHOLE(SYNC, flush_and_remember(descriptor, REAL(fsync)));
}

int fdatasync(int descriptor) {
  if (!is_watched(descriptor)) return REAL(fdatasync)(descriptor);
  WHOLE(SYNC, flush_and_remember(descriptor, REAL(fdatasync)));
}

int ftruncate(int descriptor, off_t size) {
  if (!is_watched(descriptor)) return REAL(ftruncate)(descriptor, size);
  WHOLE(TRUNCATE, REAL(ftruncate)(descriptor, size));
}

int ftruncate64(int descriptor, off64_t size) {
  if (!is_watched(descriptor)) return REAL(ftruncate64)(descriptor, size);
  WHOLE(TRUNCATE, REAL(ftruncate64)(descriptor, size));
}

int rename(const char *from, const char *to) {
  if (!is_below(to)) return REAL(rename)(from, to);
  WHOLE(RENAME, REAL(rename)(from, to));
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
  if (!is_below(to)) return REAL(renameat)(from_folder, from, to_folder, to);
  WHOLE(RENAME, REAL(renameat)(from_folder, from, to_folder, to));
}

int unlink(const char *path) {
  if (!is_below(path)) return REAL(unlink)(path);
  WHOLE(UNLINK, REAL(unlink)(path));
}

int unlinkat(int at, const char *path, int flags) {
  if (!is_below(path)) return REAL(unlinkat)(at, path, flags);
  WHOLE(UNLINK, REAL(unlinkat)(at, path, flags));
}

int mkdir(const char *path, mode_t mode) {
  if (!is_below(path)) return REAL(mkdir)(path, mode);
  WHOLE(MKDIR, REAL(mkdir)(path, mode));
}

int close(int descriptor) {
  watch(descriptor, NULL);
  return REAL(close)(descriptor);
}

// A descriptor is watched once it is open. Only a call that may make a file is struck.
#define OPENED(call)                                         \
  if ((flags & O_CREAT) && is_below(path)) {                 \
    switch (strike(CREATE)) {                                \
      case DIE_BEFORE: die(); break;                         \
      case DIE_AFTER: (void)!(call); die(); break;           \
      case FAIL: case SHORT: return -1;                      \
      case NOTHING: break;                                   \
    }                                                        \
  }                                                          \
  return watch(call, path)

#define MODE                                 \
  mode_t mode = 0;                           \
  if (flags & (O_CREAT | O_TMPFILE)) {       \
    va_list arguments;                       \
    va_start(arguments, flags);              \
    mode = va_arg(arguments, mode_t);        \
    va_end(arguments);                       \
  }

int open(const char *path, int flags, ...) {
  MODE;
  OPENED(REAL(open)(path, flags, mode));
}

int open64(const char *path, int flags, ...) {
  MODE;
  OPENED(REAL(open64)(path, flags, mode));
}

int openat(int at, const char *path, int flags, ...) {
  MODE;
  OPENED(REAL(openat)(at, path, flags, mode));
}

int openat64(int at, const char *path, int flags, ...) {
  MODE;
  OPENED(REAL(openat64)(at, path, flags, mode));
}

// The clock that tells the time of day jumps; clocks that only go forward do not.

int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = REAL(clock_gettime)(clock, now);
  int tells_time = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
  if (!result && control && tells_time) now->tv_sec += control->clock_offset;
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  int result = REAL(gettimeofday)(now, zone);
  if (!result && control) now->tv_sec += control->clock_offset;
  return result;
}

time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}
