#define _GNU_SOURCE
#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

// Everything from here to `child` runs between vfork and exec, in the memory of the parent, whose calling thread waits:
// system calls only, and no change to what the parent may look at.

static void close_on_exec_from(int first) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, (unsigned)first, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
#endif
  // Kernels before 5.11.
  struct rlimit limit;
  long last = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (1 << 20) ? (long)limit.rlim_cur : 1 << 20;
  for (long file = first; file < last; file++) fcntl((int)file, F_SETFD, FD_CLOEXEC);
}

static int prepare(pid_t parent, const char *folder, int output) {
  if (setpgid(0, 0) != 0) return -1;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return -1;
  // A parent that ended before that call sends nothing any more.
  if (getppid() != parent) {
    errno = ESRCH;
    return -1;
  }
  // The C library refuses to touch two signals of its own, which a parent's parent may have left ignored: so the system
  // is asked itself. Its structure is smaller than this, and all zero is the default.
  const long action[8] = {0};
  for (int number = 1; number < NSIG; number++) syscall(SYS_rt_sigaction, number, action, NULL, 8);
  int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (input < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) return -1;
  if (input == 0) {
    if (fcntl(0, F_SETFD, 0) < 0) return -1;
  } else if (dup2(input, 0) < 0) {
    return -1;
  }
  close_on_exec_from(3);
  return chdir(folder);
}

__attribute__((noreturn)) static void child(
    const char *path, char *const *arguments, char *const *environment, const char *folder, pid_t parent, int output,
    int report) {
  if (prepare(parent, folder, output) == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(path, arguments, environment);
  }
  int number = errno;
  while (write(report, &number, sizeof number) < 0 && errno == EINTR) {
  }
  _exit(127);
}

// A copy of `file` above the first three, which the child replaces.
static int above_standard(int file) { return fcntl(file, F_DUPFD_CLOEXEC, 3); }

static int start(
    const char *path, char *const *arguments, char *const *environment, const char *folder, int output, int report,
    pid_t *started) {
  pid_t parent = getpid();
  sigset_t all, before;
  sigfillset(&all);
  // No handler of the parent runs in the child.
  int error = pthread_sigmask(SIG_SETMASK, &all, &before);
  if (error != 0) return error;
  *started = vfork();
  if (*started == 0) child(path, arguments, environment, folder, parent, output, report);
  error = *started < 0 ? errno : 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}

pid_t spawn_child(
    const char *path, char *const *arguments, char *const *environment, const char *folder, int output, int *error) {
  int ends[2] = {-1, -1};
  pid_t started = -1;
  int out = above_standard(output);
  if (out < 0 || pipe2(ends, O_CLOEXEC) != 0) {
    *error = errno;
    if (out >= 0) close(out);
    return -1;
  }
  int report = above_standard(ends[1]);
  *error = report < 0 ? errno : start(path, arguments, environment, folder, out, report, &started);
  close(ends[1]);
  if (report >= 0) close(report);
  close(out);
  if (*error == 0) {
    // Nothing comes when the program runs: exec closes the other end.
    int number = 0;
    ssize_t count;
    while ((count = read(ends[0], &number, sizeof number)) < 0 && errno == EINTR) {
    }
    if (count == (ssize_t)sizeof number) {
      *error = number;
      while (waitpid(started, NULL, 0) < 0 && errno == EINTR) {
      }
    }
  }
  close(ends[0]);
  return *error == 0 ? started : -1;
}
