/// The name of something in AWS: `arn:partition:service:region:account:resource`.
public struct ARN: Hashable, Sendable {
  /// Such as `sqs`, `sns` or `lambda`.
  public let service: String
  /// Empty for services without regions.
  public let region: String
  /// Twelve digits; empty where names are the world's.
  public let account: String
  /// Everything behind the account, such as `orders` or `function:work:1`.
  public let resource: String

  /// Reads a name; `nil` for what is none.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0] == "arn", !parts[1].isEmpty, !parts[2].isEmpty, !parts[5].isEmpty else {
      return nil
    }
    service = String(parts[2])
    region = String(parts[3])
    account = String(parts[4])
    resource = String(parts[5])
  }
}
