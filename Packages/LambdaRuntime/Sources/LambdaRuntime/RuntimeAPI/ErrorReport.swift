import XRayModel
import XRaySDK

/// An error in the form in which Lambda wants to know of it: a JSON body and, for X-Ray, a header.
struct ErrorReport: Sendable {
  /// Such as `OrderError`, or `Runtime.UnmarshalError`.
  var type: String
  var message: String
  /// Of X-Ray's cause: the error, then what caused it.
  private var exceptions: [CapturedException]
  private let site: HandlerSite?

  /// Bytes that the body may have: the rest of an answer's 6 MB is of no use to anyone.
  private static let messageLimit = 64 << 10
  /// Characters of a message in the header, of which none takes more than twelve bytes there: ten causes stay
  /// within the 1 MiB that Lambda reads.
  private static let headerMessageLimit = 4096
  private static let causeLimit = 10

  init(type: String, message: String, site: HandlerSite? = nil) {
    self.type = type
    self.message = message.cut(to: Self.messageLimit)
    self.site = site
    let stack = site.map { [StackFrame(path: $0.path, line: $0.line, label: "handler")] } ?? []
    exceptions = [CapturedException(id: nil, message: message, type: type, stack: stack)]
  }

  init(_ error: any Error, site: HandlerSite? = nil) {
    if let conversion = error as? ConversionError {
      self.init(type: conversion.type, message: "\(conversion.cause)", site: site)
      append(conversion.cause)
    } else {
      self.init(type: String(describing: Swift.type(of: error)), message: "\(error)", site: site)
      var next = (error as? any CausedError)?.cause
      while let cause = next, exceptions.count < Self.causeLimit {
        append(cause)
        next = (cause as? any CausedError)?.cause
      }
    }
  }

  static func answerTooLarge(_ bytes: Int, site: HandlerSite) -> ErrorReport {
    ErrorReport(
      type: "Function.ResponseSizeTooLarge",
      message: "the answer has \(bytes) bytes, and Lambda takes \(RuntimeAPI.answerBytesLimit)", site: site)
  }

  private mutating func append(_ cause: any Error) {
    exceptions.append(
      CapturedException(id: nil, message: "\(cause)", type: String(describing: Swift.type(of: cause))))
  }

  /// `Lambda-Runtime-Function-Error-Type`: Lambda takes `Runtime.Name` and `Function.Name`, of letters.
  var headerType: String {
    if type.hasPrefix("Runtime.") || type.hasPrefix("Function.") { return type }
    let isWord = type.unicodeScalars.allSatisfy { "a"..."z" ~= $0 || "A"..."Z" ~= $0 }
    return isWord && type.first?.isUppercase == true ? "Function.\(type)" : "Function.Unknown"
  }

  /// `errorType`, `errorMessage` and `stackTrace`.
  var body: [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("errorType", type)
      writer.member("errorMessage", message)
      writer.key("stackTrace")
      writer.array { writer in if let site { writer.string("handler (\(site.path):\(site.line))") } }
    }
    return writer.bytes
  }

  /// `Lambda-Runtime-Function-XRay-Error-Cause`: JSON of ASCII characters.
  func cause(workingDirectory: String) -> String {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("working_directory", workingDirectory)
      writer.key("exceptions")
      writer.array { writer in for exception in exceptions { exception.write(to: &writer, Self.headerMessageLimit) } }
      writer.key("paths")
      writer.array { writer in if let site { writer.string(site.path) } }
    }
    return writer.text.asciiJSON
  }
}

extension CapturedException {
  fileprivate func write(to writer: inout JSONWriter, _ messageLimit: Int) {
    writer.object { writer in
      writer.member("type", (type ?? "").cut(to: messageLimit))
      writer.member("message", (message ?? "").cut(to: messageLimit))
      writer.key("stack")
      writer.array { writer in
        for frame in stack {
          writer.object { writer in
            writer.member("path", frame.path ?? "")
            writer.member("line", frame.line ?? 0)
            writer.member("label", frame.label ?? "")
          }
        }
      }
    }
  }
}

extension String {
  /// At most `limit` scalars, and `...` where something is missing.
  fileprivate func cut(to limit: Int) -> String {
    guard utf8.count > limit, unicodeScalars.count > limit else { return self }
    return String(String.UnicodeScalarView(unicodeScalars.prefix(limit - 3))) + "..."
  }

  /// JSON text with everything beyond ASCII as escapes: what a header can hold.
  fileprivate var asciiJSON: String {
    var text = ""
    for scalar in unicodeScalars {
      if scalar.isASCII, scalar != "\u{7F}" {
        text.unicodeScalars.append(scalar)
      } else {
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      }
    }
    return text
  }
}
