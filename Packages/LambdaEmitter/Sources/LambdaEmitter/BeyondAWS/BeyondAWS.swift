/// What users asked of Lambda's tracing and AWS does not do. Each is off unless it is asked for, so that traces are
/// those of Lambda.
public struct BeyondAWS: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// What a function does while it initializes is traced: its process gets a tracing header when it starts, with the
  /// subsegment `Initialization` as `Parent`, and what SDKs record then stands there.
  public static let initialization = BeyondAWS(rawValue: 1)
  /// Annotations of the subsegments directly below `Invocation` are repeated on the function's segment.
  public static let annotations = BeyondAWS(rawValue: 2)
  /// A batch of messages that were all sent in one trace goes on in that trace.
  public static let senders = BeyondAWS(rawValue: 4)
  /// Senders' traces get a link to the trace in which a message was received.
  public static let fanIn = BeyondAWS(rawValue: 8)
  /// Subsegments that are in progress when the function's time is up, or its process ends, are ended.
  public static let timeouts = BeyondAWS(rawValue: 16)

  /// The options and their names for people, in the order in which they are documented.
  public static let names: [(name: String, option: BeyondAWS)] = [
    ("initialization", .initialization), ("annotations", .annotations), ("senders", .senders), ("fan-in", .fanIn),
    ("timeouts", .timeouts),
  ]

  /// Options by their names; `nil` when one is not known.
  public init?(names: some Sequence<some StringProtocol>) {
    self = []
    for name in names {
      guard let known = Self.names.first(where: { $0.name == name }) else { return nil }
      insert(known.option)
    }
  }
}
