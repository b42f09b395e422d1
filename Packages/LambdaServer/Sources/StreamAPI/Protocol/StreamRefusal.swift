import EventSources
import XRayModel

/// Why a call was refused, as the API tells it.
struct StreamRefusal: Error, Hashable {
  /// The exception's name without its ending `Exception`.
  enum Kind: String {
    case invalidArgument = "InvalidArgument"
    case validation = "Validation"
    case resourceNotFound = "ResourceNotFound"
    case resourceInUse = "ResourceInUse"
    case limitExceeded = "LimitExceeded"
    case throughputExceeded = "ProvisionedThroughputExceeded"
    case expiredIterator = "ExpiredIterator"
    case expiredNextToken = "ExpiredNextToken"
    case serialization = "Serialization"
    case unknownOperation = "UnknownOperation"
    case internalFailure = "InternalFailure"
  }

  var kind: Kind
  var message: String

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  init(_ error: StreamError) {
    let kind: Kind =
      switch error.kind {
      case .invalidArgument: .invalidArgument
      case .validation: .validation
      case .resourceNotFound: .resourceNotFound
      case .resourceInUse: .resourceInUse
      case .limitExceeded: .limitExceeded
      case .throughputExceeded: .throughputExceeded
      case .internalFailure: .internalFailure
      }
    self.init(kind, error.message)
  }

  var type: String { kind.rawValue + "Exception" }
  var status: Int { kind == .internalFailure ? 500 : 400 }

  var body: [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("__type", type)
      writer.member("message", message)
    }
    return writer.bytes
  }

  /// A member that breaks a rule of the service's model.
  static func violation(_ name: String, _ value: String?, _ rule: String) -> StreamRefusal {
    let value = value.map { "Value '\($0.prefix(200))'" } ?? "Value null"
    let label = name.prefix(1).lowercased() + name.dropFirst()
    return StreamRefusal(
      .validation, "1 validation error detected: \(value) at '\(label)' failed to satisfy constraint: \(rule)")
  }
}

/// Runs what throws an error of the streams and translates that.
func translating<Result>(_ body: () throws(StreamError) -> Result) throws(StreamRefusal) -> Result {
  do throws(StreamError) { return try body() } catch { throw StreamRefusal(error) }
}
