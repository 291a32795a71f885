/* Preloaded: makes one call on files below a folder fail, or end the process.

   Between the C library and whoever calls it, SQLite included. Armed and read through ctypes;
   counts every call that changes, opens or flushes a file below the folder; or, if it is told so,
   every one that opens, reads, maps or measures one. The count is shared with every process that
   one with this library starts, by the file FAULT_STATE. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { DISARMED = 0, KILL = -1 };
enum { CHANGES = 1, READS = 2 };

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

struct state {
    atomic_int calls, nth, what, lasting, kinds;
    char folder[PATH_MAX];
};
static struct state *shared;

__attribute__((constructor)) static void share(void) {
    int file = REAL(open)(FAULT_STATE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || REAL(ftruncate)(file, sizeof *shared) < 0) abort();
    void *mapped = REAL(mmap)(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) abort();
    close(file);
    shared = mapped;
}

/* Whose files: `folder` ends in a slash. Whether calls that change them fail, or those that read. */
void fault_watch(const char *folder, int reads) {
    shared->what = DISARMED;
    shared->kinds = reads ? READS : CHANGES;
    snprintf(shared->folder, sizeof shared->folder, "%s", folder);
}

/* what: an errno, KILL, or DISARMED. */
void fault_arm(int at, int error, int from_then_on) {
    shared->calls = 0;
    shared->nth = at;
    shared->lasting = from_then_on;
    shared->what = error;
}

int fault_calls(void) { return shared->calls; }

static int below(const char *path) {
    const char *folder = shared ? shared->folder : "";
    return *folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

static int fails(void) {
    int call = ++shared->calls, error = shared->what;
    if (error == DISARMED || (shared->lasting ? call < shared->nth : call != shared->nth)) return 0;
    if (error == KILL) kill(getpid(), SIGKILL);
    errno = error;
    return 1;
}

static int watched(int kind) { return shared && shared->kinds & kind; }

static int path_fails(const char *path, int kind) { return watched(kind) && below(path) && fails(); }

static int file_fails(int file, int kind) {
    if (!watched(kind)) return 0;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return path_fails(path, kind);
}

#define OPEN(name)                                                                                \
    int name(const char *path, int flags, ...) {                                                  \
        va_list rest;                                                                             \
        va_start(rest, flags);                                                                    \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                   \
        va_end(rest);                                                                             \
        return path_fails(path, CHANGES | READS) ? -1 : REAL(name)(path, flags, mode);                             \
    }
#define ON_FILE(type, name, parameters, arguments)                                                \
    type name parameters { return file_fails(file, CHANGES) ? -1 : REAL(name) arguments; }
#define ON_READ(type, name, parameters, arguments)                                                \
    type name parameters { return file_fails(file, READS) ? -1 : REAL(name) arguments; }
#define ON_PATH(name, parameters, arguments)                                                      \
    int name parameters { return path_fails(path, CHANGES) ? -1 : REAL(name) arguments; }

OPEN(open)
OPEN(open64)
ON_FILE(ssize_t, write, (int file, const void *data, size_t size), (file, data, size))
ON_FILE(ssize_t, pwrite, (int file, const void *data, size_t size, off_t at), (file, data, size, at))
ON_FILE(ssize_t, pwrite64, (int file, const void *data, size_t size, off64_t at), (file, data, size, at))
ON_FILE(int, fsync, (int file), (file))
ON_FILE(int, fdatasync, (int file), (file))
ON_FILE(int, ftruncate, (int file, off_t size), (file, size))
ON_FILE(int, ftruncate64, (int file, off64_t size), (file, size))
ON_READ(ssize_t, read, (int file, void *data, size_t size), (file, data, size))
ON_READ(ssize_t, pread, (int file, void *data, size_t size, off_t at), (file, data, size, at))
ON_READ(ssize_t, pread64, (int file, void *data, size_t size, off64_t at), (file, data, size, at))
ON_READ(ssize_t, preadv2, (int file, const struct iovec *to, int count, off_t at, int flags), (file, to, count, at, flags))
ON_READ(ssize_t, preadv64v2, (int file, const struct iovec *to, int count, off64_t at, int flags), (file, to, count, at, flags))
ON_READ(int, fstat, (int file, struct stat *found), (file, found))
ON_READ(int, fstat64, (int file, struct stat64 *found), (file, found))
ON_PATH(rename, (const char *path, const char *to), (path, to))
ON_PATH(unlink, (const char *path), (path))
ON_PATH(mkdir, (const char *path, mode_t mode), (path, mode))
ON_PATH(chmod, (const char *path, mode_t mode), (path, mode))

int posix_fallocate(int file, off_t from, off_t size) {
    return file_fails(file, CHANGES) ? errno : REAL(posix_fallocate)(file, from, size);
}
int posix_fallocate64(int file, off64_t from, off64_t size) {
    return file_fails(file, CHANGES) ? errno : REAL(posix_fallocate64)(file, from, size);
}

void *mmap(void *where, size_t size, int protection, int flags, int file, off_t from) {
    int refused = !(flags & MAP_ANONYMOUS) && file_fails(file, READS);
    return refused ? MAP_FAILED : REAL(mmap)(where, size, protection, flags, file, from);
}
void *mmap64(void *where, size_t size, int protection, int flags, int file, off64_t from) {
    int refused = !(flags & MAP_ANONYMOUS) && file_fails(file, READS);
    return refused ? MAP_FAILED : REAL(mmap64)(where, size, protection, flags, file, from);
}
