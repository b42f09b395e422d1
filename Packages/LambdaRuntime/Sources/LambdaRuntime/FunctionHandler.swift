public import XRayModel

/// What a function does with an event: bytes in, bytes out.
///
/// Made from a closure over bytes, over JSON, or over types of your own with the coders of your choice:
///
/// ```swift
/// FunctionHandler(
///   decode: { try JSONDecoder().decode(Order.self, from: Data($0)) },
///   encode: { Array(try JSONEncoder().encode($0)) }
/// ) { (order: Order, context) in Receipt(order) }
/// ```
public struct FunctionHandler: Sendable {
  let site: HandlerSite
  let handle: @Sendable ([UInt8], LambdaContext) async throws -> [UInt8]

  /// Takes events as they come, and answers as it pleases: Lambda passes any bytes on.
  ///
  /// - Parameters:
  ///   - file: Where the handler is, as the cause of its errors names it.
  ///   - handle: An error that it throws fails the invocation, with the error's type as `errorType` and its
  ///     description as `errorMessage`.
  public init(
    file: String = #fileID, line: Int = #line,
    _ handle: @escaping @Sendable (_ event: [UInt8], _ context: LambdaContext) async throws -> [UInt8]
  ) {
    site = HandlerSite(path: file, line: line)
    self.handle = handle
  }

  /// Takes events and answers as values, which closures make from bytes and turn into bytes.
  ///
  /// An error of `decode` fails the invocation as `Runtime.UnmarshalError`, one of `encode` as `Runtime.MarshalError`.
  public init<Event: Sendable, Answer: Sendable>(
    decode: @escaping @Sendable ([UInt8]) throws -> Event, encode: @escaping @Sendable (Answer) throws -> [UInt8],
    file: String = #fileID, line: Int = #line,
    _ handle: @escaping @Sendable (_ event: Event, _ context: LambdaContext) async throws -> Answer
  ) {
    self.init(file: file, line: line) { bytes, context in
      let event: Event
      do {
        event = try decode(bytes)
      } catch {
        throw ConversionError(type: "Runtime.UnmarshalError", cause: error)
      }
      let answer = try await handle(event, context)
      do {
        return try encode(answer)
      } catch {
        throw ConversionError(type: "Runtime.MarshalError", cause: error)
      }
    }
  }

  /// Takes and answers JSON: `event["name"]?.string`, `["greeting": "Hello"]`.
  public static func json(
    file: String = #fileID, line: Int = #line,
    _ handle: @escaping @Sendable (_ event: JSONValue, _ context: LambdaContext) async throws -> JSONValue
  ) -> FunctionHandler {
    FunctionHandler(
      decode: { try JSONValue(parsing: $0.span) }, encode: { Array($0.rendered().utf8) }, file: file, line: line, handle
    )
  }
}

/// Where a handler is in its program. Swift's errors do not know where they were thrown.
struct HandlerSite: Hashable, Sendable {
  var path: String
  var line: Int
}

/// An event that could not be read, or an answer that could not be written.
struct ConversionError: Error {
  /// `Runtime.UnmarshalError` or `Runtime.MarshalError`, as Lambda's own runtimes call them.
  var type: String
  var cause: any Error
}
