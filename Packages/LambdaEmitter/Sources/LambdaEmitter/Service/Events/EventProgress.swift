public import XRayModel

/// How far an asynchronous event has come.
public struct EventProgress: Hashable, Sendable {
  /// Attempts that are over, those included that the service itself failed or that were cut off with it.
  public var attempts = 0
  /// Those of them that the function failed.
  public var failures = 0
  /// When the attempt began that runs now.
  public var begun: Timestamp?
  /// The earliest moment of the next attempt.
  public var next: Timestamp?

  /// Of an event that nobody has begun with.
  public init() {}

  /// What ``write(to:)`` wrote; `nil` when it is something else.
  public init?(json: JSONValue) {
    func moment(_ name: String) -> Timestamp? { json[name]?.number?.integer.map { Timestamp(ticks: Int64($0)) } }
    guard let attempts = json["attempts"]?.number?.integer, let failures = json["failures"]?.number?.integer,
      (0...1_000_000).contains(attempts), (0...2).contains(failures)
    else { return nil }
    self.attempts = attempts
    self.failures = failures
    begun = moment("begun_ticks")
    next = moment("next_ticks")
  }

  /// Writes an object.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("attempts", attempts)
      writer.member("failures", failures)
      if let begun { writer.member("begun_ticks", begun.ticks) }
      if let next { writer.member("next_ticks", next.ticks) }
    }
  }
}
