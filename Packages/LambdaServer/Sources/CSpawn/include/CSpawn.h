#ifndef FLUORO_CSPAWN_H
#define FLUORO_CSPAWN_H

#include <sys/types.h>

// Starts `path` as the leader of a process group of its own, in `folder`, with /dev/null as its input, `output` as its
// output and for its errors, no other open file, no blocked or ignored signal. It is killed when the thread that calls
// this ends, and so when the process does, however that comes.
//
// Returns its number, or -1 with the system's error number in `error`: then there is no such process.
pid_t spawn_child(
    const char *path, char *const *arguments, char *const *environment, const char *folder, int output, int *error);

#endif
