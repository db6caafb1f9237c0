"""A wall clock that a test sets while a server runs."""

import mmap
import struct
import subprocess

# The clock runs as the system's does, so many seconds ahead of it as a mapped file says.
SHIFTED_CLOCK = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static const volatile long *shift;
__attribute__((constructor)) static void map(void) {
    int file = open(getenv("TEST_CLOCK"), O_RDONLY | O_CLOEXEC);
    void *page = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) shift = page;
    close(file);
}
int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += *shift;
    return result;
}
int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *told) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (told) *told = now.tv_sec;
    return now.tv_sec;
}
"""


def preloaded(source, place):
    """A library of a C source, for `LD_PRELOAD`."""
    (place / "clock.c").write_text(source)
    library = place / "clock.so"
    subprocess.run(["clang", "-shared", "-fPIC", "-O1", place / "clock.c", "-o", library], check=True)
    return str(library)


class WallClock:
    """What processes see that are started with its `variables`."""

    def __init__(self, place):
        self.path = place / "clock.shift"
        self.path.write_bytes(struct.pack("l", 0))
        self.variables = {"LD_PRELOAD": preloaded(SHIFTED_CLOCK, place), "TEST_CLOCK": str(self.path)}
        with self.path.open("r+b") as file:
            self.page = mmap.mmap(file.fileno(), struct.calcsize("l"))

    def set(self, seconds):
        """Sets the clock so many seconds ahead of the system's, or behind it."""
        self.page[:] = struct.pack("l", seconds)
