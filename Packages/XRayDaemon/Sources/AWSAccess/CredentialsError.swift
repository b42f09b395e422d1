/// Why there are no credentials: what was tried, and what each source said.
public struct CredentialsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One source's answer.
  public struct Attempt: Hashable, Sendable, CustomStringConvertible {
    /// Such as `environment` or `instance metadata`.
    public var source: String
    public var reason: String
    /// Whether the source is set up and did not work; otherwise it is not meant to be used here.
    public var isFailure: Bool

    public init(source: String, reason: String, isFailure: Bool) {
      self.source = source
      self.reason = reason
      self.isFailure = isFailure
    }

    public var description: String { "\(source): \(reason)" }
  }

  /// In the order in which they were tried. A failure ends the chain: other credentials than those asked for
  /// would be worse than none.
  public var attempts: [Attempt]

  public init(attempts: [Attempt]) { self.attempts = attempts }

  init(_ source: String, fails reason: String) {
    attempts = [Attempt(source: source, reason: reason, isFailure: true)]
  }

  public var description: String {
    let list = attempts.map(\.description).joined(separator: "; ")
    let advice =
      attempts.contains(where: \.isFailure)
      ? "" : " (set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine or container a role)"
    return "no AWS credentials: \(list)\(advice)"
  }
}
