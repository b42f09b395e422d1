import NIOHTTP1
import XRayModel

import struct DaemonServer.DaemonServer

/// A call of an operation.
struct Call: Sendable {
  let target: RequestTarget
  let headers: HTTPHeaders
  let body: [UInt8]
  /// What stands in the path for its `{…}`.
  let captures: [String]
}

/// One operation of the API: where it is, what it takes and what answers it.
struct Operation: Sendable {
  typealias Answer = @Sendable (_ api: LambdaAPI, _ call: Call) async throws(APIError) -> Reply

  let name: String
  let method: HTTPMethod
  /// The parts of its path; `nil` stands for any text.
  private let pattern: [String?]
  let bodyBytes: Int
  /// How long it may take, when that is longer than others may.
  let answerTime: Duration?
  let answer: Answer

  /// - Parameter path: With `{…}` for what callers fill in.
  init(
    _ name: String, _ method: HTTPMethod, _ path: String, bodyBytes: Int = 0, answerTime: Duration? = nil,
    _ answer: @escaping Answer
  ) {
    self.name = name
    self.method = method
    pattern = path.split(separator: "/").map { $0.hasPrefix("{") ? nil : String($0) }
    self.bodyBytes = bodyBytes
    self.answerTime = answerTime
    self.answer = answer
  }

  /// What stands for the `{…}`; `nil` when the path is another.
  func captures(in parts: [String]) -> [String]? {
    guard parts.count == pattern.count else { return nil }
    var captures: [String] = []
    for (part, expected) in zip(parts, pattern) {
      guard let expected else {
        captures.append(part)
        continue
      }
      if part != expected { return nil }
    }
    return captures
  }
}
