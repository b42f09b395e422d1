/// How much of one request is read.
public struct IntakeLimits: Hashable, Sendable {
  /// Bytes of a request after decompression; more is an error.
  public var bytes: Int
  /// Spans of a request; more is an error.
  public var spans: Int
  /// Attributes of one span, resource, event or link; what goes beyond is left out and counted.
  public var attributes: Int
  /// Events, and links, of one span; what goes beyond is left out and counted.
  public var events: Int
  /// How deep the value of an attribute may nest; deeper is an error.
  public var depth: Int

  public init(
    bytes: Int = 16 << 20, spans: Int = 50_000, attributes: Int = 1_000, events: Int = 1_000, depth: Int = 32
  ) {
    self.bytes = bytes
    self.spans = spans
    self.attributes = attributes
    self.events = events
    self.depth = depth
  }
}
