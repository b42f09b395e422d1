/// Why something cannot be done with a stream.
public struct StreamError: Error, Hashable, Sendable {
  /// Kinesis's exceptions, without their ending `Exception`.
  public enum Kind: String, Hashable, Sendable {
    case invalidArgument = "InvalidArgument"
    case validation = "Validation"
    case resourceNotFound = "ResourceNotFound"
    case resourceInUse = "ResourceInUse"
    case limitExceeded = "LimitExceeded"
    /// There is no room for the record until older ones are too old.
    case throughputExceeded = "ProvisionedThroughputExceeded"
    /// The change could not be kept.
    case internalFailure = "InternalFailure"
  }

  public var kind: Kind
  public var message: String

  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}
