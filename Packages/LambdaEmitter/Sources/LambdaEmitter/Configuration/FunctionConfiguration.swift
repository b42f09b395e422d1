/// Who decides whether an invocation is traced: the member `TracingConfig.Mode`.
public enum TracingMode: String, Hashable, Sendable, CaseIterable {
  /// Only the service upstream: an invocation is traced when its tracing header says `Sampled=1`.
  case passThrough = "PassThrough"
  /// Lambda samples the invocations on which nobody upstream has decided.
  case active = "Active"
}

/// What a function is and what it may use.
public struct FunctionConfiguration: Hashable, Sendable {
  /// 1 to 64 letters, digits, hyphens and underscores.
  public var name: String
  /// The ARN of the execution role.
  public var role: String
  /// The identifier of the runtime, such as `provided.al2023`.
  public var runtime = "provided.al2023"
  public var handler = "bootstrap"
  public var description = ""
  /// 128 to 10,240 MB.
  public var memoryMegabytes = 128
  /// 1 to 900 seconds, for the runtime and everything beside it.
  public var timeoutSeconds = 3
  public var tracingMode = TracingMode.passThrough
  /// The function's own variables, at most 4 KB in all. Reserved names are left out.
  public var environment: [String: String] = [:]
  /// Where events go that were given up: the ARN of a queue.
  public var deadLetterTarget: String?

  public init(name: String, role: String) {
    self.name = name
    self.role = role
  }

  /// Lambda: environment variables have at most 4 KB in all.
  public static let environmentBytesLimit = 4096

  /// Throws what the API answers for values out of their ranges.
  func validate() throws(LambdaError) {
    func check(_ holds: Bool, _ message: @autoclosure () -> String) throws(LambdaError) {
      if !holds { throw LambdaError(.invalidParameterValue, message()) }
    }
    try check(
      (1...64).contains(name.utf8.count) && name.utf8.allSatisfy(\.isFunctionNameByte),
      "function name \"\(name.prefix(80))\" must have 1 to 64 letters, digits, hyphens and underscores")
    try check((128...10_240).contains(memoryMegabytes), "memory size \(memoryMegabytes) must be 128 to 10,240 MB")
    try check((1...900).contains(timeoutSeconds), "timeout \(timeoutSeconds) must be 1 to 900 seconds")
    try check(handler.utf8.count <= 128, "handler must have at most 128 characters")
    try check(description.utf8.count <= 256, "description must have at most 256 characters")
    let bytes = environment.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    try check(
      bytes <= Self.environmentBytesLimit,
      "environment variables have \(bytes) bytes, more than \(Self.environmentBytesLimit)")
  }
}

extension UInt8 {
  fileprivate var isFunctionNameByte: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
