/// The account and the region that the service says it is in.
public struct ServiceIdentity: Hashable, Sendable {
  /// 12 digits.
  public var account: String
  public var region: String

  /// By default an account that nobody has, and AWS's first region.
  public init(account: String = "000000000000", region: String = "us-east-1") {
    self.account = account
    self.region = region
  }

  /// The ARN of something of X-Ray's, such as `group/slow/ABC`.
  func arn(_ resource: String) -> String { "arn:aws:xray:\(region):\(account):\(resource)" }
}
