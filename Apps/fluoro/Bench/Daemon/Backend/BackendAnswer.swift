import ArgumentParser

/// What becomes of a batch of documents at the backend.
enum BackendAnswer: Equatable, ExpressibleByArgument {
  case taken
  /// Refused with a status of HTTP.
  case status(Int)
  /// Never answered.
  case hang
  /// Answered with what is not HTTP.
  case garbage
  /// The connection is cut instead.
  case reset
  /// Answered well, with each document named as not processed.
  case unprocessed

  init?(argument: String) {
    switch argument {
    case "taken": self = .taken
    case "hang": self = .hang
    case "garbage": self = .garbage
    case "reset": self = .reset
    case "unprocessed": self = .unprocessed
    default:
      guard let status = Int(argument), 100...599 ~= status else { return nil }
      self = .status(status)
    }
  }

  var name: String {
    switch self {
    case .taken: "taken"
    case .status(let status): "\(status)"
    case .hang: "hang"
    case .garbage: "garbage"
    case .reset: "reset"
    case .unprocessed: "unprocessed"
    }
  }
}
