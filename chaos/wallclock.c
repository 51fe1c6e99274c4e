/* A wall clock that is off by as many nanoseconds as stand in the file named by CHAOS_CLOCK.
 *
 * Preloaded into the processes of a run. Only the wall clock is changed, never the monotonic one
 * by which loops, locks and sleeps wait: what a clock that is set wrong does to a real machine.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const long NANO = 1000000000L;
static int (*real_clock_gettime)(clockid_t, struct timespec *);
static const volatile long *offset;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CHAOS_CLOCK");
    int file;

    real_clock_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    if (path == NULL || (file = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        return;
    void *page = mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (page != MAP_FAILED)
        offset = page;
}

int clock_gettime(clockid_t clock, struct timespec *out) {
    if (real_clock_gettime == NULL)
        begin();
    int result = real_clock_gettime(clock, out);
    if (result == 0 && offset != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        long shift = *offset;
        out->tv_sec += shift / NANO;
        out->tv_nsec += shift % NANO;
        if (out->tv_nsec >= NANO) {
            out->tv_sec += 1;
            out->tv_nsec -= NANO;
        } else if (out->tv_nsec < 0) {
            out->tv_sec -= 1;
            out->tv_nsec += NANO;
        }
    }
    return result;
}

int gettimeofday(struct timeval *out, void *zone) {
    struct timespec now;

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now))
        return -1;
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}
