import Glibc
import XRayModel

/// Calls over some connections, on each the next as soon as the last was answered, and how long each took.
struct CallLoad {
  private(set) var samples = Samples()
  private(set) var seconds = 0.0
  private(set) var answerBytes = 0
  /// More than asked for where a server does not keep them.
  private(set) var connections = 0

  /// - Parameter check: Takes each answer, and throws when it is not as it should be.
  init(
    _ calls: [APICall], over count: Int = 1, port: UInt16, check: (JSONValue) throws -> Void
  ) throws {
    let lines = (0..<count).map { _ in KeptConnection(port: port) }
    var waiting = [pollfd](repeating: pollfd(fd: -1, events: Int16(POLLIN), revents: 0), count: count)
    var starts = [ContinuousClock.Instant](repeating: .now, count: count)
    var remaining = calls[...]
    func call(_ line: Int) throws {
      waiting[line].fd = -1
      guard let next = remaining.popFirst() else { return }
      starts[line] = .now
      try lines[line].send(next)
      waiting[line].fd = lines[line].descriptor
    }

    let start = ContinuousClock.now
    for line in lines.indices { try call(line) }
    while waiting.contains(where: { $0.fd >= 0 }) {
      guard poll(&waiting, nfds_t(count), -1) > 0 else {
        if errno == EINTR { continue }
        throw Failure.failed("cannot wait for answers: \(Console.systemError)")
      }
      for line in lines.indices where waiting[line].fd >= 0 && waiting[line].revents != 0 {
        let answer = try lines[line].receive()
        samples.append(starts[line].duration(to: .now) / .seconds(1))
        answerBytes += answer.body.count
        guard answer.status == 200 else {
          throw Failure.failed("answer \(answer.status): \(String(decoding: answer.body.prefix(300), as: UTF8.self))")
        }
        try check(try JSONValue(parsing: answer.body.span))
        try call(line)
      }
    }
    seconds = start.duration(to: .now) / .seconds(1)
    connections = lines.reduce(0) { $0 + $1.count }
  }
}
