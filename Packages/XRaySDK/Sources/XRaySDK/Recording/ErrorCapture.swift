package import XRayModel

/// An error that knows which error caused it. Captured ones carry the whole chain.
public protocol CausedError: Error {
  var cause: (any Error)? { get }
}

/// A captured error, before it has an id.
package struct ErrorCapture: Sendable {
  var type: String
  var message: String
  var stack: [StackFrame]
  var isRemote: Bool
  /// The causes, nearest first.
  var causes: [(type: String, message: String)] = []

  /// Causes that are followed: a chain that is longer is odd, one without an end is a defect.
  static let causeLimit = 10

  package init(_ error: any Error, stack: [StackFrame], isRemote: Bool = false) {
    type = typeName(error)
    message = String(describing: error)
    self.stack = stack
    self.isRemote = isRemote
    var next = (error as? any CausedError)?.cause
    while let cause = next, causes.count < Self.causeLimit {
      causes.append((typeName(cause), String(describing: cause)))
      next = (cause as? any CausedError)?.cause
    }
  }

  /// The exceptions of a cause, each pointing to the next.
  func exceptions(_ random: RandomSource) -> [CapturedException] {
    var exceptions = [CapturedException(id: random.entityID(), message: message, type: type, stack: stack)]
    if isRemote { exceptions[0].isRemote = true }
    for cause in causes {
      let exception = CapturedException(id: random.entityID(), message: cause.message, type: cause.type)
      exceptions[exceptions.count - 1].cause = exception.id
      exceptions.append(exception)
    }
    return exceptions
  }
}

private func typeName(_ error: any Error) -> String { String(describing: Swift.type(of: error)) }

/// An error that an entity recorded; those above it that meet the same error refer to it.
struct Failure: Sendable {
  var exceptionID: String
  var type: String
  var message: String

  /// Failures that an entity remembers of its subsegments.
  static let memoryLimit = 8

  /// Swift's errors have no identity, so two are the same when they cannot be told apart.
  func isSame(as capture: ErrorCapture) -> Bool { type == capture.type && message == capture.message }
}
