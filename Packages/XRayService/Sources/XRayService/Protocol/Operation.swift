import XRayModel

/// One operation of the API: its name, the path to which it is posted, and what answers it.
struct Operation: Sendable {
  /// Gives the result as JSON.
  typealias Answer = @Sendable (_ service: XRayService, _ input: Fields) async throws -> JSONWriter
  /// Gives the result of a request whose body is too long to be taken apart first.
  typealias BodyAnswer = @Sendable (_ service: XRayService, _ body: [UInt8]) async throws -> JSONWriter

  let name: String
  let path: String
  let answer: BodyAnswer

  /// - Parameter path: The name after a slash, where X-Ray has no other.
  init(_ name: String, _ path: String? = nil, _ answer: @escaping Answer) {
    self.init(name, path, reading: { service, body in try await answer(service, Fields(body)) })
  }

  init(_ name: String, _ path: String? = nil, reading answer: @escaping BodyAnswer) {
    self.name = name
    self.path = path ?? "/" + name
    self.answer = answer
  }
}

extension JSONWriter {
  /// A JSON object.
  static func object(_ members: (inout JSONWriter) throws -> Void) rethrows -> JSONWriter {
    var writer = JSONWriter()
    try writer.object(members)
    return writer
  }
}
