#define _GNU_SOURCE
#include "CDatagrams.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sock_diag.h>

// A UDP payload has at most 65,507 bytes.
enum { batch_limit = 64, slot_size = 65536 };

const int datagrams_batch_limit = batch_limit;

struct datagrams_batch {
  struct mmsghdr messages[batch_limit];
  struct iovec vectors[batch_limit];
  uint8_t *bytes;
};

static int granted_receive_buffer(int descriptor, int wanted) {
  // The first call goes past net.core.rmem_max where the process may; the second is for everybody.
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) != 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
  int granted = 0;
  socklen_t size = sizeof granted;
  getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &granted, &size);
  return granted / 2; // Linux doubles what it is asked for, and answers the double.
}

static int fail(struct datagrams_socket *result, int code) {
  result->error = strerror(code);
  if (result->descriptor >= 0) close(result->descriptor);
  result->descriptor = -1;
  return -code;
}

int datagrams_bind(const char *host, uint16_t port, int receive_buffer, struct datagrams_socket *result) {
  memset(result, 0, sizeof *result);
  result->descriptor = -1;
  struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found = NULL;
  char service[8];
  snprintf(service, sizeof service, "%u", port);
  int code = getaddrinfo(host, service, &hints, &found);
  if (code != 0) {
    result->error = gai_strerror(code);
    return -EADDRNOTAVAIL;
  }
  int descriptor = socket(found->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  result->descriptor = descriptor;
  if (descriptor < 0 || bind(descriptor, found->ai_addr, found->ai_addrlen) != 0) {
    int error = errno;
    freeaddrinfo(found);
    return fail(result, error);
  }
  freeaddrinfo(found);
  struct sockaddr_storage bound;
  socklen_t size = sizeof bound;
  if (getsockname(descriptor, (struct sockaddr *)&bound, &size) != 0) return fail(result, errno);
  getnameinfo((struct sockaddr *)&bound, size, result->host, sizeof result->host, NULL, 0, NI_NUMERICHOST);
  result->port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                                   : ((struct sockaddr_in *)&bound)->sin_port);
  result->receive_buffer = granted_receive_buffer(descriptor, receive_buffer);
  return 0;
}

void datagrams_close(int descriptor) { close(descriptor); }

int datagrams_dropped(int descriptor, uint32_t *count) {
  // SO_RXQ_OVFL tells the same number, but only along with the next datagram that does get through.
  uint32_t information[SK_MEMINFO_VARS] = {0};
  socklen_t size = sizeof information;
  if (getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, information, &size) != 0) return -errno;
  *count = information[SK_MEMINFO_DROPS];
  return 0;
}

struct datagrams_batch *datagrams_batch_create(void) {
  struct datagrams_batch *batch = calloc(1, sizeof *batch);
  if (batch == NULL || (batch->bytes = calloc(batch_limit, slot_size)) == NULL) abort();
  for (int index = 0; index < batch_limit; index++) {
    batch->vectors[index] = (struct iovec){batch->bytes + (size_t)index * slot_size, slot_size};
    batch->messages[index].msg_hdr.msg_iov = &batch->vectors[index];
    batch->messages[index].msg_hdr.msg_iovlen = 1;
  }
  return batch;
}

void datagrams_batch_destroy(struct datagrams_batch *batch) {
  free(batch->bytes);
  free(batch);
}

int datagrams_receive(int descriptor, struct datagrams_batch *batch) {
  int count = recvmmsg(descriptor, batch->messages, batch_limit, MSG_DONTWAIT, NULL);
  if (count >= 0) return count;
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -errno;
}

const uint8_t *datagrams_bytes(const struct datagrams_batch *batch, int index) {
  return batch->bytes + (size_t)index * slot_size;
}

size_t datagrams_length(const struct datagrams_batch *batch, int index) { return batch->messages[index].msg_len; }

int datagrams_waker(void) {
  int waker = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return waker >= 0 ? waker : -errno;
}

void datagrams_wake(int waker) { eventfd_write(waker, 1); }

int datagrams_wait(int descriptor, int waker, int milliseconds) {
  struct pollfd watched[] = {{.fd = descriptor, .events = POLLIN}, {.fd = waker, .events = POLLIN}};
  if (poll(watched, 2, milliseconds) < 0) return errno == EINTR ? 0 : -errno;
  eventfd_t ignored;
  if (watched[1].revents != 0) eventfd_read(waker, &ignored);
  return 0;
}

void datagrams_nap(int waker, int64_t nanoseconds) {
  struct pollfd watched = {.fd = waker, .events = POLLIN};
  struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  ppoll(&watched, 1, &time, NULL);
}
