import LambdaEmitter
import XRayModel

/// An error as a runtime reports it: a JSON body, and beside it two headers.
enum ReportedError {
  /// Lambda: the header's JSON has at most 1 MiB; runtimes leave it empty rather than send more.
  static let causeBytesLimit = 1 << 20
  private static let frameLimit = 1000
  private static let messageBytesLimit = 64 << 10

  /// The error of `body`: `errorType`, `errorMessage` and `stackTrace`; a body of any other form is its message.
  static func error(body: [UInt8], type header: String?, cause: String?) -> FunctionError {
    let json = try? JSONValue(parsing: body.span)
    let type = json?["errorType"]?.string ?? header.map(accepted) ?? "Runtime.Unknown"
    let text = String(decoding: body.prefix(messageBytesLimit), as: UTF8.self)
    let message = json?["errorMessage"]?.string ?? (json?.object == nil ? text : "")
    let stack = (json?["stackTrace"]?.array ?? []).prefix(frameLimit).compactMap { frame in
      frame.string.map { StackFrame(path: nil, line: nil, label: $0) }
    }
    // Runtimes add members of their own, such as the request's id: callers get them all.
    return FunctionError(
      type: type, message: message, stack: stack, cause: cause.flatMap(detail),
      body: json?["errorType"] == nil ? nil : body)
  }

  /// A type that Lambda takes from the header: `Runtime.Name` or `Function.Name`, or what stands for all others.
  static func accepted(_ type: String) -> String {
    let parts = type.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == "Runtime" || parts[0] == "Function" else { return "Runtime.Unknown" }
    let name = parts[1].utf8
    guard let first = name.first, name.count > 1, first.isUpperCase, name.allSatisfy(\.isLetter) else {
      return "\(parts[0]).Unknown"
    }
    return type
  }

  /// The cause for X-Ray, with the members that Lambda keeps; `nil` when it has none of them or cannot be read.
  static func detail(_ header: String) -> CauseDetail? {
    guard header.utf8.count <= causeBytesLimit, let json = try? JSONValue(parsing: header), json.object != nil
    else { return nil }
    var detail = CauseDetail(
      workingDirectory: json["working_directory"]?.string,
      exceptions: (json["exceptions"]?.array ?? []).compactMap(exception))
    detail.paths = (json["paths"]?.array ?? []).compactMap(\.string)
    detail.message = json["message"]?.string
    let isEmpty =
      (detail.workingDirectory ?? "").isEmpty && detail.paths.isEmpty && detail.exceptions.isEmpty
      && (detail.message ?? "").isEmpty
    return isEmpty ? nil : detail
  }

  private static func exception(_ json: JSONValue) -> CapturedException? {
    guard json.object != nil else { return nil }
    let stack = (json["stack"]?.array ?? []).compactMap { frame -> StackFrame? in
      guard frame.object != nil else { return nil }
      return StackFrame(
        path: frame["path"]?.string, line: frame["line"]?.number?.integer, label: frame["label"]?.string)
    }
    return CapturedException(id: nil, message: json["message"]?.string, type: json["type"]?.string, stack: stack)
  }
}

extension UInt8 {
  fileprivate var isUpperCase: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
  fileprivate var isLetter: Bool { isUpperCase || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
}
