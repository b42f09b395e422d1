#ifndef CDATAGRAMS_H
#define CDATAGRAMS_H

#include <stddef.h>
#include <stdint.h>

// The few Linux calls of a UDP receiver that Swift cannot make well by itself: `recvmmsg` with its nested
// structures, and socket options that are macros. Calls return a negated `errno` on failure.

/// What `datagrams_bind` opened.
struct datagrams_socket {
  int descriptor;
  /// Bytes of receive buffer that the kernel granted, in the unit in which they were asked for.
  int receive_buffer;
  uint16_t port;
  /// The numeric address bound to.
  char host[64];
  /// On failure, why; never freed.
  const char *error;
};

/// Binds a non-blocking UDP socket; port 0 takes a free one.
int datagrams_bind(const char *host, uint16_t port, int receive_buffer, struct datagrams_socket *result);

void datagrams_close(int descriptor);

/// Reads how many datagrams the kernel dropped at this socket since it was opened.
int datagrams_dropped(int descriptor, uint32_t *count);

/// Memory for one batch of datagrams; pages that no datagram ever reached cost nothing.
struct datagrams_batch;
struct datagrams_batch *datagrams_batch_create(void);
void datagrams_batch_destroy(struct datagrams_batch *batch);

/// Takes what waits in the socket, at most `datagrams_batch_limit` datagrams. Never waits: 0 when nothing is there.
int datagrams_receive(int descriptor, struct datagrams_batch *batch);
extern const int datagrams_batch_limit;
const uint8_t *datagrams_bytes(const struct datagrams_batch *batch, int index);
size_t datagrams_length(const struct datagrams_batch *batch, int index);

/// A descriptor by which other threads end `datagrams_wait`.
int datagrams_waker(void);
void datagrams_wake(int waker);

/// Waits for a datagram, a wake-up or the end of the time; negative milliseconds wait for ever.
int datagrams_wait(int descriptor, int waker, int milliseconds);

/// Waits for a wake-up, which stays for `datagrams_wait`, or the end of the time; datagrams gather meanwhile.
void datagrams_nap(int waker, int64_t nanoseconds);

#endif
