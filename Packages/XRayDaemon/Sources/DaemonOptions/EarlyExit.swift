/// The program ends before it began: an answer such as the usage, or a setting that cannot be.
public struct EarlyExit: Error, Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// ``text`` is what was asked for; it goes to the standard output, and the program ends with 0.
    case answer
    /// The command line is malformed; ``text`` says how and shows the usage, for the standard error. Ends with 2.
    case usage
    /// A setting is wrong; ``text`` is one line for the log format, to the standard error and, when given by flag,
    /// the log file. Ends with 1.
    case failure(logPath: String?)
  }

  public var kind: Kind
  /// Without a line break at its end.
  public var text: String

  public init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }

  /// The status to exit with.
  public var status: Int32 {
    switch kind {
    case .answer: 0
    case .failure: 1
    case .usage: 2
    }
  }
}
